import { setImmediate } from 'node:timers/promises'
import type { Freshness } from '../credentials/kind.ts'
import { isOAuth2, type OAuth2Definition, type OAuth2Value } from '../credentials/oauth2.ts'
import { HallpassError } from '../errors.ts'
import type { Refresher, RefreshOutcome, RefreshReason } from '../oauth/refresher.ts'
import type { Plan } from '../plan/plan.ts'
import { accessTokenIn, sentToken, tokensDue, tokensLacking } from '../plan/renewal.ts'
import type { Secret } from '../secret.ts'
import type { HeldCredential } from './held-credential.ts'
import type { CredentialInput } from './merge-credential.ts'
import type { Use } from './plan-memo.ts'
import type { SessionCredentials } from './session-credentials.ts'
import type { RefreshedTokens } from './values/refreshed-tokens.ts'

/** An API may answer 401 for what no token of the user may do. Then new tokens help nobody, and asking for them each time harms. */
const uselessMs = 60_000

/** A credential in use, and when it is to be refreshed. */
export interface DueTokens {
  readonly name: string
  readonly dueAt: number
}

export interface SessionTokensParts {
  readonly session: string
  readonly credentials: SessionCredentials
  readonly values: RefreshedTokens
  /** Without it tokens are used as they are. */
  readonly refresher: Refresher | undefined
  readonly now: () => number
}

/** The tokens of one session as requests need them: fresh before they go, renewed when they were rejected. */
export class SessionTokens {
  readonly #session: string
  readonly #credentials: SessionCredentials
  readonly #values: RefreshedTokens
  readonly #refresher: Refresher | undefined
  readonly #now: () => number
  readonly #uses = new Map<string, Use>()
  /** Access tokens that were rejected just after they had come. */
  readonly #useless = new Map<string, { readonly accessToken: Secret; readonly until: number }>()

  /** @internal */
  constructor({ session, credentials, values, refresher, now }: SessionTokensParts) {
    this.#session = session
    this.#credentials = credentials
    this.#values = values
    this.#refresher = refresher
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
   * Keeps what a login brings, and the definition with it unless the configuration has that.
   * @param change the value, or a function of the value before
   * @internal
   */
  async save(
    name: string,
    input: CredentialInput | undefined,
    change: OAuth2Value | ((before: OAuth2Value | undefined) => OAuth2Value),
  ): Promise<void> {
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
    const refreshable = await this.#credentials.refreshable(name)
    if (typeof refreshable === 'string') return { kind: 'not-refreshable', reason: refreshable }
    if (this.#refresher === undefined) return { kind: 'not-refreshable', reason: 'nothing is refreshed here' }
    const { record, definition } = refreshable
    const outcome = await this.#refresher.refresh(`${this.#session}/${name}`, record, definition, why)
    // The store looks once in a turn of the event loop whether credentials changed, and another process may have refreshed
    // since: a plan made in this very turn would still carry the old token.
    await setImmediate()
    return outcome
  }

  /**
   * What of a plan has run out, or was never there, and can be renewed: the request has to wait for it.
   * @internal
   */
  lacking(plan: Plan): readonly string[] {
    return tokensLacking(plan, this.#now())
  }

  /**
   * Resolves when each of them is as fresh as it can be. @returns when to try again what failed
   * @internal
   */
  async renew(names: readonly string[]): Promise<number> {
    const outcomes = await Promise.all(names.map((name) => this.#renewOne(name, { because: 'expired' })))
    const waits = outcomes.map((outcome) => (outcome.kind === 'waiting' ? outcome.retryAt : undefined))
    return Math.min(...waits.filter((at) => at !== undefined))
  }

  /** For a request: a credential that is removed meanwhile is none of its business any more. */
  async #renewOne(name: string, why: RefreshReason): Promise<RefreshOutcome> {
    try {
      return await this.refresh(name, why)
    } catch (error) {
      if (!(error instanceof HallpassError && error.code === 'credential-missing')) throw error
      return { kind: 'not-refreshable', reason: error.message }
    }
  }

  /**
   * Starts what is due, while requests go on with what still holds.
   * @internal
   */
  renewLater(plan: Plan): void {
    for (const name of tokensDue(plan, this.#now())) {
      this.refresh(name, { because: 'due' }).catch(() => 'the request that needs it is told')
    }
  }

  /**
   * Notes that a plan's tokens are in use; undefined when it has none.
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
   * What was used since then and will have to be refreshed.
   * @internal
   */
  async due(usedSince: number): Promise<readonly DueTokens[]> {
    const used = [...this.#uses].filter(([, { at }]) => at >= usedSince)
    if (used.length === 0) return []
    const held = await this.#credentials.held()
    return used.flatMap(([name]) => {
      const { freshness } = held.find((one) => one.name === name)?.credential ?? {}
      return freshness?.dueAt === undefined ? [] : { name, dueAt: freshness.dueAt }
    })
  }

  /**
   * An origin answered 401 to a request with this plan: renews what it carried in Authorization, once.
   * @param replayed it was the second 401, to the request sent again with new tokens: they do not help here
   * @returns 'retry' when the session has another access token now
   * @internal
   */
  async rejected(plan: Plan, replayed = false): Promise<'retry' | 'needs-login' | 'no'> {
    const sent = sentToken(plan)
    if (sent === undefined) return 'no'
    const { name, accessToken, freshness } = sent
    if (replayed) {
      this.#useless.set(name, { accessToken, until: this.#now() + uselessMs })
      return 'no'
    }
    if (await this.#isReplaced(name, accessToken)) return 'retry'
    if (freshness.needsLogin !== undefined) return 'needs-login'
    const useless = this.#useless.get(name)
    if (useless?.accessToken.equals(accessToken.reveal()) && this.#now() < useless.until) return 'no'
    const outcome = await this.#renewOne(name, { because: 'rejected', accessToken })
    if (await this.#isReplaced(name, accessToken)) return 'retry'
    if (outcome.kind === 'needs-login') return 'needs-login'
    return outcome.kind === 'not-refreshable' && this.#isSpent(freshness) ? 'needs-login' : 'no'
  }

  /** By another process, a login, or the tool that owns it. */
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
  const { source } = held?.credential ?? {}
  return source?.from === 'value' ? accessTokenIn(source.value) : undefined
}
