import { randomBytes } from 'node:crypto'
import type { Authority } from '../certs/authority.ts'
import { writeBundle } from '../certs/bundle.ts'
import { writeWgetrc } from '../certs/wgetrc.ts'
import type { Config } from '../config/load-config.ts'
import type { Cookie } from '../cookies/cookie.ts'
import { cookieHeader } from '../cookies/cookie-header.ts'
import { valueSource } from '../credentials/value-source.ts'
import { HallpassError } from '../errors.ts'
import { toNetscape } from '../formats/netscape.ts'
import { silentLog } from '../log.ts'
import { KeepFresh } from '../oauth/keep-fresh.ts'
import type { LoginOptions } from '../oauth/login.ts'
import type { Refresher } from '../oauth/refresher.ts'
import type { TokenFetch } from '../oauth/token-fetch.ts'
import { applyPlan } from '../plan/apply.ts'
import { parseRequestUrl } from '../plan/request-url.ts'
import type { Scope } from '../plan/scope.ts'
import { InProcess } from '../proxy/in-process.ts'
import { startProxy } from '../proxy/proxy.ts'
import { requireLoopback } from '../proxy/require-loopback.ts'
import { isLocalName } from '../rules/loopback.ts'
import type { Secret } from '../secret.ts'
import { Clients } from '../sessions/clients.ts'
import type { CredentialSummary } from '../sessions/credential-summary.ts'
import { ExpirySweep } from '../sessions/expiry-sweep.ts'
import { logIn } from '../sessions/log-in.ts'
import type { CredentialInput } from '../sessions/merge-credential.ts'
import type { Session } from '../sessions/session.ts'
import type { Sessions } from '../sessions/sessions.ts'
import type { Warning } from '../sessions/site-logins.ts'
import { checkUse, useVariable } from '../store/exclusive-use.ts'
import type { FileStore } from '../store/file.ts'
import type { Home } from '../store/home.ts'
import type { KeyRing } from '../store/keyring.ts'
import { Connector, type RequestOptions } from './connector.ts'
import { engineOptions } from './engine-options.ts'
import type { ClearOptions, HallpassParts, StartOptions, TokenDefinition } from './hallpass-options.ts'
import { HallpassProxy } from './hallpass-proxy.ts'
import { knownHosts } from './known-hosts.ts'
import type { LiveConfig } from './live-config.ts'
import { LoginChecks } from './login-checks.ts'
import { LoginWatch } from './login-watch.ts'
import { sessionFetch } from './session-fetch.ts'

/** An opened state folder with one session chosen. */
export class Hallpass {
  readonly home: Home
  /** @internal */
  readonly keys: KeyRing
  /** @internal */
  readonly store: FileStore
  /** @internal */
  readonly liveConfig: LiveConfig
  readonly sessions: Sessions
  /** @internal */
  readonly authority: Authority
  /**
   * Sends requests to authorization servers.
   * @internal
   */
  readonly tokenFetch: TokenFetch
  /**
   * Runs the probes of the configuration.
   * @internal
   */
  readonly loginChecks: LoginChecks
  /** The parts that this opening made. */
  readonly created: { readonly home: boolean; readonly key: boolean; readonly authority: boolean }
  readonly sessionName: string
  /**
   * `fetch` with the session, without a proxy. It may be given away as a function: `new OpenAI({ fetch: hallpass.fetch })`.
   *
   * A request carries what the proxy would send. Each redirect is planned afresh, new cookies are on disk before the response is
   * here, and HttpOnly ones are not in it. The response has the proxy's `Hallpass-…` fields. After a 401 the token is refreshed,
   * and the request is sent once more.
   *
   * @throws HallpassError `policy`, `session-missing`, `upstream-certificate`, `upstream-unreachable`, …: as the proxy answers.
   *   Everything else is as in `fetch`: TypeError, AbortError
   *
   * @example
   * ```ts
   * import { openHallpass } from 'hallpass'
   *
   * const hallpass = await openHallpass()
   * const response = await hallpass.fetch('https://app.example.com/me')
   * console.log(response.status, await response.json())
   * ```
   */
  readonly fetch: typeof fetch
  /** @internal */
  readonly refresher: Refresher
  readonly #env: NodeJS.ProcessEnv
  #inProcess: InProcess | undefined

  /** @internal */
  constructor(parts: HallpassParts) {
    this.home = parts.home
    this.keys = parts.keys
    this.store = parts.store
    this.liveConfig = parts.config
    this.sessions = parts.sessions
    this.authority = parts.authority
    this.tokenFetch = parts.tokenFetch
    this.refresher = parts.refresher
    this.created = parts.created
    this.sessionName = parts.sessionName
    this.#env = parts.env
    this.loginChecks = new LoginChecks({
      probes: () => this.config.health,
      fetchWith: (options) => this.fetchWith(options),
      now: Date.now,
    })
    let made: typeof fetch | undefined
    this.fetch = (input, init) => {
      made ??= this.fetchWith()
      return made(input, init)
    }
  }

  /**
   * The settings in force.
   * @internal
   */
  get config(): Config {
    return this.liveConfig.now
  }

  /**
   * When to tell that a login ends.
   * @internal
   */
  get warning(): Warning {
    return { warnDays: this.config.warnDays, now: Date.now() }
  }

  /** The chosen session, or another one. */
  session(name: string = this.sessionName): Promise<Session> {
    return this.sessions.get(name)
  }

  /**
   * Takes Set-Cookie lines of a response into the session, on disk before it resolves.
   *
   * @returns the names of stored and deleted cookies, and each cookie that RFC 6265bis refuses, with the reason
   */
  async saveCookies(
    url: string,
    setCookie: readonly string[],
  ): Promise<{
    readonly saved: readonly string[]
    readonly refused: readonly { name: string; reason: string }[]
  }> {
    const { scheme, host, port, path } = parseRequestUrl(url)
    const session = await this.session()
    const response = {
      scheme,
      host,
      port,
      path,
      status: 200,
      setCookie,
      clearSiteData: [],
      reveal: 'none',
    } as const
    const captured = await session.capture(response)
    if (captured.warning === 'not-saved') {
      throw new HallpassError('not-saved', `the cookies of ${host} could not be written`)
    }
    return { saved: captured.captured, refused: captured.refused }
  }

  /** The cookies that a GET of this URL would carry, in the order of RFC 6265bis section 5.8.3. */
  async cookies(url: string): Promise<readonly Cookie[]> {
    return (await this.#plan(url)).cookies.attached
  }

  /** The value of a Cookie header for this URL; empty without cookies. */
  async cookieHeader(url: string): Promise<string> {
    return cookieHeader(await this.cookies(url))
  }

  /**
   * Stores a credential under a name.
   *
   * @example
   * ```ts
   * import { openHallpass } from 'hallpass'
   *
   * const hallpass = await openHallpass()
   * await hallpass.saveTokens('api', { kind: 'bearer', hosts: ['api.example.com'] }, process.env.TOKEN ?? '')
   * ```
   */
  async saveTokens(name: string, definition: TokenDefinition, value: string): Promise<void> {
    const session = await this.session()
    await session.credentials.set(name, definition, value)
  }

  /**
   * Signs in for a credential of the kind oauth2, and keeps its tokens fresh from then on. The definition is kept, so that the
   * next login needs only the name. An unfinished device login goes on.
   *
   * @param definition the keys as in the configuration: `provider` or `issuer`, `clientId`, `scopes`, `hosts`, …
   * @returns `pending` when a device login was begun and `options.wait` is false
   * @throws HallpassError `login-failed` (denied, expired, a wrong state or issuer), `token-server`, `usage` for a missing key. The
   *   credential then stays as it was
   *
   * @example
   * ```ts
   * import { openHallpass } from 'hallpass'
   *
   * const hallpass = await openHallpass()
   * await hallpass.login(
   *   'github',
   *   { provider: 'github', clientId: 'Iv1.0123456789abcdef', flow: 'device' },
   *   { showCode: ({ userCode, verificationUri }) => console.log(`enter ${userCode} at ${verificationUri}`) },
   * )
   * ```
   */
  async login(
    name: string,
    definition: CredentialInput = {},
    options: LoginOptions = {},
  ): Promise<'signed-in' | 'pending'> {
    const session = await this.session()
    return await logIn(session, name, definition, options, { fetch: this.tokenFetch, now: Date.now })
  }

  /** The session's credentials, without their values. */
  async tokens(): Promise<readonly CredentialSummary[]> {
    return (await this.session()).credentials.list()
  }

  /**
   * The headers, with their values, that the session's credentials put on a GET of this URL. Refreshes tokens first. A signature
   * is good for one request.
   */
  async authHeaders(url: string): Promise<Record<string, string>> {
    const { scheme, host, port, path } = parseRequestUrl(url)
    const session = await this.session()
    const plan = await session.plan({ scheme, host, port, path, method: 'GET', site: 'same-site' }, {})
    const nonce = randomBytes(16).toString('hex')
    const at = { now: Date.now(), nonce, method: 'GET', scheme, host, port, body: 'absent' } as const
    const { add, refusal } = applyPlan(plan, { target: path, fields: [] }, at)
    if (refusal !== undefined) throw new HallpassError(refusal.code, refusal.refused)
    const headers = add.filter(({ name }) => name.toLowerCase() !== 'cookie')
    return Object.fromEntries(headers.map(({ name, value }) => [name, value]))
  }

  /** One credential with its value; undefined if it was never set. `value.reveal()` is the text. Throws `credential-missing`. */
  async token(name: string): Promise<CredentialSummary & { readonly value: Secret | undefined }> {
    return await (await this.session()).credentials.get(name)
  }

  /** The cookies of a site, or all cookies of the session, as a cookies.txt, latin1. */
  async toNetscape(site?: string): Promise<string> {
    return toNetscape(await (await this.session()).cookies.list(site))
  }

  /**
   * Removes the cookies and the web storage of a site. Without a site, removes everything in the session.
   *
   * @param options.credentials also the stored credentials that go to no host outside the site
   */
  async clear(site?: string, { credentials = false }: ClearOptions = {}): Promise<void> {
    if (site === undefined) return await this.sessions.remove(this.sessionName)
    const session = await this.session()
    await session.cookies.remove(site)
    await session.storage.clear(site)
    if (credentials) await session.credentials.clear(site)
  }

  /**
   * Starts a proxy in this process.
   *
   * @example
   * ```ts
   * import { openHallpass } from 'hallpass'
   *
   * const hallpass = await openHallpass()
   * const proxy = await hallpass.startProxy({ listen: { host: '127.0.0.1', port: 0 } })
   * process.env.HTTPS_PROXY = await proxy.url()
   * await proxy.close()
   * ```
   */
  async startProxy(options: StartOptions = {}): Promise<HallpassProxy> {
    const { config, sessions } = this
    const log = options.log ?? silentLog
    const clients = new Clients(sessions, (name, use) => checkUse(this.home, name, use))
    this.refresher.logTo(log)
    this.liveConfig.logTo(log)
    // Throws when the session is missing, before anything listens.
    await this.session()
    await this.writeBundle(this.#env)
    const listen = options.listen ?? config.listen
    if (!config.listenBeyondLoopback) await requireLoopback(listen.host)
    const running = await startProxy({
      ...engineOptions(this, { clients, log, env: this.#env }),
      listen,
      ...(options.noAuth ? { noAuth: { session: this.sessionName } } : {}),
      ...(options.spell === undefined ? {} : { spell: options.spell }),
    })
    const keepFresh = new KeepFresh({ due: (usedSince) => sessions.dueTokens(usedSince), now: Date.now })
    const sweep = new ExpirySweep({ sessions, everySeconds: () => this.config.sessionSweep, log })
    const { sessionName } = this
    const loginWatch = new LoginWatch({
      sessions,
      checks: this.loginChecks,
      warnDays: () => this.config.warnDays,
      log,
      now: Date.now,
      random: Math.random,
    })
    return new HallpassProxy({ sessions, sessionName, running, clients, log, keepFresh, sweep, loginWatch })
  }

  /**
   * A `fetch` for another session, or with limits.
   *
   * @throws HallpassError `usage` for a malformed host
   *
   * @example
   * ```ts
   * import { openHallpass } from 'hallpass'
   *
   * const hallpass = await openHallpass()
   * const fetch = hallpass.fetchWith({ session: 'work', only: ['*.example.com'], strict: true })
   * ```
   */
  fetchWith(options: RequestOptions = {}): typeof fetch {
    return sessionFetch(this.connector(options))
  }

  /**
   * Connections to origins for requests of this process.
   * @internal
   */
  connector(options: RequestOptions = {}): Connector {
    const { sessions, sessionName, config } = this
    this.#inProcess ??= new InProcess(
      engineOptions(this, { clients: new Clients(sessions), log: silentLog, env: this.#env }),
      config.listen.port,
    )
    const checkUseOf = (name: string) => checkUse(this.home, name, this.#env[useVariable])
    const parts = { inProcess: this.#inProcess, sessions, sessionName, checkUse: checkUseOf }
    return new Connector(parts, options)
  }

  /**
   * Ends the connections of `fetch`, with the requests on them, and tries once more to save what could not be saved. Idle
   * connections do not keep a program alive.
   */
  async close(): Promise<void> {
    this.#inProcess?.close()
    await this.sessions.flush()
  }

  /**
   * Writes ca/bundle.pem anew, with the roots of the system, of the trust variables in `env`, and ours. Writes ca/wgetrc too.
   * @internal
   */
  async writeBundle(env: NodeJS.ProcessEnv): Promise<void> {
    await writeBundle(this.home, { authority: this.authority, env })
    await writeWgetrc(this.home, env)
  }

  /**
   * The hosts that concern a session, as patterns, and whether a loopback host is among them: then tools must send requests to
   * loopback through the proxy too.
   * @internal
   */
  async reach(
    name: string,
    scope: Scope = {},
  ): Promise<{
    readonly loopback: boolean
    readonly hosts: readonly string[]
    readonly variables: readonly string[]
  }> {
    const session = await this.session(name)
    const { config, store } = this
    const known = await knownHosts(session, { config, store }, scope)
    const loopback = known.some(({ kind, host }) => kind === 'any' || isLocalName(host))
    const hosts = new Set((scope.only ?? known).map(({ text }) => text))
    const sources = (await session.credentials.list()).map(({ definition }) => valueSource(definition))
    const variables = sources.flatMap((source) => (source?.from === 'variable' ? source.name : []))
    return { loopback, hosts: [...hosts], variables }
  }

  async #plan(url: string) {
    const session = await this.session()
    session.used()
    return session.explain(url)
  }
}
