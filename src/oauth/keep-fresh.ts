/** A refresh with its time, in ms since the epoch. */
export interface DueRefresh {
  readonly dueAt: number
  refresh(): Promise<unknown>
}

export interface KeepFreshOptions {
  /** The tokens that were used since then and need a refresh at some time. */
  readonly due: (usedSince: number) => Promise<readonly DueRefresh[]>
  readonly now: () => number
}

/** Tokens that nobody used for longer are refreshed when somebody needs them again. */
const usedWithinMs = 30 * 60_000
/** The longest wait between two looks. New uses begin, and other processes refresh, in between. */
const mostMs = 30_000
/** The wait after a refresh, for tokens with a short life. After a failed one, the record has the time of the next try. */
const againMs = 1_000

/** Refreshes tokens in use when they are due, so that no request waits for it. */
export class KeepFresh {
  readonly #options: KeepFreshOptions
  #timer: NodeJS.Timeout | undefined
  #stopped = false
  #looking: Promise<void> = Promise.resolve()

  constructor(options: KeepFreshOptions) {
    this.#options = options
    this.#wakeIn(mostMs)
  }

  /** Resolves when no refresh is under way. */
  async stop(): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#timer)
    await this.#looking
  }

  #wakeIn(ms: number): void {
    if (this.#stopped) return
    this.#timer = setTimeout(() => {
      this.#looking = this.#look()
    }, ms)
    // A process must not stay alive for its tokens.
    this.#timer.unref()
  }

  async #look(): Promise<void> {
    const { now, due } = this.#options
    let next = now() + mostMs
    try {
      const all = await due(now() - usedWithinMs)
      const ready = all.filter(({ dueAt }) => dueAt <= now())
      // A failure is in the record and the log, and a request that needs the tokens gets it.
      await Promise.allSettled(ready.map((one) => one.refresh()))
      const later = all.filter((one) => !ready.includes(one)).map(({ dueAt }) => dueAt)
      next = Math.min(ready.length > 0 ? now() + againMs : next, ...later)
    } catch {
      // The store cannot be read. Requests get the error, and the next look tries again.
    }
    this.#wakeIn(next - now())
  }
}
