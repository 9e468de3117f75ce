/** Something that is to be refreshed at a time, ms since the epoch. */
export interface DueRefresh {
  readonly dueAt: number
  refresh(): Promise<unknown>
}

export interface KeepFreshOptions {
  /** What was used since then and will have to be refreshed. */
  readonly due: (usedSince: number) => Promise<readonly DueRefresh[]>
  readonly now: () => number
}

/** What nobody has used for so long is refreshed when somebody needs it again. */
const usedWithinMs = 30 * 60_000
/** Uses begin and other processes refresh meanwhile: it is looked again at least so often … */
const mostMs = 30_000
/** … and after a refresh so soon, for a life that is short; also when it failed: the record says until when it is put off. */
const againMs = 1_000

/** Refreshes tokens in use when they are due, so that no request has to wait for it. */
export class KeepFresh {
  readonly #options: KeepFreshOptions
  #timer: NodeJS.Timeout | undefined
  #stopped = false
  #looking: Promise<void> = Promise.resolve()

  constructor(options: KeepFreshOptions) {
    this.#options = options
    this.#wakeIn(mostMs)
  }

  /** Resolves when nothing of it is under way. */
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
    // What keeps a process alive is its work, not its tokens.
    this.#timer.unref()
  }

  async #look(): Promise<void> {
    const { now, due } = this.#options
    let next = now() + mostMs
    try {
      const all = await due(now() - usedWithinMs)
      const ready = all.filter(({ dueAt }) => dueAt <= now())
      // What fails is in the record and the log; a request that needs it is told.
      await Promise.allSettled(ready.map((one) => one.refresh()))
      const later = all.filter((one) => !ready.includes(one)).map(({ dueAt }) => dueAt)
      next = Math.min(ready.length > 0 ? now() + againMs : next, ...later)
    } catch {
      // The store cannot be read: requests say so, and it is looked again.
    }
    this.#wakeIn(next - now())
  }
}
