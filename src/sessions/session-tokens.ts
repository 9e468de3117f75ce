import { setImmediate } from 'node:timers/promises'
import type { Freshness } from '../credentials/kind.ts'
import { isOAuth2, type OAuth2Definition, type OAuth2Value } from '../credentials/oauth2.ts'
import { valueSource } from '../credentials/value-source.ts'
import { HallpassError } from '../errors.ts'
import {
  type HeldTokens,
  nextTryMs,
  type Refresher,
  type RefreshOutcome,
  type RefreshReason,
} from '../oauth/refresher.ts'
import type { Plan } from '../plan/plan.ts'
import { sentToken, tokenOf, tokensDue, tokensLacking } from '../plan/renewal.ts'
import type { Secret } from '../secret.ts'
import type { HeldCredential } from './held-credential.ts'
import type { CredentialInput } from './merge-credential.ts'
import type { Use } from './plan-memo.ts'
import type { SessionCredentials } from './session-credentials.ts'
import type { SessionEvents } from './session-events.ts'
import type { RefreshedTokens } from './values/refreshed-tokens.ts'

/** An API may answer 401 to a request that no token of the user allows. New tokens do not help then, and each refresh costs. */
const uselessMs = 60_000
/** The same after a failure that a person can mend: a login helps soon after it. */
const needsLoginMs = 10_000

/** A credential in use, with the time of its next refresh. */
export interface DueTokens {
  readonly name: string
  readonly dueAt: number
}

interface Useless {
  readonly accessToken: Secret
  readonly until: number
  readonly answer: 'no' | 'needs-login'
}

export interface SessionTokensParts {
  readonly session: { readonly name: string; readonly id: string; readonly ended: AbortSignal }
  readonly credentials: SessionCredentials
  readonly values: RefreshedTokens
  /** Without a refresher, tokens are used as they are. */
  readonly refresher: Refresher | undefined
  readonly events: SessionEvents
  readonly now: () => number
}

/** The tokens of one session. They are fresh before a request goes, and renewed after an origin rejects them. */
export class SessionTokens {
  readonly #session: SessionTokensParts['session']
  readonly #credentials: SessionCredentials
  readonly #values: RefreshedTokens
  readonly #refresher: Refresher | undefined
  readonly #events: SessionEvents
  readonly #now: () => number
  readonly #uses = new Map<string, Use>()
  readonly #told = new WeakSet<RefreshOutcome>()
  readonly #needLogin = new Set<string>()
  /** Access tokens that an origin rejected and that asking again did not replace, with the answer to the next 401. */
  readonly #useless = new Map<string, Useless>()

  /** @internal */
  constructor({ session, credentials, values, refresher, events, now }: SessionTokensParts) {
    this.#session = session
    this.#credentials = credentials
    this.#values = values
    this.#refresher = refresher
    this.#events = events
    this.#now = now
  }

  /**
   * Everything that is kept of an oauth2 credential, secrets too. Throws `credential-missing`.
   * @internal
   */
  async read(name: string): Promise<OAuth2Value | undefined> {
    const { definition } = await this.#credentials.find(name)
    if (!isOAuth2(definition)) throw notOAuth2(name)
    return await this.#values.tokensOf(name).of(definition).read()
  }

  /**
   * Seals the tokens of a login, and the definition with them unless the configuration has it.
   * @param change the value, or a function of the value before
   * @internal
   */
  async save(
    name: string,
    input: CredentialInput | undefined,
    change: OAuth2Value | ((before: OAuth2Value | undefined) => OAuth2Value),
  ): Promise<void> {
    this.#needLogin.delete(name)
    await this.#credentials.reseal(name, input, ({ definition, before }) => {
      if (!isOAuth2(definition)) throw notOAuth2(name)
      if (typeof change !== 'function') return change
      // The schema of the kind checked it.
      return change(
        before === undefined ? undefined : this.#values.tokensOf(name).over(before as OAuth2Value),
      )
    })
  }

  /**
   * Holds the lock of the sealed tokens, among all processes, during `work`. Throws `credential-missing`.
   * @internal
   */
  async exclusive<T>(
    name: string,
    definition: OAuth2Definition,
    work: (held: HeldTokens) => Promise<T>,
  ): Promise<T> {
    return await this.#values.tokensOf(name).of(definition).exclusive(work)
  }

  /**
   * The definition that an oauth2 credential would have with this input. Nothing is kept. Throws `usage`.
   * @internal
   */
  async definitionFor(name: string, input: CredentialInput): Promise<OAuth2Definition> {
    const definition = await this.#credentials.definitionFor(name, input)
    if (isOAuth2(definition)) return definition
    throw new HallpassError('usage', `"${name}" is of the kind ${definition.kind}, which has no login`)
  }

  /** Refreshes an oauth2 credential, or says why not. Throws `credential-missing`. */
  async refresh(name: string, why: RefreshReason): Promise<RefreshOutcome> {
    return await this.#refresh(name, why, 'refresh')
  }

  async #refresh(
    name: string,
    why: RefreshReason,
    how: 'refresh' | 'refreshWithRetries',
  ): Promise<RefreshOutcome> {
    const refreshable = await this.#credentials.refreshable(name)
    if (typeof refreshable === 'string') return { kind: 'not-refreshable', reason: refreshable }
    if ('again' in refreshable) return refreshable.again(why)
    if (this.#refresher === undefined) return { kind: 'not-refreshable', reason: 'nothing is refreshed here' }
    const { record, definition } = refreshable
    const { id, name: session, ended } = this.#session
    const key = { id: `${id}/${name}`, label: `${session}/${name}`, ended }
    const outcome = await this.#refresher[how](key, record, definition, why)
    this.#tell(name, outcome)
    // The store looks for changed credentials once in a turn of the event loop. Another process may have refreshed since the
    // look, so that a plan made in this turn would still carry the old token.
    await setImmediate()
    return outcome
  }

  /** All that wait for one refresh get the same outcome. A missing login is told once, however many requests meet it. */
  #tell(credential: string, outcome: RefreshOutcome): void {
    const { kind } = outcome
    if (this.#told.has(outcome) || (kind !== 'refreshed' && kind !== 'needs-login')) return
    this.#told.add(outcome)
    const known = this.#needLogin.has(credential)
    if (kind === 'refreshed') this.#needLogin.delete(credential)
    else this.#needLogin.add(credential)
    if (kind === 'refreshed' || !known)
      this.#events.emit({ type: kind, session: this.#session.name, credential })
  }

  /**
   * The credentials of a plan whose tokens have expired or never came, and can be renewed. The request must wait for them.
   * @internal
   */
  lacking(plan: Plan): readonly string[] {
    return tokensLacking(plan, this.#now())
  }

  /**
   * Renews each credential, and after a failure tries again for some seconds.
   * @returns until when a plan without one of them holds; then a request waits for the next try
   * @internal
   */
  async renew(names: readonly string[]): Promise<number> {
    const outcomes = await Promise.all(names.map((name) => this.#renewOne(name, { because: 'expired' })))
    const waits = outcomes.map((outcome) => (outcome.kind === 'waiting' ? outcome.retryAt : undefined))
    return Math.min(...waits.filter((at) => at !== undefined)) - nextTryMs
  }

  /** A request goes on without a credential that is removed meanwhile. */
  async #renewOne(name: string, why: RefreshReason): Promise<RefreshOutcome> {
    try {
      return await this.#refresh(name, why, 'refreshWithRetries')
    } catch (error) {
      if (!(error instanceof HallpassError && error.code === 'credential-missing')) throw error
      return { kind: 'not-refreshable', reason: error.message }
    }
  }

  /**
   * Starts refreshes that are due. Requests go on with the tokens that still hold.
   * @internal
   */
  renewLater(plan: Plan): void {
    for (const name of tokensDue(plan, this.#now())) {
      this.refresh(name, { because: 'due' }).catch(() => 'the request that needs it gets the error')
    }
  }

  /**
   * Notes that the tokens of a plan are in use. undefined for a plan without tokens.
   * @internal
   */
  use({ credentials }: Plan): readonly Use[] | undefined {
    const fresh = credentials.attached.filter(({ freshness }) => freshness !== undefined)
    if (fresh.length === 0) return undefined
    return fresh.map(({ name }) => {
      const use = this.#uses.get(name) ?? { at: 0 }
      use.at = this.#now()
      this.#uses.set(name, use)
      return use
    })
  }

  /**
   * The credentials that were used since then and need a refresh at some time.
   * @internal
   */
  async due(usedSince: number): Promise<readonly DueTokens[]> {
    const used = [...this.#uses].filter(([, { at }]) => at >= usedSince)
    if (used.length === 0) return []
    const held = await this.#credentials.held()
    return used.flatMap(([name]) => {
      const { definition, credential } = held.find((one) => one.name === name) ?? {}
      // A command may ask a person, so only a request runs it.
      if (valueSource(definition)?.from === 'command') return []
      const freshness = credential?.freshness
      return freshness?.dueAt === undefined ? [] : { name, dueAt: freshness.dueAt }
    })
  }

  /**
   * Renews the token that a request with this plan carried, after an origin answered 401.
   * @param replayed it is the second 401, after a retry with new tokens: more of them do not help here
   * @returns 'retry' when the session has another access token now
   * @internal
   */
  async rejected(plan: Plan, replayed = false): Promise<'retry' | 'needs-login' | 'no'> {
    const sent = sentToken(plan)
    if (sent === undefined) return 'no'
    const { name, accessToken, freshness } = sent
    const useless = (answer: Useless['answer']) => {
      const until = this.#now() + (answer === 'needs-login' ? needsLoginMs : uselessMs)
      this.#useless.set(name, { accessToken, until, answer })
      return answer
    }
    if (replayed) return useless('no')
    if (await this.#isReplaced(name, accessToken)) return 'retry'
    if (freshness.needsLogin !== undefined) return 'needs-login'
    const known = this.#useless.get(name)
    if (known?.accessToken.equals(accessToken.reveal()) && this.#now() < known.until) return known.answer
    const outcome = await this.#renewOne(name, { because: 'rejected', accessToken })
    if (await this.#isReplaced(name, accessToken)) return 'retry'
    // The same token again, or none: the next 401 does not ask once more so soon.
    if (outcome.kind === 'refreshed') return useless('no')
    if (outcome.kind === 'needs-login') return useless('needs-login')
    return outcome.kind === 'not-refreshable' && this.#isSpent(freshness) ? 'needs-login' : 'no'
  }

  /** Another process, a login, or the tool that owns the token may have replaced it. */
  async #isReplaced(name: string, accessToken: Secret): Promise<boolean> {
    const now = accessTokenOf(await this.#find(name))
    return now !== undefined && !now.equals(accessToken.reveal())
  }

  async #find(name: string): Promise<HeldCredential | undefined> {
    return (await this.#credentials.held()).find((held) => held.name === name)
  }

  #isSpent({ expiresAt }: Freshness): boolean {
    return expiresAt !== undefined && expiresAt <= this.#now()
  }
}

function notOAuth2(name: string): HallpassError {
  return new HallpassError('usage', `"${name}" is not of the kind oauth2`)
}

function accessTokenOf(held: HeldCredential | undefined): Secret | undefined {
  return held?.credential && tokenOf(held.credential)
}
