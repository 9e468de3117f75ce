/** What goes over the admin socket. Values that are secret are there only where the caller asked for them. */

import type { RunScope } from '../plan/run-scope.ts'
import type { MetLogin } from '../sessions/needed-logins.ts'
import type { RunningSettings } from './other-settings.ts'

export interface ClientRequest extends RunScope {
  readonly session: string
  /** The process that uses the token: when it is gone without a word, the token goes too. */
  readonly pid: number
  /** The child's program, for `status`. */
  readonly program: string
}

/** How a client reaches the proxy as one session. */
export interface Access {
  readonly session: string
  /** With the client token in it. */
  readonly proxyUrl: string
  /** A loopback host is known: tools must not pass the proxy by for those. */
  readonly loopback: boolean
}

export interface IssuedClient extends Access {
  readonly id: string
  readonly token: string
}

export interface RevokedClient {
  /** Credentials that its requests met as in need of a login. */
  readonly needsLogin: readonly MetLogin[]
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
  /** The session that clients without a token get; null when a token is asked for. */
  readonly noAuth: string | null
  readonly configFile: string | null
  /** What it read of its settings when it was started. */
  readonly settings: RunningSettings
  /** The proxies that origins are reached through, without credentials; empty when directly. */
  readonly upstream: readonly string[]
  readonly upstreamFrom: 'environment' | 'configuration'
  readonly connections: number
  readonly open: number
  readonly requests: number
  readonly tunnels: number
  /** Children of `run` that use this proxy. */
  readonly clients: readonly RunningClient[]
}

export interface ErrorBody {
  readonly error: { readonly code: string; readonly message: string; readonly hint: string | null }
}
