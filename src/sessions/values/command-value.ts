import { commandWords } from '../../credentials/value-command.ts'
import { type SourcedDefinition, ttlMs } from '../../credentials/value-source.ts'
import type { RefreshOutcome, RefreshReason } from '../../oauth/refresher.ts'
import { runCommand } from './run-command.ts'
import { valueInText } from './value-in-text.ts'
import type { LackingValue, ObtainedValue } from './value-place.ts'

/** After a failure, requests do not wait for the command again so soon. */
const pauseMs = 10_000

type State =
  | { readonly kind: 'not run' }
  | { readonly kind: 'live'; readonly secret: unknown; readonly expiresAt: number }
  | { readonly kind: 'failed'; readonly reason: string; readonly retryAt: number }

/** A value that a command prints. It lives only in memory. */
export class CommandValue {
  readonly #definition: SourcedDefinition
  readonly #command: string
  readonly #now: () => number
  readonly #changed: () => void
  #state: State = { kind: 'not run' }
  #values = 0
  #flight: Promise<RefreshOutcome> | undefined

  /** @param changed called at each change */
  constructor(definition: SourcedDefinition, command: string, now: () => number, changed: () => void) {
    this.#definition = definition
    this.#command = command
    this.#now = now
    this.#changed = changed
  }

  get(): ObtainedValue | LackingValue {
    const state = this.#state
    const known = { refreshable: true, refreshes: Math.max(0, this.#values - 1) }
    switch (state.kind) {
      case 'not run': {
        const lacking = `no value yet: the first request runs ${this.#command}`
        return { lacking, freshness: { ...known, dueAt: 0 } }
      }
      case 'live': {
        const { secret, expiresAt } = state
        return { secret, freshness: { ...known, expiresAt, dueAt: expiresAt } }
      }
      case 'failed': {
        const { reason, retryAt } = state
        return {
          lacking: `needs login: ${reason}`,
          freshness: { ...known, dueAt: retryAt, needsLogin: reason },
        }
      }
    }
  }

  /** Runs the command, once for all who wait. */
  async again({ because }: RefreshReason): Promise<RefreshOutcome> {
    const state = this.#state
    // Another request had it run since the caller looked.
    if (because === 'expired' || because === 'due') {
      if (state.kind === 'live' && state.expiresAt > this.#now()) return { kind: 'adopted' }
      if (state.kind === 'failed' && state.retryAt > this.#now())
        return { kind: 'needs-login', reason: state.reason }
    }
    this.#flight ??= this.#run().finally(() => {
      this.#flight = undefined
    })
    return this.#flight
  }

  async #run(): Promise<RefreshOutcome> {
    const found = await this.#obtain()
    if (typeof found === 'string') return this.#failed(found)
    this.#state = { kind: 'live', ...found }
    this.#values++
    this.#changed()
    return { kind: 'refreshed' }
  }

  #failed(reason: string): RefreshOutcome {
    const now = this.#now()
    // One origin may refuse the value, and the others still take it.
    const holds = this.#state.kind === 'live' && this.#state.expiresAt > now
    if (!holds) {
      this.#state = { kind: 'failed', reason, retryAt: now + pauseMs }
      this.#changed()
    }
    return { kind: 'needs-login', reason }
  }

  /** A value, or the reason why the command gave none. */
  async #obtain(): Promise<{ readonly secret: unknown; readonly expiresAt: number } | string> {
    const words = commandWords(this.#command)
    if (typeof words === 'string') return words
    const [program = ''] = words
    const answer = await runCommand(words)
    if ('failed' in answer) return answer.failed
    const now = this.#now()
    const value = valueInText(answer.printed, this.#definition, now)
    if ('fault' in value) return `the output of ${program} ${value.fault}`
    const { secret, expiresAt = now + ttlMs(this.#definition) } = value
    return expiresAt > now ? { secret, expiresAt } : `${program} printed a value that has expired`
  }
}
