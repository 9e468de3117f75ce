import { isIPv6, type Socket } from 'node:net'
import { HallpassError } from '../errors.ts'
import { parseAuthority } from '../http1/authority.ts'
import { defaultPort } from '../plan/request-url.ts'
import { type RunScope, scopeOf } from '../plan/run-scope.ts'
import type { Scope } from '../plan/scope.ts'
import type { FailuresAs, InProcess } from '../proxy/in-process.ts'
import { type Endpoint, originAt } from '../proxy/origin.ts'
import type { Sessions } from '../sessions/sessions.ts'

/** The session that requests go with, and their limits. */
export interface RequestOptions {
  /** By default the chosen session. */
  readonly session?: string
  /** Hosts whose cookies the session takes in, even if it does not know them yet: `app.example.com`, `*.example.com`. */
  readonly capture?: readonly string[]
  /** The only hosts that use and change the session. */
  readonly only?: readonly string[]
  /** Refuses requests to hosts outside `only`; without `only`, to hosts that the session does not know. */
  readonly strict?: boolean
}

export interface ConnectorParts {
  readonly inProcess: InProcess
  readonly sessions: Sessions
  readonly sessionName: string
  /** Throws `session-locked` when another process has the session for itself. */
  readonly checkUse: (session: string) => Promise<void>
}

/** Connections of this process to origins, with a session. What is written to them is an HTTP/1.1 request in clear text. */
export class Connector {
  readonly #parts: ConnectorParts
  readonly #session: string
  readonly #scope: Scope

  /** @throws HallpassError `usage` for a malformed host */
  constructor(parts: ConnectorParts, { session = parts.sessionName, ...scope }: RequestOptions) {
    this.#parts = parts
    this.#session = session
    this.#scope = scopeOf(scope satisfies RunScope)
  }

  /**
   * A connection for requests to one origin. It ends with the session.
   *
   * @param host IPv6 with or without brackets
   * @throws HallpassError `session-missing`, `session-locked`
   */
  async connect(
    scheme: 'https' | 'http',
    host: string,
    port: number | undefined,
    failures: FailuresAs,
  ): Promise<Socket> {
    const { sessions, inProcess, checkUse } = this.#parts
    const endpoint = endpointOf(scheme, host, port)
    const session = await sessions.get(this.#session)
    await checkUse(this.#session)
    return inProcess.connect(originAt(scheme, endpoint), session, this.#scope, failures)
  }

  /** Whether the session knows a host, or its limits refuse the host. Requests to another host need no connection from here. */
  async concerns(scheme: 'https' | 'http', host: string, port: number | undefined): Promise<boolean> {
    const endpoint = endpointOf(scheme, host, port)
    const session = await this.#parts.sessions.get(this.#session)
    const { known, policy } = await session.planConnect(endpoint.host, endpoint.port, this.#scope)
    return known || !policy.allowed
  }
}

function endpointOf(scheme: 'https' | 'http', host: string, port = defaultPort(scheme)): Endpoint {
  const authority = parseAuthority(isIPv6(host) ? `[${host}]` : host)
  if (authority !== undefined) return { ...authority, port }
  throw new HallpassError('request-malformed', 'the URL names no host that requests can go to')
}
