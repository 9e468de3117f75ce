import { randomBytes } from 'node:crypto'
import type { Cookie } from '../cookies/cookie.ts'
import { Jar } from '../cookies/jar.ts'
import { placeText } from '../credentials/credential.ts'
import type { Freshness, ReadFrom } from '../credentials/kind.ts'
import type { CredentialDefinition } from '../credentials/kinds.ts'
import type { OAuth2Definition, OAuth2Value } from '../credentials/oauth2.ts'
import { HallpassError } from '../errors.ts'
import type { Refresher, RefreshOutcome, RefreshReason } from '../oauth/refresher.ts'
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
import { foldHost } from '../rules/host-pattern.ts'
import { decidingRule, type RuleSet } from '../rules/rule.ts'
import { Secret } from '../secret.ts'
import { type SessionMetadata, type Store, sessionMissing } from '../store/store.ts'
import type { CookieInput } from './cookie-input.ts'
import { type HeldCredential, isOAuth2 } from './held-credential.ts'
import { type Importable, type ImportOptions, type ImportReport, importContents } from './import-contents.ts'
import type { OriginStorage } from './origin-storage.ts'
import { PlanMemo, type PlanStamps } from './plan-memo.ts'
import { SessionCookies } from './session-cookies.ts'
import { type CredentialInput, SessionCredentials } from './session-credentials.ts'
import { SessionStorage } from './session-storage.ts'
import { type DueTokens, SessionTokens } from './session-tokens.ts'

/** What of the configuration sessions need. */
export interface SessionsConfig extends RuleSet {
  readonly credentials?: ReadonlyMap<string, CredentialDefinition>
  readonly maxSessions?: number
}

export interface SessionParts {
  readonly store: Store
  readonly config: SessionsConfig
  readonly now: () => number
  /** The session's metadata as they are now; undefined when it was removed or has expired. */
  readonly metadataNow: () => Promise<SessionMetadata | undefined>
  /** Without it tokens are used as they are. */
  readonly refresher?: Refresher | undefined
}

/** A credential as lists show it: no value. */
export interface CredentialSummary {
  readonly name: string
  readonly kind: string
  readonly hosts: readonly string[]
  /** `authorization`, `?key`. */
  readonly place: string | undefined
  readonly origin: HeldCredential['origin']
  /** Whether it has what it needs to be attached. */
  readonly present: boolean
  readonly fingerprint: string | undefined
  readonly updatedAt: string | undefined
  /** Why it cannot be used. */
  readonly problem: string | undefined
  /** What is not secret of it. */
  readonly definition: CredentialDefinition | undefined
  /** Of one whose value ends. */
  readonly freshness: Freshness | undefined
  /** Where its value is read. */
  readonly readFrom: ReadFrom | undefined
}

export interface Explanation extends Plan {
  readonly session: string
  readonly url: string
  readonly method: string
}

/** One bundle of cookies and credentials. */
export class Session {
  readonly name: string
  readonly #store: Store
  readonly #config: SessionsConfig
  readonly #now: () => number
  readonly #metadataNow: SessionParts['metadataNow']
  readonly #memo = new PlanMemo()
  readonly #cookies: SessionCookies
  readonly #credentials: SessionCredentials
  readonly #storage: SessionStorage
  readonly #tokens: SessionTokens
  #metadata: SessionMetadata
  #expiresAt: number

  constructor(metadata: SessionMetadata, { store, config, now, metadataNow, refresher }: SessionParts) {
    this.name = metadata.name
    this.#store = store
    this.#config = config
    this.#now = now
    this.#metadataNow = metadataNow
    this.#cookies = new SessionCookies(store, this.name)
    this.#credentials = new SessionCredentials(store, this.name, config.credentials ?? new Map(), now)
    this.#tokens = new SessionTokens(this.name, this.#credentials, { refresher, now })
    this.#storage = new SessionStorage(store, this.name)
    this.#metadata = metadata
    this.#expiresAt = expiryOf(metadata)
  }

  get metadata(): SessionMetadata {
    return this.#metadata
  }

  /** Takes the metadata as another process may have left them. */
  refresh(metadata: SessionMetadata): void {
    this.#metadata = metadata
    this.#expiresAt = expiryOf(metadata)
  }

  /** What a client shows the proxy as its password. Made on first use, then the same until the session is removed. */
  async clientToken(): Promise<Secret> {
    const held = await this.readClientToken()
    if (held !== undefined) return held
    const token = randomBytes(32).toString('base64url')
    await this.#store.update(this.#clientId, (value) => value ?? { token })
    const made = await this.readClientToken()
    if (made === undefined) throw sessionMissing(this.name)
    return made
  }

  /** The client token, if there is one yet. */
  async readClientToken(): Promise<Secret | undefined> {
    const value = (await this.#store.read(this.#clientId))?.value
    if (value === undefined) return undefined
    const token = typeof value === 'object' && value !== null && 'token' in value ? value.token : undefined
    if (typeof token === 'string' && token.length >= 32) return new Secret(token)
    throw new HallpassError('record-damaged', `the client token of the session "${this.name}" is not one`)
  }

  /** Whether a client may CONNECT to a host, and whether the proxy opens the connection. */
  async planConnect(host: string, port: number, scope: Scope): Promise<ConnectPlan> {
    const { material } = await this.#material(host)
    return planConnect({ host, port }, material, this.#config, scope)
  }

  /** Whether the rule that decides for a host lists what may be asked of it: what cannot be read must not go there. */
  limited(host: string, port: number): boolean {
    return decidingRule(this.#config.rules, foldHost(host), port)?.rule.allow !== undefined
  }

  /** What goes on a request. Some microseconds when nothing has changed since the last one of its kind. */
  plan(request: PlanRequest, scope: Scope): Promise<Plan> {
    try {
      const now = this.#now()
      if (now >= this.#expiresAt) return this.#planAfresh(request, scope, now)
      const stamps = {
        jar: this.#cookies.jar(request.host)?.stamp() ?? '',
        credentials: this.#credentials.stamp(),
      }
      const made = this.#memo.get(request, scopeKey(scope), stamps, now)
      return made ?? this.#planAfresh(request, scope, now)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /** The plan for a URL, and whether the proxy would come to make it. */
  async explain(url: string, method = 'GET', scope: Scope = {}): Promise<Explanation> {
    const { scheme, host, port, path, text } = parseRequestUrl(url)
    // Made afresh and not remembered: what is due is refreshed by a request, not by looking.
    const request = { scheme, host, port, path, method, site: 'same-site' } as const
    const { plan: made } = await this.#make(request, scope, this.#now())
    return { ...made, session: this.name, url: text, method }
  }

  /**
   * Takes what a response brings. Resolves when it is on disk, or, when the disk fails, with the warning that it is not: the
   * answer to a request that has acted is not withheld.
   */
  async capture(response: CapturedResponse): Promise<Capture> {
    const jar = this.#cookies.jar(response.host)
    if (jar === undefined || response.capture === false) return nothingCaptured
    const now = this.#now()
    // A jar that cannot be read now could be when the request was planned: what comes is kept until it can again.
    const copy = await jar.copy().catch(() => new Jar())
    const { capture, changes } = captureInto(copy, response, now)
    try {
      if (now >= this.#expiresAt) throw sessionMissing(this.name)
      const saved = await jar.keep(changes)
      return saved === 'saved' ? capture : { ...capture, warning: 'not-saved' }
    } catch (error) {
      // Removed or expired while the request was under way: nothing is taken in, and what was to be hidden stays so.
      if (error instanceof HallpassError && error.code === 'session-missing')
        return { ...capture, captured: [], deleted: [] }
      throw error
    }
  }

  /** The cookies of a site or of a host, or all; the expired ones too. */
  cookies(site?: string): Promise<readonly Cookie[]> {
    return this.#cookies.list(site)
  }

  /** The cookie of a name that would go with a request to a URL. */
  cookie(url: string, name: string): Promise<Cookie | undefined> {
    return this.#cookies.find(url, name, this.#now())
  }

  /** Sets a cookie as a response of the URL could. Throws `cookie-refused` with the rule. */
  setCookie(url: string, input: CookieInput): Promise<Cookie> {
    return this.#cookies.set(url, input, this.#now())
  }

  /** Removes the cookies of a site or host, or those of one name; returns how many there were. */
  removeCookies(site: string, name?: string): Promise<number> {
    return this.#cookies.remove(site, name)
  }

  /**
   * Sets a credential's value and, unless the configuration has it, its definition.
   * @param secretText Unicode, as typed or piped; undefined for a kind without a value of its own
   */
  async setCredential(
    name: string,
    input: CredentialInput | undefined,
    secretText: string | undefined,
  ): Promise<void> {
    const ruled = this.isRuled(name)
    await this.#credentials.set(name, input, secretText, { needsHosts: !ruled })
  }

  /** One credential with its value. Throws `credential-missing`. */
  async credential(name: string): Promise<CredentialSummary & { readonly value: Secret | undefined }> {
    const held = await this.#credentials.get(name)
    if (held.problem !== undefined) throw held.problem
    return { ...summaryOf(held), value: held.print && new Secret(held.print()) }
  }

  async credentials(): Promise<readonly CredentialSummary[]> {
    return (await this.#credentials.list()).map(summaryOf)
  }

  /** Refreshes an oauth2 credential, or says why not. Throws `credential-missing`. */
  refreshCredential(name: string, why: RefreshReason): Promise<RefreshOutcome> {
    return this.#tokens.refresh(name, why)
  }

  /**
   * An origin answered 401 to a request with this plan: renews what it carried in Authorization, once.
   * @param replayed it was the second 401, to the request sent again with new tokens: they do not help here
   * @returns 'retry' when the session has another access token now
   */
  rejected(plan: Plan, replayed = false): Promise<'retry' | 'needs-login' | 'no'> {
    return this.#tokens.rejected(plan, replayed)
  }

  /** Whether a rule says where a credential goes, so that it needs no hosts of its own. */
  isRuled(name: string): boolean {
    return this.#config.rules.some(({ credential }) => credential === name)
  }

  /** What an oauth2 credential would be with this input: nothing is kept. Throws `usage` for one that it cannot be. */
  async definitionFor(name: string, input: CredentialInput): Promise<OAuth2Definition> {
    const ruled = this.isRuled(name)
    const definition = await this.#credentials.definitionFor(name, input, { needsHosts: !ruled })
    if (isOAuth2(definition)) return definition
    throw new HallpassError('usage', `"${name}" is of the kind ${definition.kind}, which has no login`)
  }

  /**
   * Keeps what a login brings, and the definition with it unless the configuration has that.
   * @param change the value, or what makes it of the one before
   */
  async saveTokens(
    name: string,
    input: CredentialInput | undefined,
    change: OAuth2Value | ((before: OAuth2Value | undefined) => OAuth2Value),
  ): Promise<void> {
    const make = typeof change === 'function' ? change : () => change
    const ruled = this.isRuled(name)
    await this.#credentials.setTokens(name, input, make, { needsHosts: !ruled })
  }

  /** All that is kept of an oauth2 credential, secrets too. Throws `credential-missing`. */
  readTokens(name: string): Promise<OAuth2Value | undefined> {
    return this.#credentials.tokens(name)
  }

  /** What was used since then and will have to be refreshed. */
  dueTokens(usedSince: number): Promise<readonly DueTokens[]> {
    return this.#tokens.due(usedSince)
  }

  removeCredential(name: string): Promise<void> {
    return this.#credentials.remove(name)
  }

  /** The web storage of an origin. */
  storage(origin: string): Promise<OriginStorage | undefined> {
    return this.#storage.get(origin)
  }

  /** The web storage of an origin, of a host with the hosts below it, or all. */
  storages(place?: string): Promise<readonly OriginStorage[]> {
    return this.#storage.list(place)
  }

  /** Removes the web storage of an origin, or of a host with the hosts below it; returns how many keys there were. */
  clearStorage(place: string): Promise<number> {
    return this.#storage.clear(place)
  }

  /** Brings in what a file or a browser's profile holds: all of it or nothing. See `importContents` for what it throws. */
  async importInto(contents: Importable, options: ImportOptions): Promise<ImportReport> {
    const now = this.#now()
    if (now >= this.#expiresAt) throw sessionMissing(this.name)
    return importContents(this.#store, this.name, contents, { ...options, now })
  }

  /** One more attempt to save what could not be saved, before the process ends. */
  async flush(): Promise<void> {
    await Promise.all([this.#cookies.flush(), this.#credentials.flush()])
  }

  async #planAfresh(request: PlanRequest, scope: Scope, now: number): Promise<Plan> {
    let made = await this.#make(request, scope, now)
    const used = made.plan.policy.allowed && isUsed(request, scope)
    const lacking = used ? this.#tokens.lacking(made.plan) : []
    if (lacking.length > 0) {
      const retryAt = await this.#tokens.renew(lacking)
      made = await this.#make(request, scope, this.#now())
      made = { ...made, plan: { ...made.plan, validUntil: Math.min(made.plan.validUntil, retryAt) } }
    }
    this.#tokens.renewLater(made.plan)
    this.#memo.keep(request, scopeKey(scope), made.stamps, made.plan, this.#tokens.use(made.plan))
    return made.plan
  }

  /** What is decided now, and nothing else done. */
  async #make(request: PlanRequest, scope: Scope, now: number): Promise<Made> {
    const { stamps, material, held } = await this.#material(request.host)
    // A connection outlives its session when another process removes it; with a longer life it goes on.
    const metadata = await this.#metadataNow()
    if (metadata === undefined) throw sessionMissing(this.name)
    this.refresh(metadata)
    const made = plan(request, material, this.#config, scope, now)
    if (isUsed(request, scope)) throwProblem(made, held)
    return { plan: made, stamps }
  }

  /** What the session holds for the site of a host, with stamps that are not newer than it. */
  async #material(host: string): Promise<{
    readonly stamps: PlanStamps
    readonly material: Material
    readonly held: readonly HeldCredential[]
  }> {
    const siteJar = this.#cookies.jar(host)
    const stamps = { jar: siteJar?.stamp() ?? '', credentials: this.#credentials.stamp() }
    const [jar, held] = await Promise.all([siteJar?.read() ?? new Jar(), this.#credentials.list()])
    const credentials = held.flatMap(({ credential }) => credential ?? [])
    return { stamps, material: { jar, credentials }, held }
  }

  get #clientId() {
    return { kind: 'client', session: this.name, name: '' } as const
  }
}

interface Made {
  readonly plan: Plan
  readonly stamps: PlanStamps
}

/** Whether anything of the session goes on such a request. */
function isUsed({ host, port }: PlanRequest, scope: Scope): boolean {
  return whyUnused(scope, host, port) === undefined
}

const nothingCaptured: Capture = { captured: [], deleted: [], hidden: new Set(), refused: [] }

/** A request that a damaged credential belongs to must not go out as if there were none. */
function throwProblem(made: Plan, held: readonly HeldCredential[]): void {
  for (const { name, reason, kind } of made.credentials.withheld) {
    const { problem } = held.find((credential) => credential.name === name) ?? {}
    if (problem === undefined) continue
    if (kind === 'unknown' || (problem instanceof Error && problem.message === reason)) throw problem
  }
}

function summaryOf({
  credential,
  problem,
  print,
  name,
  kind,
  hosts,
  origin,
  updatedAt,
  definition,
}: HeldCredential): CredentialSummary {
  return {
    name,
    kind,
    hosts,
    origin,
    updatedAt,
    // It came from the schema of its kind.
    definition: definition as CredentialDefinition | undefined,
    freshness: credential?.freshness,
    readFrom: credential?.readFrom,
    place: credential && placeText(credential.place),
    present: credential !== undefined && credential.source.from !== 'nothing',
    fingerprint: fingerprintOf(print?.()),
    problem:
      problem instanceof Error
        ? problem.message
        : credential?.source.from === 'nothing'
          ? credential.source.reason
          : undefined,
  }
}

function fingerprintOf(value: string | undefined): string | undefined {
  return value === undefined || value === '' ? undefined : new Secret(value).fingerprint()
}

function expiryOf({ expiresAt }: SessionMetadata): number {
  return expiresAt === undefined ? Number.POSITIVE_INFINITY : Date.parse(expiresAt)
}
