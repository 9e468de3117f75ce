import { performance } from 'node:perf_hooks'

/**
 * Keeps answers until this turn of the event loop ends. All requests of one turn had arrived before the first look, so an answer is
 * fresh enough for all of them, and fifty requests cost one stat. A change of our own is on disk some turns before its caller
 * knows.
 */
export class TurnMemo<T> {
  readonly #answers = new Map<string, T>()
  #poll = 0

  get(key: string, look: () => T): T {
    // After a look in a timer or an immediate the loop polls, and a request may arrive, before our immediate runs.
    const { loopCount } = performance.nodeTiming.uvMetricsInfo
    if (loopCount !== this.#poll) this.#answers.clear()
    this.#poll = loopCount
    const known = this.#answers.get(key)
    if (known !== undefined) return known
    const answer = look()
    if (this.#answers.size === 0) setImmediate(() => this.#answers.clear())
    this.#answers.set(key, answer)
    return answer
  }
}
