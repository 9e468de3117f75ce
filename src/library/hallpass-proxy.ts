import type { Log } from '../log.ts'
import type { KeepFresh } from '../oauth/keep-fresh.ts'
import type { Scope } from '../plan/scope.ts'
import type { RunningProxy } from '../proxy/options.ts'
import type { Secret } from '../secret.ts'
import type { Clients } from '../sessions/clients.ts'
import type { ExpirySweep } from '../sessions/expiry-sweep.ts'
import type { ClientSummary, ReportSummary } from '../sessions/report.ts'
import type { Sessions } from '../sessions/sessions.ts'
import type { LoginWatch } from './login-watch.ts'

export interface HallpassProxyParts {
  readonly sessions: Sessions
  /** The session whose token `url` has by default. */
  readonly sessionName: string
  readonly running: RunningProxy
  readonly clients: Clients
  readonly log: Log
  readonly keepFresh: KeepFresh
  readonly sweep: ExpirySweep
  readonly loginWatch: LoginWatch
}

/** A proxy in this process. */
export class HallpassProxy {
  readonly host: string
  readonly port: number
  /**
   * The upstream proxies, without credentials; empty without any.
   * @internal
   */
  readonly upstream: readonly string[]
  /** @internal */
  readonly log: Log
  /** @internal */
  readonly running: RunningProxy
  readonly #sessions: Sessions
  readonly #sessionName: string
  readonly #clients: Clients
  readonly #keepFresh: KeepFresh
  readonly #sweep: ExpirySweep
  readonly #loginWatch: LoginWatch

  /** @internal */
  constructor({
    sessions,
    sessionName,
    running,
    clients,
    log,
    keepFresh,
    sweep,
    loginWatch,
  }: HallpassProxyParts) {
    this.host = running.host
    this.port = running.port
    this.upstream = running.upstreamProxies
    this.log = log
    this.#sessions = sessions
    this.#sessionName = sessionName
    this.running = running
    this.#clients = clients
    this.#keepFresh = keepFresh
    this.#sweep = sweep
    this.#loginWatch = loginWatch
  }

  /** The value for HTTPS_PROXY, with the client token of the session in it. The token ends with this proxy. */
  async url(session: string = this.#sessionName): Promise<string> {
    return this.#urlWith(session, await this.#clients.sessionToken(session))
  }

  /**
   * Ends the token in `url`, and the connections that it opened. The next `url` has another.
   * @internal
   */
  rotateToken(session: string): Promise<void> {
    return this.#clients.rotate(session)
  }

  /**
   * A URL with a token of its own, which `revoke` ends. The scope holds for it alone. Throws `session-locked` unless `use` is the
   * exclusive use that the session is in.
   * @internal
   */
  async issue(
    session: string,
    scope: Scope,
    use?: string,
  ): Promise<{ readonly id: string; readonly url: string; readonly token: Secret }> {
    const found = await this.#sessions.get(session)
    await this.#clients.checkUse(session, use)
    const { id, token } = this.#clients.issue(found, scope, use)
    return { id, token, url: this.#urlWith(session, token) }
  }

  /**
   * Ends a token. Returns what came of its requests.
   * @internal
   */
  revoke(id: string): ClientSummary | undefined {
    return this.#clients.revoke(id)
  }

  /**
   * Resolves when no probe is under way, or it takes too long.
   * @internal
   */
  probed(): Promise<void> {
    return this.#loginWatch.settled()
  }

  /**
   * The outcome of the requests of all clients.
   * @internal
   */
  get report(): ReportSummary {
    return this.#clients.report.summary
  }

  /** Takes no new connections, waits at most `graceMs` for open requests, then cuts them. */
  async close(options?: { readonly graceMs?: number }): Promise<void> {
    await Promise.all([
      this.running.close(options),
      this.#keepFresh.stop(),
      this.#sweep.stop(),
      this.#loginWatch.stop(),
    ])
    await this.#sessions.flush()
  }

  #urlWith(session: string, token: Secret): string {
    this.log.scrub(token)
    // Loopback reaches a proxy that listens everywhere.
    const everywhere: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' }
    const host = everywhere[this.host] ?? this.host
    const authority = host.includes(':') ? `[${host}]` : host
    return `http://${encodeURIComponent(session)}:${encodeURIComponent(token.reveal())}@${authority}:${this.port}`
  }
}
