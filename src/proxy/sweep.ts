import { Histogram } from '../histogram.ts'

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
  /** How late the sweeps came, in seconds: the event loop was busy for so long. */
  readonly lag = new Histogram([0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5])
  readonly #everyMs: number
  readonly #watched = new Set<Swept>()
  readonly #timer: NodeJS.Timeout

  constructor(everyMs: number) {
    this.#everyMs = everyMs
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
    const before = this.now
    this.now = performance.now()
    this.lag.observe(Math.max(0, this.now - before - this.#everyMs) / 1000)
    for (const swept of this.#watched) if (swept.deadline <= this.now) swept.expire()
  }
}
