/** Something that must not last for ever. */
export interface Swept {
  /** When it expires, on the clock of `Sweep.now`; Infinity for never. */
  deadline: number
  expire(): void
}

/**
 * One coarse timer for every deadline of the proxy. A timer per request costs more than a small request's whole head, and
 * nobody depends on the exact second at which a silent peer is let go.
 */
export class Sweep {
  /** Milliseconds, as of the last sweep: cheap enough to be read for every chunk. */
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
