/** The messages on the admin socket. They contain a secret only if the caller asked for it. */

import type { RunScope } from '../plan/run-scope.ts'
import type { ReportSummary } from '../sessions/report.ts'
import type { RunningSettings } from './other-settings.ts'

export interface ClientRequest extends RunScope {
  readonly session: string
  /** The process that uses the token; the token is revoked when the process has ended. */
  readonly pid: number
  /** The child's program, for `status`. */
  readonly program: string
  /** The exclusive use of the session that it belongs to. */
  readonly use?: string | undefined
}

/** How a client reaches the proxy with one session. */
export interface Access {
  readonly session: string
  /** Contains the client token. */
  readonly proxyUrl: string
  /** The session knows a loopback host, so tools must send loopback requests through the proxy too. */
  readonly loopback: boolean
  /** The hosts that the session knows, as patterns. */
  readonly hosts: readonly string[]
  /** The variables that have values of its credentials. */
  readonly variables: readonly string[]
}

export interface IssuedClient extends Access {
  readonly id: string
  readonly token: string
}

/** Asks what a request would carry, under the settings and the session of the running proxy. */
export interface ExplainRequest extends RunScope {
  readonly session: string
  readonly url: string
  readonly method: string
  /** The web page that makes the request, in a browser. */
  readonly from?: string | undefined
}

export interface RunningClient extends RunScope {
  readonly id: string
  readonly session: string
  readonly pid: number
  readonly program: string
  /** RFC 3339, UTC. */
  readonly since: string
}

export interface Status {
  readonly pid: number
  readonly version: string
  readonly host: string
  readonly port: number
  /** RFC 3339, UTC. */
  readonly startedAt: string
  readonly background: boolean
  /** The session of clients without a token; null if a token is required. */
  readonly noAuth: string | null
  readonly configFile: string | null
  /** The settings in force. */
  readonly settings: RunningSettings
  /** The upstream proxies, without credentials; empty if origins are reached directly. */
  readonly upstream: readonly string[]
  readonly upstreamFrom: 'environment' | 'configuration'
  readonly connections: number
  readonly open: number
  readonly requests: number
  readonly tunnels: number
  /** The outcome of the requests of all clients. */
  readonly report: ReportSummary
  /** Children of `run` that use this proxy. */
  readonly clients: readonly RunningClient[]
}
