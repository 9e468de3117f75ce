import { chunkedContent } from '../http1/chunked-content.ts'
import type { Framing } from '../http1/framing.ts'
import { HeldBytes } from '../http1/held-bytes.ts'

const empty = Buffer.alloc(0)

/**
 * What has come of a request's body, as long as it is no more than `maxBytes`: to be sent a second time, or to be signed
 * before it is sent the first time. Counted as it came, chunk framing included: in chunks of one byte that is most of it.
 */
export class HeldBody {
  /** Everything that has come, as it came. */
  bytes: Buffer = empty
  /** Whether it is here. */
  whole: boolean
  readonly #framing: Framing
  readonly #maxBytes: number
  readonly #held = new HeldBytes()

  constructor(framing: Framing, maxBytes: number) {
    this.#framing = framing
    this.#maxBytes = maxBytes
    this.whole = framing.kind === 'length' ? framing.length <= maxBytes : maxBytes > 0
  }

  /** What it says, once all of it has come. */
  get content(): Buffer {
    return this.#framing.kind === 'chunked' ? chunkedContent(this.bytes) : this.bytes
  }

  /** Copies: many small reads would cost many times their bytes. What is too much lets go of everything. */
  keep(parts: readonly Buffer[]): void {
    for (const part of parts) {
      if (!this.whole) return
      if (this.bytes.length + part.length <= this.#maxBytes) this.bytes = this.#held.append(part)
      else this.#letGo()
    }
  }

  #letGo(): void {
    this.whole = false
    this.#held.clear()
    this.bytes = empty
  }
}
