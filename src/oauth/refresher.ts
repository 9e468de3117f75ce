import { setTimeout as sleep } from 'node:timers/promises'
import type { Configuration } from 'openid-client'
import {
  asksInOwnName,
  isRefreshable,
  isTriedAgain,
  type OAuth2Definition,
  type OAuth2Value,
} from '../credentials/oauth2.ts'
import { dueAtOf } from '../credentials/oauth2-due.ts'
import type { TokenSet } from '../credentials/token-response.ts'
import { HallpassError } from '../errors.ts'
import { zeros } from '../histogram.ts'
import { type Log, silentLog } from '../log.ts'
import { Secret } from '../secret.ts'
import { clientOf } from './authorization-server.ts'
import { askedRetryAt, retryAtAfter } from './backoff.ts'
import type { TokenFetch } from './token-fetch.ts'
import { requestTokens, type TokenAnswer } from './token-request.ts'

/** The sealed record of one oauth2 credential. */
export interface TokenRecord {
  /** The value as it is now; undefined without a record. */
  read(): Promise<OAuth2Value | undefined>
  /** Holds the record's lock among all processes during `work`. */
  exclusive<T>(work: (held: HeldTokens) => Promise<T>): Promise<T>
}

export interface HeldTokens {
  readonly value: OAuth2Value
  /** The value is only in this process, since the disk failed. */
  readonly unsaved: boolean
  /** Durable when it resolves; throws `not-saved` when the disk fails. */
  save(next: OAuth2Value): Promise<void>
  /** The same for a value that must not be lost: when the disk fails, the value holds in this process until it can be saved. */
  keep(next: OAuth2Value): Promise<'saved' | 'kept'>
}

export type RefreshReason =
  | { readonly because: 'due' }
  | { readonly because: 'expired' }
  /** An origin answered 401 to this access token. */
  | { readonly because: 'rejected'; readonly accessToken: Secret }
  /** A person asked for it. */
  | { readonly because: 'asked' }

export type RefreshOutcome =
  | { readonly kind: 'refreshed' }
  /** Another process or request had refreshed. */
  | { readonly kind: 'adopted' }
  /** The refresher backs off, or nobody knows whether the refresh token has been replaced and the access token still holds. */
  | { readonly kind: 'waiting'; readonly retryAt: number; readonly reason: string }
  | { readonly kind: 'needs-login'; readonly reason: string }
  | { readonly kind: 'not-refreshable'; readonly reason: string }

/** Of an attempt: `failed` may succeed later. */
export const refreshResults = ['refreshed', 'adopted', 'failed', 'needs-login'] as const

export interface RefresherOptions {
  readonly fetch: TokenFetch
  readonly now: () => number
  readonly log?: Log
  /** Waits so many ms. For tests with a clock of their own. */
  readonly wait?: (ms: number) => Promise<unknown>
}

/** The longest wait for one more try. Within 8 s, there are five tries. A server that is down for longer delays few requests. */
export const nextTryMs = 5_000
/** The longest wait for all tries together. */
const allTriesMs = 10_000

/** So many refusals in unknown words no longer count as temporary. */
const refusalsForLogin = 3

/** Names a record. */
export interface TokensKey {
  /** Another session with the same name has another: it must not join a refresh of a removed one. */
  readonly id: string
  /** `session/name`, for the log. */
  readonly label: string
  /** Aborted with the session. A refresh would hold the lock of a record of the next session with the name. */
  readonly ended: AbortSignal
}

/** One refresh. */
interface Task {
  readonly key: TokensKey
  readonly record: TokenRecord
  readonly definition: OAuth2Definition
  readonly why: RefreshReason
}

/** After a refresh that could not be noted, because the disk or the lock failed. */
interface Pause {
  readonly failures: number
  readonly retryAt: number
  readonly reason: string
}

/**
 * Refreshes tokens, each once. In this process, a caller joins the refresh that is under way. Among processes, the record's lock
 * lets one refresh, and the next holder looks at the record again.
 *
 * A refresh token is mostly good for one use, and a server that sees it twice revokes the whole login (RFC 9700 section
 * 4.14.2). So the refresher notes it in the record, durably, before it sends it, and saves the new pair before anybody uses it. A
 * killed process or a cut connection leaves the note behind. The fate of the refresh token is then unknown, and the refresher
 * sends it again only after the access token has expired, when nothing can be lost.
 */
export class Refresher {
  /** Attempts by result. A refresh that waits for its time does not count. */
  readonly counts = zeros(refreshResults)
  readonly #fetch: TokenFetch
  readonly #now: () => number
  readonly #wait: (ms: number) => Promise<unknown>
  #log: Log
  readonly #flights = new Map<string, Promise<RefreshOutcome>>()
  readonly #pauses = new Map<string, Pause>()

  constructor({ fetch, now, log = silentLog, wait = sleep }: RefresherOptions) {
    this.#fetch = fetch
    this.#now = now
    this.#log = log
    this.#wait = wait
  }

  /** Logs there from now on. */
  logTo(log: Log): void {
    this.#log = log
  }

  async refresh(
    key: TokensKey,
    record: TokenRecord,
    definition: OAuth2Definition,
    why: RefreshReason,
  ): Promise<RefreshOutcome> {
    for (let flight = this.#flights.get(key.id); flight !== undefined; flight = this.#flights.get(key.id)) {
      const outcome = await flight
      const done = outcome.kind === 'refreshed' || outcome.kind === 'adopted'
      // The other refresh may have brought the token that is now rejected.
      if (!done || why.because !== 'rejected' || isOther(await record.read(), why.accessToken)) return outcome
    }
    const flight = this.#run({ key, record, definition, why }).finally(() => this.#flights.delete(key.id))
    this.#flights.set(key.id, flight)
    return flight
  }

  /** For a request that has no live token: after a failure, it waits for the next tries if they come soon. */
  async refreshWithRetries(...task: Parameters<Refresher['refresh']>): Promise<RefreshOutcome> {
    const giveUpAt = this.#now() + allTriesMs
    for (;;) {
      const outcome = await this.refresh(...task)
      if (outcome.kind !== 'waiting') return outcome
      const wait = Math.max(0, outcome.retryAt - this.#now())
      if (wait > nextTryMs || this.#now() + wait > giveUpAt) return outcome
      await this.#wait(wait)
    }
  }

  /** Resolves when no refresh is under way. A process that ends during one leaves a token of unknown fate. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#flights.values())
  }

  async #run(task: Task): Promise<RefreshOutcome> {
    const { key, record, definition, why } = task
    const seen = await record.read()
    if (seen === undefined) return { kind: 'not-refreshable', reason: 'there are no tokens' }
    const early = this.#settledBy(seen, seen, task) ?? this.#paused(key)
    if (early !== undefined) return early
    let client: Configuration | undefined
    let failure: TokenAnswer | undefined
    try {
      // Before the lock is taken, since discovery may wait for a network.
      client = await clientOf(definition, secretOf(seen.clientSecret), this.#fetch, {
        note: (text) => this.#log.warn(`${key.label}: ${text}`),
        name: key.label.slice(key.label.indexOf('/') + 1),
      })
    } catch (error) {
      if (!(error instanceof HallpassError)) throw error
      if (error.code === 'usage') return { kind: 'not-refreshable', reason: error.message }
      failure = { kind: 'not-used', reason: error.message, retryAfter: null, refused: false }
    }
    try {
      return await record.exclusive(async (held) => {
        const settled = this.#settledBy(held.value, seen, task)
        if (settled?.kind === 'adopted') this.counts.adopted += 1
        if (settled !== undefined) return settled
        const answer = client === undefined ? failure : await this.#ask(held, client, task)
        if (answer === undefined) throw new Error('there is no client, and no reason for that')
        return this.#counted(await this.#take(answer, held, task))
      })
    } catch (error) {
      return this.#pause(key, why, error)
    }
  }

  /** The outcome, if it needs no request to the server. */
  #settledBy(value: OAuth2Value, seen: OAuth2Value, { why, definition }: Task): RefreshOutcome | undefined {
    const now = this.#now()
    const { tokens, needsLogin, attempt, last } = value
    if (isDone(why, tokens, seen.tokens, now)) return { kind: 'adopted' }
    if (!isRefreshable(definition, value))
      return { kind: 'not-refreshable', reason: whyNotRefreshable(definition) }
    if (needsLogin !== undefined && !isTriedAgain(value))
      return { kind: 'needs-login', reason: needsLogin.reason }
    // A clock that was set back must not make the wait longer.
    const waits = last?.retryAt !== undefined && now < last.retryAt && now >= last.at
    if (waits && needsLogin !== undefined) return { kind: 'needs-login', reason: needsLogin.reason }
    if (waits)
      return { kind: 'waiting', retryAt: last.retryAt, reason: last.reason ?? 'the last refresh failed' }
    if (attempt !== undefined && tokens !== undefined && lives(tokens, why, now)) {
      const reason =
        'nobody knows whether the refresh token has been replaced, and the access token still holds'
      return { kind: 'waiting', retryAt: tokens.expiresAt ?? now + unknownLifeMs, reason }
    }
    return undefined
  }

  async #ask(held: HeldTokens, client: Configuration, { definition, key }: Task): Promise<TokenAnswer> {
    const { value } = held
    this.#scrub(value.tokens, value.clientSecret)
    const attempt = spent(value, definition, this.#now())
    if (attempt !== undefined) await note(held, { ...value, attempt })
    const refreshToken = attempt && secretOf(value.tokens?.refreshToken)
    return await requestTokens(client, definition, refreshToken, this.#now, key.ended)
  }

  #counted(outcome: RefreshOutcome): RefreshOutcome {
    const result = outcome.kind === 'waiting' ? 'failed' : outcome.kind
    if (result !== 'not-refreshable') this.counts[result] += 1
    return outcome
  }

  async #take(answer: TokenAnswer, held: HeldTokens, task: Task): Promise<RefreshOutcome> {
    switch (answer.kind) {
      case 'tokens':
        return await this.#refreshed(answer.tokens, held, task)
      case 'used-up':
        return await this.#usedUp(answer.reason, held, task)
      default:
        return await this.#failed(answer, held, task)
    }
  }

  async #refreshed(fresh: TokenSet, held: HeldTokens, { key }: Task): Promise<RefreshOutcome> {
    this.#scrub(fresh)
    const { attempt: _, needsLogin: __, tokens: old, ...rest } = held.value
    // RFC 6749 section 6: without a new refresh token, or a new scope, the old one holds.
    const tokens = { refreshToken: old?.refreshToken, scope: old?.scope, ...fresh }
    const refreshes = rest.refreshes + 1
    const last = { at: fresh.receivedAt, result: 'refreshed', failures: 0 } as const
    const kept = await held.keep({ ...rest, tokens, refreshes, last })
    this.#pauses.delete(key.id)
    const expires = tokens.expiresAt === undefined ? undefined : new Date(tokens.expiresAt).toISOString()
    this.#log.info(`${key.label}: refreshed`, { expires, refreshes })
    if (kept === 'kept') {
      this.#log.error(
        `${key.label}: the new tokens could not be saved (full disk?). They hold until this process ends, and it keeps trying`,
      )
    }
    return { kind: 'refreshed' }
  }

  async #usedUp(reason: string, held: HeldTokens, { key, record }: Task): Promise<RefreshOutcome> {
    // On a file system without locks, another holder may have refreshed meanwhile.
    const now = await record.read()
    if (now?.tokens !== undefined && now.tokens.refreshToken !== held.value.tokens?.refreshToken)
      return { kind: 'adopted' }
    const { attempt: _, ...rest } = held.value
    const at = this.#now()
    const last = { at, result: 'needs-login', reason, failures: 0 } as const
    // The tokens stay, since the access token may hold for a while.
    await note(held, { ...rest, needsLogin: { since: at, reason }, last })
    this.#log.warn(`${key.label}: needs login: ${reason}`)
    return { kind: 'needs-login', reason }
  }

  async #failed(
    answer: Extract<TokenAnswer, { kind: 'not-used' | 'unknown' }>,
    held: HeldTokens,
    { key, definition, why }: Task,
  ): Promise<RefreshOutcome> {
    const { attempt, needsLogin: before, ...rest } = held.value
    const { reason } = answer
    const at = this.#now()
    const failures = (rest.last?.failures ?? 0) + 1
    const asked = answer.kind === 'not-used' ? askedRetryAt(answer.retryAfter, at) : undefined
    // `Retry-After: 0` must not make those who wait ask without end.
    const retryAt = Math.max(asked ?? 0, retryAtAfter(failures, at))
    const refused = answer.kind === 'not-used' && answer.refused
    const refusals = (rest.last?.refusals ?? 0) + (refused ? 1 : 0)
    const last = {
      at,
      result: 'failed',
      reason,
      failures,
      ...(refusals > 0 && { refusals }),
      retryAt,
    } as const
    // This answer may say that the refresh token was not used this time. An earlier unknown fate stays unknown.
    const unknown = attempt ?? (answer.kind === 'unknown' ? spent(held.value, definition, at) : undefined)
    const live = rest.tokens !== undefined && lives(rest.tokens, why, at)
    // The server may recover, so hallpass still asks it, at the times of the back-off.
    const needsLogin =
      refused && refusals >= refusalsForLogin && !live ? { since: before?.since ?? at, reason } : undefined
    await note(held, {
      ...rest,
      ...(needsLogin && { needsLogin }),
      ...(unknown && { attempt: unknown }),
      last,
    })
    const what = needsLogin === undefined ? 'not refreshed' : 'needs login'
    this.#log.warn(`${key.label}: ${what}: ${reason}`, { failures, retryAt: new Date(retryAt).toISOString() })
    return needsLogin === undefined ? { kind: 'waiting', retryAt, reason } : { kind: 'needs-login', reason }
  }

  #paused(key: TokensKey): RefreshOutcome | undefined {
    const pause = this.#pauses.get(key.id)
    if (pause === undefined || this.#now() >= pause.retryAt) return undefined
    return { kind: 'waiting', retryAt: pause.retryAt, reason: pause.reason }
  }

  #pause(key: TokensKey, why: RefreshReason, error: unknown): RefreshOutcome {
    if (!(error instanceof HallpassError)) throw error
    if (error.code !== 'not-saved' && error.code !== 'lock-timeout') throw error
    const failures = (this.#pauses.get(key.id)?.failures ?? 0) + 1
    const retryAt = retryAtAfter(failures, this.#now())
    this.#pauses.set(key.id, { failures, retryAt, reason: error.message })
    this.#log.warn(`${key.label}: not refreshed: ${error.message}`, { because: why.because, failures })
    return this.#counted({ kind: 'waiting', retryAt, reason: error.message })
  }

  /** Call it before any of these can be logged. */
  #scrub(tokens: TokenSet | undefined, clientSecret?: string): void {
    for (const text of [tokens?.accessToken, tokens?.refreshToken, clientSecret]) {
      if (text !== undefined) this.#log.scrub(new Secret(text))
    }
  }
}

/** The assumed life of a token without a known end. */
const unknownLifeMs = 5 * 60_000

/** Whether the record already has the tokens that the caller wants. */
function isDone(
  why: RefreshReason,
  tokens: TokenSet | undefined,
  seen: TokenSet | undefined,
  now: number,
): boolean {
  if (tokens === undefined || tokens.accessToken === '') return false
  switch (why.because) {
    case 'due':
      return (dueAtOf(tokens) ?? Number.POSITIVE_INFINITY) > now
    case 'expired':
      return (tokens.expiresAt ?? Number.POSITIVE_INFINITY) > now
    case 'rejected':
      return !why.accessToken.equals(tokens.accessToken)
    case 'asked':
      return tokens.accessToken !== seen?.accessToken
  }
}

function isOther(value: OAuth2Value | undefined, accessToken: Secret): boolean {
  return value?.tokens !== undefined && !accessToken.equals(value.tokens.accessToken)
}

/** Whether an origin may still accept the access token. */
function lives({ accessToken, expiresAt }: TokenSet, why: RefreshReason, now: number): boolean {
  if (accessToken === '' || why.because === 'rejected') return false
  return expiresAt === undefined || now < expiresAt
}

/**
 * Saves a note about a refresh. Beside tokens that are only in memory, the note may stay there too: the refresh token on disk is
 * of unknown fate already, and nothing more can be lost.
 */
async function note(held: HeldTokens, next: OAuth2Value): Promise<void> {
  if (held.unsaved) await held.keep(next)
  else await held.save(next)
}

/** The note for a refresh token that is about to be sent. A client that asks in its own name sends none. */
function spent(value: OAuth2Value, definition: OAuth2Definition, at: number): OAuth2Value['attempt'] {
  return asksInOwnName(definition, value) ? undefined : { since: at }
}

function whyNotRefreshable({ tokenFile, clientId }: OAuth2Definition): string {
  if (tokenFile !== undefined) return `the tool that owns ${tokenFile} refreshes them`
  return clientId === undefined ? 'the client id is missing' : 'there is no refresh token'
}

function secretOf(text: string | undefined): Secret | undefined {
  return text === undefined ? undefined : new Secret(text)
}
