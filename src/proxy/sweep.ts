/** Something with a deadline. */
export interface Swept {
  /** On the clock of `performance.now()`; Infinity for never. */
  deadline: number
  expire(): void
}

/**
 * One coarse timer for every deadline of the proxy. A timer for each request would cost more than the whole head of a small
 * request, and no peer depends on the exact second of its deadline.
 */
export class Sweep {
  /** The time of the last sweep in milliseconds: cheap enough to read for every chunk. */
  now = performance.now()
  readonly #watched = new Set<Swept>()
  readonly #timer: NodeJS.Timeout

  constructor(everyMs: number) {
    this.#timer = setInterval(() => this.#sweep(), everyMs)
    this.#timer.unref()
  }

  watch(swept: Swept): void {
    this.#watched.add(swept)
  }

  forget(swept: Swept): void {
    this.#watched.delete(swept)
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  #sweep(): void {
    this.now = performance.now()
    for (const swept of this.#watched) if (swept.deadline <= this.now) swept.expire()
  }
}
