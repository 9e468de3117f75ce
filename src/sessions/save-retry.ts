/** Soon, for a disk that was full for a moment. */
const firstDelayMs = 250
/** Later tries must not keep a full disk busy. */
const lastDelayMs = 30_000

/** Tries again to save after the disk failed, at growing intervals, until everything is saved. */
export class SaveRetry {
  readonly #tryAgain: () => void
  #delayMs = firstDelayMs
  #timer: NodeJS.Timeout | undefined

  constructor(tryAgain: () => void) {
    this.#tryAgain = tryAgain
  }

  /** The disk failed: tries again after the next interval. */
  failed(): void {
    this.stop()
    this.#timer = setTimeout(this.#tryAgain, this.#delayMs)
    // A process that has nothing else to do need not wait for the disk.
    this.#timer.unref()
    this.#delayMs = Math.min(this.#delayMs * 2, lastDelayMs)
  }

  /** The next failure starts with the shortest interval again. */
  saved(): void {
    this.stop()
    this.#delayMs = firstDelayMs
  }

  stop(): void {
    clearTimeout(this.#timer)
  }
}
