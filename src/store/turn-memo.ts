/**
 * Answers kept until this turn of the event loop is over. What comes within one turn was already under way when the
 * first of it was looked at, so nobody can tell the difference; a stat for each of fifty requests can be told. A change
 * of our own is on disk some turns before anybody hears of it.
 */
export class TurnMemo<T> {
  readonly #answers = new Map<string, T>()

  get(key: string, look: () => T): T {
    const known = this.#answers.get(key)
    if (known !== undefined) return known
    const answer = look()
    if (this.#answers.size === 0) setImmediate(() => this.#answers.clear())
    this.#answers.set(key, answer)
    return answer
  }
}
