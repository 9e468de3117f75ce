import { chunkedContent } from '../http1/chunked-content.ts'
import type { Framing } from '../http1/framing.ts'
import { HeldBytes } from '../http1/held-bytes.ts'

const empty = Buffer.alloc(0)

/**
 * The part of a request's body that has come, up to `maxBytes`: to send it again, or to sign it before it is sent. The
 * limit counts chunk framing too: with chunks of one byte, framing is most of the body.
 */
export class HeldBody {
  /** The bytes from the client, chunk framing included. */
  bytes: Buffer = empty
  /** Whether `bytes` holds every byte that has come. */
  whole: boolean
  readonly #framing: Framing
  readonly #maxBytes: number
  readonly #held = new HeldBytes()

  constructor(framing: Framing, maxBytes: number) {
    this.#framing = framing
    this.#maxBytes = maxBytes
    this.whole = framing.kind === 'length' ? framing.length <= maxBytes : maxBytes > 0
  }

  /** The content without chunk framing. Only valid when the whole body has come. */
  get content(): Buffer {
    return this.#framing.kind === 'chunked' ? chunkedContent(this.bytes) : this.bytes
  }

  /** Copies the parts: kept small reads would hold many times their bytes. Above the limit it drops everything. */
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
