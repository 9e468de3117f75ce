const empty = Buffer.alloc(0)

/**
 * Bytes of a line or a head that is not yet whole, in a buffer that doubles: a peer that sends single bytes costs one
 * copy of each, and does not keep a large read buffer alive for each.
 */
export class HeldBytes {
  #buffer = empty
  #length = 0

  get length(): number {
    return this.#length
  }

  /** Everything held, `chunk` included. Valid until the next call. */
  append(chunk: Buffer): Buffer {
    const length = this.#length + chunk.length
    if (this.#buffer.length < length) {
      const grown = Buffer.allocUnsafe(Math.max(1_024, length, this.#buffer.length * 2))
      this.#buffer.copy(grown, 0, 0, this.#length)
      this.#buffer = grown
    }
    chunk.copy(this.#buffer, this.#length)
    this.#length = length
    return this.#buffer.subarray(0, length)
  }

  clear(): void {
    this.#buffer = empty
    this.#length = 0
  }
}
