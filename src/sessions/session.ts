import { setMaxListeners } from 'node:events'
import type { SiteContext } from '../cookies/cookie.ts'
import { Jar } from '../cookies/jar.ts'
import { HallpassError } from '../errors.ts'
import type { Refresher } from '../oauth/refresher.ts'
import { type Capture, type CapturedResponse, captureInto } from '../plan/capture.ts'
import {
  type ConnectPlan,
  type Material,
  type Plan,
  type PlanRequest,
  plan,
  planConnect,
} from '../plan/plan.ts'
import { parseRequestUrl } from '../plan/request-url.ts'
import { type Scope, scopeKey, whyUnused } from '../plan/scope.ts'
import { siteOfPage } from '../plan/site-of-request.ts'
import { foldHost } from '../rules/host-pattern.ts'
import { decidingRule, type Rule, type RuleSet } from '../rules/rule.ts'
import type { LifeClock } from '../store/session-end.ts'
import type { SessionMetadata, Store } from '../store/store.ts'
import type { HeldCredential } from './held-credential.ts'
import { type Importable, type ImportOptions, type ImportReport, importContents } from './import-contents.ts'
import { type PlanCache, PlanMemo, type PlanStamps } from './plan-memo.ts'
import { SessionCookies } from './session-cookies.ts'
import { type CredentialsConfig, SessionCredentials } from './session-credentials.ts'
import type { SessionEvents } from './session-events.ts'
import { SessionHealth } from './session-health.ts'
import { SessionLife } from './session-life.ts'
import { SessionRecords } from './session-records.ts'
import { SessionStorage } from './session-storage.ts'
import { SessionTokens } from './session-tokens.ts'
import type { JarCache } from './site-jar.ts'
import { RefreshedTokens } from './values/refreshed-tokens.ts'
import { valuePlaces } from './values/value-places.ts'

/** The parts of the configuration that sessions need. */
export interface SessionsConfig extends RuleSet, CredentialsConfig {
  readonly maxSessions?: number
  /** The life of a temporary session, in seconds. */
  readonly sessionTtl?: number
  /** Whether a use renews the life of a session. */
  readonly sessionRenewal?: boolean
  /** The time between two sweeps of a proxy, in seconds. */
  readonly sessionSweep?: number
}

export interface SessionParts {
  readonly store: Store
  readonly config: SessionsConfig
  readonly plans: PlanCache
  readonly jars: JarCache
  readonly clock: LifeClock
  /** Is called when a site answers as if a login had ended. */
  readonly doubted: (session: Session, site: string) => void
  readonly env: NodeJS.ProcessEnv
  /** Without a refresher, tokens are used as they are. */
  readonly refresher?: Refresher | undefined
  readonly events: SessionEvents
}

/** A request whose site can depend on the rules, which may name pages to trust. */
export interface Asked extends Omit<PlanRequest, 'site'> {
  readonly site: SiteContext | ((rules: readonly Rule[]) => SiteContext)
}

/** The parts of a request to explain, beside its URL. */
export interface Explained {
  readonly method?: string
  /** The web page that makes the request, in a browser. */
  readonly from?: string | undefined
  readonly scope?: Scope
}

export interface Explanation extends Plan {
  readonly session: string
  readonly url: string
  readonly method: string
  readonly from?: string
}

/** A session: cookies, credentials and web storage. One that is made again under the name is another object. */
export class Session {
  readonly name: string
  /** @internal */
  readonly id: string
  readonly cookies: SessionCookies
  readonly credentials: SessionCredentials
  readonly storage: SessionStorage
  /**
   * Whether its logins are alive.
   * @internal
   */
  readonly health: SessionHealth
  /** The tokens of its oauth2 credentials. */
  readonly tokens: SessionTokens
  readonly #store: Store
  /** @internal */
  readonly records: SessionRecords
  readonly #config: SessionsConfig
  readonly #now: () => number
  readonly #events: SessionEvents
  readonly #life: SessionLife
  readonly #memo: PlanMemo
  readonly #values: RefreshedTokens
  readonly #end = new AbortController()

  /** @internal */
  constructor(metadata: SessionMetadata, parts: SessionParts) {
    const { store, config, plans, jars, clock, doubted, env, refresher, events } = parts
    const { now } = clock
    this.name = metadata.name
    this.id = metadata.id
    this.#store = store
    this.#config = config
    this.#now = now
    this.#events = events
    this.#life = new SessionLife(metadata, store, clock)
    // Each connection of the session listens, and Node would warn of a leak.
    setMaxListeners(0, this.#end.signal)
    const session = this.name
    const records = new SessionRecords(store, metadata)
    this.records = records
    this.#memo = new PlanMemo(plans)
    this.health = new SessionHealth(records, session, now, (site) => doubted(this, site))
    this.cookies = new SessionCookies(records, session, jars, now, this.health)
    this.storage = new SessionStorage(records, session)
    this.#values = new RefreshedTokens(records, session, now)
    const places = valuePlaces(this.storage, this.#values, { now, env })
    const { health } = this
    this.credentials = new SessionCredentials({ store: records, session, config, places, now, health })
    const { credentials } = this
    this.tokens = new SessionTokens({
      session: this,
      credentials,
      values: this.#values,
      refresher,
      events,
      now,
    })
  }

  get metadata(): SessionMetadata {
    return this.#life.metadata
  }

  /** Notes a use now, which renews the life of the session. The proxy does that by itself. Throws `session-missing`. */
  touch(): Promise<SessionMetadata> {
    return this.#life.touch()
  }

  /**
   * Moves the end of the session. Throws `session-missing`, and `usage` for a session that does not expire or would live longer than
   * ten years.
   */
  extend({ additionalSeconds }: { readonly additionalSeconds: number }): Promise<SessionMetadata> {
    return this.#life.extend(additionalSeconds)
  }

  /**
   * Notes a use, at most once a minute, in the background.
   * @internal
   */
  used(): void {
    this.#life.used(this.#now())
  }

  /**
   * Aborted soon after the session was removed, by whatever process, or has expired. Its connections end then. The reason is the
   * error for its clients.
   * @internal
   */
  get ended(): AbortSignal {
    return this.#end.signal
  }

  /** @internal */
  end(): void {
    this.#end.abort(this.#gone())
  }

  #gone(): HallpassError {
    return this.#life.gone(this.#now())
  }

  /**
   * Takes over metadata that another process may have changed.
   * @internal
   */
  adopt(metadata: SessionMetadata): void {
    this.#life.adopt(metadata)
  }

  /**
   * Whether a client may CONNECT to a host, and whether the proxy opens the connection.
   * @internal
   */
  async planConnect(host: string, port: number, scope: Scope): Promise<ConnectPlan> {
    try {
      const { material } = await this.#material(host)
      const now = this.#now()
      await this.#checkLife(now)
      this.#life.used(now)
      return planConnect({ host, port }, material, this.#config, scope)
    } catch (error) {
      const hasRecord = Boolean(this.cookies.jar(host)?.stamp())
      if (!hasRecord || whyUnused(scope, host, port) !== undefined) throw error
      // The CONNECT is accepted, so that the client can read inside why the record cannot be read.
      return { known: true, knownWhy: 'the session has had cookies of it', policy: { allowed: true } }
    }
  }

  /**
   * Whether the rule that decides for a host lists the allowed requests. hallpass must then read every request to it.
   * @internal
   */
  limited(host: string, port: number): boolean {
    return decidingRule(this.#config.rules, foldHost(host), port)?.rule.allow !== undefined
  }

  /**
   * The plan for a request. It takes some microseconds when nothing has changed since the last request of its kind.
   * @internal
   */
  plan(asked: Asked, scope: Scope): Promise<Plan> {
    try {
      const changed = this.#config.takeUp?.()
      if (changed !== undefined) return changed.then(() => this.plan(asked, scope))
      const now = this.#now()
      if (this.#life.isOver(now)) return this.#planAfresh(asked, scope, now)
      this.#life.used(now)
      const request = this.#judged(asked)
      const stamps = {
        jar: this.cookies.jar(request.host)?.stamp() ?? '',
        credentials: this.credentials.stamp(),
      }
      const made = this.#memo.get(request, scopeKey(scope), stamps, now)
      return made ?? this.#planAfresh(asked, scope, now)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /**
   * The plan for a URL, and whether the proxy knows its host.
   * @internal
   */
  async explain(
    url: string,
    { method = 'GET', from: page, scope = {} }: Explained = {},
  ): Promise<Explanation> {
    const { scheme, host, port, path, text } = parseRequestUrl(url)
    const from = page === undefined ? undefined : parseRequestUrl(page).text
    const site: Asked['site'] =
      from === undefined ? 'same-site' : (rules) => siteOfPage(from, { scheme, host, port }, rules)
    // Not memoised, and it refreshes nothing: only a request does.
    const { plan: made } = await this.#make({ scheme, host, port, path, method, site }, scope, this.#now())
    return { ...made, session: this.name, url: text, method, ...(from !== undefined && { from }) }
  }

  /**
   * Takes in the cookies of a response. Resolves when they are on disk. When the disk fails, it resolves with a warning: the
   * request has acted at the origin, so the client must get the answer.
   * @internal
   */
  async capture(response: CapturedResponse): Promise<Capture> {
    const jar = this.cookies.jar(response.host)
    if (jar === undefined || response.capture === false) return nothingCaptured
    const now = this.#now()
    // The jar could be read when the request was planned. New cookies are kept until it can be read again.
    const copy = await jar.copy().catch(() => new Jar())
    const { capture, changes } = captureInto(copy, response, now)
    try {
      if (this.#life.isOver(now)) throw this.#gone()
      const saved = await jar.keep(changes)
      const names = [...capture.captured, ...capture.deleted]
      const { host } = response
      if (names.length > 0) this.#events.emit({ type: 'captured', session: this.name, host, cookies: names })
      return saved === 'saved' ? capture : { ...capture, warning: 'not-saved' }
    } catch (error) {
      // The session was removed or expired during the request. Nothing is taken in, and hidden cookies stay hidden.
      if (error instanceof HallpassError && error.code === 'session-missing')
        return { ...capture, captured: [], deleted: [] }
      throw error
    }
  }

  /**
   * Brings in the contents of a file or of a browser's profile: all of it or nothing. Throws as `importContents` does.
   * @internal
   */
  async importInto(contents: Importable, options: ImportOptions): Promise<ImportReport> {
    const now = this.#now()
    if (this.#life.isOver(now)) throw this.#gone()
    const report = await importContents(this.records, this.name, contents, { ...options, now })
    if (options.dryRun === true) return report
    const { added, changed } = report.cookies
    if (added + changed > 0) for (const site of report.sites) await this.health.renewed(site)
    for (const name of report.credentials.names) await this.health.credentialRenewed(name)
    return report
  }

  /**
   * Tries once more to save every unsaved change, before the process ends.
   * @internal
   */
  async flush(): Promise<void> {
    await Promise.all([this.cookies.flush(), this.#values.flush(), this.health.saveUse()])
  }

  async #planAfresh(asked: Asked, scope: Scope, now: number): Promise<Plan> {
    let made = await this.#make(asked, scope, now)
    const used = made.plan.policy.allowed && isUsed(asked, scope)
    const lacking = used ? this.tokens.lacking(made.plan) : []
    if (lacking.length > 0) {
      const until = await this.tokens.renew(lacking)
      made = await this.#make(asked, scope, this.#now())
      made = { ...made, plan: { ...made.plan, validUntil: Math.min(made.plan.validUntil, until) } }
    }
    this.tokens.renewLater(made.plan)
    this.#memo.keep(made.request, scopeKey(scope), made.stamps, made.plan, this.tokens.use(made.plan))
    return made.plan
  }

  /** Decides, and does nothing else. */
  async #make(asked: Asked, scope: Scope, now: number): Promise<Made> {
    // Its records may be gone already, and that would be another error.
    if (this.#life.isOver(now)) await this.#checkLife(now)
    const { stamps, material, held } = await this.#material(asked.host)
    await this.#checkLife(now)
    const request = this.#judged(asked)
    const made = plan(request, material, this.#config, scope, now)
    if (isUsed(request, scope)) throwProblem(made, held)
    // So that its health is known before the answer comes. A page can name thousands of hosts that nothing goes to.
    if (made.cookies.attached.length + made.credentials.attached.length > 0) this.health.host(request.host)
    return { request, plan: made, stamps }
  }

  /** Under the rules of now: rules that were replaced while the request waited trust no page any more. */
  #judged(asked: Asked): PlanRequest {
    const { site } = asked
    return { ...asked, site: typeof site === 'function' ? site(this.#config.rules) : site }
  }

  /** Another process may have removed the session, or given it a longer life, while its connection is open. */
  async #checkLife(now: number): Promise<void> {
    const metadata = await this.#store.readSession(this.name)
    if (metadata?.id !== this.id) throw this.#gone()
    this.adopt(metadata)
    if (this.#life.isOver(now)) throw this.#gone()
  }

  /** The cookies and credentials for the site of a host. The stamps are not newer than these. */
  async #material(host: string): Promise<{
    readonly stamps: PlanStamps
    readonly material: Material
    readonly held: readonly HeldCredential[]
  }> {
    await this.#config.takeUp?.()
    const siteJar = this.cookies.jar(host)
    const stamps = { jar: siteJar?.stamp() ?? '', credentials: this.credentials.stamp() }
    const [jar, held] = await Promise.all([siteJar?.read() ?? new Jar(), this.credentials.held()])
    const credentials = held.flatMap(({ credential }) => credential ?? [])
    return { stamps, material: { jar, credentials }, held }
  }
}

interface Made {
  readonly request: PlanRequest
  readonly plan: Plan
  readonly stamps: PlanStamps
}

/** Whether anything of the session goes on such a request. */
function isUsed({ host, port }: Pick<PlanRequest, 'host' | 'port'>, scope: Scope): boolean {
  return whyUnused(scope, host, port) === undefined
}

const nothingCaptured: Capture = { captured: [], deleted: [], hidden: new Set(), refused: [] }

/** A request must not go without a credential just because that is damaged. */
function throwProblem(made: Plan, held: readonly HeldCredential[]): void {
  for (const { name, reason, kind } of made.credentials.withheld) {
    const { problem } = held.find((credential) => credential.name === name) ?? {}
    if (problem === undefined) continue
    if (kind === 'unknown' || (problem instanceof Error && problem.message === reason)) throw problem
  }
}
