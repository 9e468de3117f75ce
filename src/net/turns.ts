/** Runs a limited number of jobs at the same time. The others wait in order, for a limited time. */
export class Turns {
  readonly #most: number
  readonly #patienceMs: number
  readonly #queue = new Set<() => void>()
  #running = 0

  constructor(most: number, patienceMs: number) {
    this.#most = most
    this.#patienceMs = patienceMs
  }

  /** Rejects with `late()` if no turn comes in time: the work is then not begun. */
  async run<T>(work: () => Promise<T>, late: () => Error): Promise<T> {
    if (this.#running >= this.#most) await this.#turn(late)
    else this.#running += 1
    try {
      return await work()
    } finally {
      // The turn goes on to the first in the queue, so nobody who comes now overtakes it.
      const [next] = this.#queue
      if (next === undefined) this.#running -= 1
      else next()
    }
  }

  async #turn(late: () => Error): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const go = () => {
      this.#queue.delete(go)
      resolve()
    }
    const timer = setTimeout(() => {
      this.#queue.delete(go)
      reject(late())
    }, this.#patienceMs)
    timer.unref()
    this.#queue.add(go)
    await promise
    clearTimeout(timer)
  }
}
