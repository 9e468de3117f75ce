import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { Authority } from './certs/authority.ts'
import { writeBundle } from './certs/bundle.ts'
import { Leaves } from './certs/leaves.ts'
import { upstreamRoots } from './certs/roots.ts'
import { writeWgetrc } from './certs/wgetrc.ts'
import { type Config, type ConfigOptions, loadConfig } from './config/load-config.ts'
import type { Cookie } from './cookies/cookie.ts'
import { cookieHeader } from './cookies/cookie-header.ts'
import { HallpassError } from './errors.ts'
import { toNetscape } from './formats/netscape.ts'
import { type Log, silentLog } from './log.ts'
import { KeepFresh } from './oauth/keep-fresh.ts'
import type { LoginOptions } from './oauth/login.ts'
import { Refresher } from './oauth/refresher.ts'
import { type TokenFetch, tokenFetch } from './oauth/token-fetch.ts'
import { applyPlan } from './plan/apply.ts'
import { parseRequestUrl } from './plan/request-url.ts'
import type { Scope } from './plan/scope.ts'
import type { ProxyOptions, RunningProxy } from './proxy/options.ts'
import { startProxy } from './proxy/proxy.ts'
import { requireLoopback } from './proxy/require-loopback.ts'
import { tokenRoute } from './proxy/token-route.ts'
import { type HostPattern, parseHostPattern } from './rules/host-pattern.ts'
import { isLocalName } from './rules/loopback.ts'
import type { Secret } from './secret.ts'
import { Clients } from './sessions/clients.ts'
import type { CredentialSummary } from './sessions/credential-summary.ts'
import { logIn } from './sessions/log-in.ts'
import type { CredentialInput } from './sessions/merge-credential.ts'
import type { Session } from './sessions/session.ts'
import { Sessions } from './sessions/sessions.ts'
import { FileStore } from './store/file.ts'
import { type Home, homeOf, prepareHome } from './store/home.ts'
import { KeyRing } from './store/keyring.ts'
import type { Store } from './store/store.ts'

export type { Cookie } from './cookies/cookie.ts'
export { type ErrorCode, errorTable, HallpassError } from './errors.ts'
export type { DeviceCode, LoginOptions } from './oauth/login.ts'
export { Secret } from './secret.ts'
export type { CredentialSummary } from './sessions/credential-summary.ts'

export interface OpenOptions {
  /** The state folder; by default as the command line finds it: HALLPASS_HOME, AI_STATE_DIR/hallpass, ~/.hallpass. */
  readonly home?: string
  /** The session to work on; `default` when left out. */
  readonly session?: string
  /** A configuration file in place of config/config.yaml of the state folder. */
  readonly configFile?: string
  /** Settings that go before the environment and the file, in the form that the file has: `{ listen: '127.0.0.1:0' }`. */
  readonly config?: NonNullable<ConfigOptions['flags']>
  /** Asked for when the key is protected by a passphrase. */
  readonly passphrase?: () => Promise<Secret>
  /** `process.env` when left out. */
  readonly env?: NodeJS.ProcessEnv
}

/**
 * Opens the state folder with one session chosen, and makes the folder, its key and its certificate authority at the
 * first use.
 *
 * @throws HallpassError with a `code` of `errorTable`: `config-invalid`, `key-missing`, `key-locked`, `state-unsafe`, …
 *
 * @example
 * ```ts
 * import { openHallpass } from 'hallpass'
 *
 * const hallpass = await openHallpass({ session: 'work' })
 * const response = await fetch('https://app.example.com/me', {
 *   headers: { cookie: await hallpass.cookieHeader('https://app.example.com/me') },
 * })
 * await hallpass.saveCookies(response.url, response.headers.getSetCookie())
 * ```
 */
export async function openHallpass(options: OpenOptions = {}): Promise<Hallpass> {
  const given = options.env ?? process.env
  const env = options.home === undefined ? given : { ...given, HALLPASS_HOME: options.home }
  const home = homeOf(env)
  const fresh = !existsSync(home.root)
  // Before anything is made: a typing error in the configuration must not leave a key behind.
  const config = await loadConfig({ home: home.root, env, file: options.configFile, flags: options.config })
  prepareHome(home, env)
  const { passphrase } = options
  const keys = await KeyRing.open(home, {
    env,
    create: true,
    ...(passphrase === undefined ? {} : { passphrase }),
  })
  const store = new FileStore(home, keys)
  const authority = await Authority.open(home, keys, { create: true })
  const fetch = whenUsed(() => {
    const roots = upstreamRoots({ upstreamCa: config.upstreamCa, env, authority })
    const route = tokenRoute({ setting: config.upstream, env, ownPort: config.listen.port, roots })
    return tokenFetch({ roots, resolve: config.resolve, route })
  })
  const refresher = new Refresher({ fetch, now: Date.now })
  const sessions = new Sessions({ store, config, refresher })
  const created = { home: fresh, key: keys.created, authority: authority.created }
  const sessionName = options.session ?? 'default'
  return new Hallpass({
    home,
    keys,
    store,
    config,
    sessions,
    authority,
    refresher,
    tokenFetch: fetch,
    created,
    env,
    sessionName,
  })
}

/** Reading the roots of the system takes longer than most commands do altogether. */
function whenUsed(make: () => TokenFetch): TokenFetch {
  let made: TokenFetch | undefined
  return (url, init) => {
    made ??= make()
    return made(url, init)
  }
}

interface Parts {
  readonly home: Home
  readonly keys: KeyRing
  readonly store: Store
  readonly config: Config
  readonly sessions: Sessions
  readonly authority: Authority
  readonly refresher: Refresher
  readonly tokenFetch: TokenFetch
  readonly created: { readonly home: boolean; readonly key: boolean; readonly authority: boolean }
  readonly env: NodeJS.ProcessEnv
  readonly sessionName: string
}

/** A credential without its value, as the configuration would have it: `{ kind: 'bearer', hosts: ['api.example.com'] }`. */
export type TokenDefinition = CredentialInput & { readonly kind: string }

export interface StartOptions {
  /** By default what the configuration says. Port 0 takes a free one. Beyond loopback only with `listenBeyondLoopback`. */
  readonly listen?: { readonly host: string; readonly port: number }
  /** Clients without a token get the session; on loopback alone. */
  readonly noAuth?: boolean
  /** Says nothing when left out. */
  readonly log?: Log
  /** Spells hints in the proxy's answers and log, which are written `hallpass …`, as they are typed here. */
  readonly spell?: (hint: string) => string
}

/** An opened state folder with one session chosen. */
export class Hallpass {
  readonly home: Home
  readonly keys: KeyRing
  readonly store: Store
  readonly config: Config
  readonly sessions: Sessions
  readonly authority: Authority
  /** How authorization servers are asked. */
  readonly tokenFetch: TokenFetch
  /** What this very opening made. */
  readonly created: Parts['created']
  readonly sessionName: string
  readonly #refresher: Refresher
  readonly #env: NodeJS.ProcessEnv

  /** @internal */
  constructor(parts: Parts) {
    this.home = parts.home
    this.keys = parts.keys
    this.store = parts.store
    this.config = parts.config
    this.sessions = parts.sessions
    this.authority = parts.authority
    this.tokenFetch = parts.tokenFetch
    this.#refresher = parts.refresher
    this.created = parts.created
    this.sessionName = parts.sessionName
    this.#env = parts.env
  }

  /** The chosen session, or another one. */
  session(name: string = this.sessionName): Promise<Session> {
    return this.sessions.get(name)
  }

  /**
   * Takes Set-Cookie lines of a response into the session, on disk before it resolves.
   *
   * @returns the names stored or deleted, and what RFC 6265bis refuses, with the reason.
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

  /** The value of a Cookie header for this URL; empty when there is none to send. */
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
   * Signs in for a credential of the kind oauth2 and keeps its tokens fresh from then on. What is given is remembered: the next
   * login needs the name alone. A device login that was begun before and not finished is taken up.
   *
   * @param definition what the configuration would say of it: `provider` or `issuer`, `clientId`, `scopes`, `hosts`, …
   * @returns `pending` when a device login was begun and `options.wait` is false
   * @throws HallpassError `login-failed` (denied, expired, a wrong state or issuer), `token-server`, `usage` for what is missing;
   *   what there was before is left as it is
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
   * The headers, with their values, that the session's credentials put on a GET of this URL; tokens are refreshed for it. A
   * signature is for one request.
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

  /** All cookies of the session as a cookies.txt, latin1. */
  async toNetscape(): Promise<string> {
    return toNetscape(await (await this.session()).cookies.list())
  }

  /** Removes the cookies and the web storage of a site, or, without one, everything that the session holds. */
  async clear(site?: string): Promise<void> {
    if (site === undefined) return await this.sessions.remove(this.sessionName)
    const session = await this.session()
    await session.cookies.remove(site)
    await session.storage.clear(site)
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
    const { config, authority, sessions } = this
    const log = options.log ?? silentLog
    const clients = new Clients(sessions)
    this.#refresher.logTo(log)
    // Proven to be there before anything listens.
    await this.session()
    await this.writeBundle(this.#env)
    const listen = options.listen ?? config.listen
    if (!config.listenBeyondLoopback) await requireLoopback(listen.host)
    const running = await startProxy({
      listen,
      sessions,
      clients,
      leaves: new Leaves(authority),
      authority,
      upstreamRoots: upstreamRoots({ upstreamCa: config.upstreamCa, env: this.#env, authority }),
      resolve: config.resolve,
      upstream: { setting: config.upstream, env: this.#env },
      limits: { replayBytes: config.replay },
      log,
      ...(options.noAuth ? { noAuth: { session: this.sessionName } } : {}),
      ...(options.spell === undefined ? {} : { spell: options.spell }),
    } satisfies ProxyOptions)
    const keepFresh = new KeepFresh({ due: (usedSince) => sessions.dueTokens(usedSince), now: Date.now })
    return new HallpassProxy(this, { running, clients, log, keepFresh })
  }

  /** Writes ca/bundle.pem anew: the system's roots, what the trust variables of `env` point at, and ours; and ca/wgetrc. */
  async writeBundle(env: NodeJS.ProcessEnv): Promise<void> {
    await writeBundle(this.home, { authority: this.authority, env })
    await writeWgetrc(this.home, env)
  }

  /** Whether requests to a loopback host concern the session, so that tools must not pass the proxy by for them. */
  async knowsLoopback(name: string, scope: Scope = {}): Promise<boolean> {
    const session = await this.session(name)
    const patterns = [
      ...this.config.capture,
      ...this.config.rules.flatMap((rule) => rule.hosts),
      ...[...this.config.credentials.values()].flatMap((definition) => definition.hosts ?? []),
      ...(await session.credentials.list()).flatMap(({ hosts }) => hosts.map(parseHostPattern)),
      ...(scope.capture ?? []),
      ...(scope.only ?? []),
    ]
    if (patterns.some(namesLoopback)) return true
    return (await this.store.names(name, 'cookies')).some(isLocalName)
  }

  async #plan(url: string) {
    return (await this.session()).explain(url, 'GET')
  }
}

interface ProxyParts {
  readonly running: RunningProxy
  readonly clients: Clients
  readonly log: Log
  readonly keepFresh: KeepFresh
}

/** A proxy in this process. */
export class HallpassProxy {
  readonly host: string
  readonly port: number
  /** The proxies that origins are reached through, without credentials; empty when directly. */
  readonly upstream: readonly string[]
  readonly log: Log
  readonly #hallpass: Hallpass
  readonly #running: RunningProxy
  readonly #clients: Clients

  readonly #keepFresh: KeepFresh

  /** @internal */
  constructor(hallpass: Hallpass, { running, clients, log, keepFresh }: ProxyParts) {
    this.host = running.host
    this.port = running.port
    this.upstream = running.upstreamProxies
    this.log = log
    this.#hallpass = hallpass
    this.#running = running
    this.#clients = clients
    this.#keepFresh = keepFresh
  }

  stats(): ReturnType<RunningProxy['stats']> {
    return this.#running.stats()
  }

  /** The proxy's URL for HTTPS_PROXY, with the client token of the session in it: it stays the same over restarts. */
  async url(session: string = this.#hallpass.sessionName): Promise<string> {
    const opened = await this.#hallpass.session(session)
    return this.#urlWith(session, await opened.clientToken())
  }

  /** A URL with a token of its own, which `revoke` ends. The scope holds for it alone. */
  issue(
    session: string,
    scope: Scope,
  ): { readonly id: string; readonly url: string; readonly token: Secret } {
    const { id, token } = this.#clients.issue(session, scope)
    return { id, token, url: this.#urlWith(session, token) }
  }

  /** Ends it; returns the names of credentials that its requests met as in need of a login. */
  revoke(id: string): readonly string[] {
    return this.#clients.revoke(id) ?? []
  }

  /** Takes nothing new, lets what is under way end within `graceMs`, then cuts. */
  async close(options?: { readonly graceMs?: number }): Promise<void> {
    await Promise.all([this.#running.close(options), this.#keepFresh.stop()])
    await this.#hallpass.sessions.flush()
  }

  #urlWith(session: string, token: Secret): string {
    this.log.scrub(token)
    // A proxy that listens everywhere is reached here by loopback.
    const everywhere: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' }
    const host = everywhere[this.host] ?? this.host
    const authority = host.includes(':') ? `[${host}]` : host
    return `http://${encodeURIComponent(session)}:${encodeURIComponent(token.reveal())}@${authority}:${this.port}`
  }
}

function namesLoopback(pattern: HostPattern): boolean {
  return pattern.kind === 'any' || isLocalName(pattern.host)
}
