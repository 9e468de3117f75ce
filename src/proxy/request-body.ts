import type { RequestBody as SignedBody } from '../credentials/signer.ts'
import { type BodyPart, BodyReader } from '../http1/body-reader.ts'
import type { Framing } from '../http1/framing.ts'
import { HeldBody } from './held-body.ts'

/** A request's body on its way: parts that wait for a connection, and a copy to sign or to send again. */
export class RequestBody {
  /** A part has come from the client. */
  begun = false
  /** The whole body has come from the client. */
  done: boolean
  readonly absent: boolean
  readonly #framing: Framing
  readonly #reader: BodyReader | undefined
  #waiting: Buffer[] = []
  #held: HeldBody | undefined
  #gathered: (() => void) | undefined

  constructor(framing: Framing) {
    this.#framing = framing
    this.absent = framing.kind === 'none' || (framing.kind === 'length' && framing.length === 0)
    this.done = this.absent
    this.#reader = this.absent ? undefined : new BodyReader(framing)
  }

  /** Reads the body's part of a chunk. The caller passes it to `keep`, `wait` or `gather`. */
  read(chunk: Buffer): BodyPart {
    const part = this.#reader?.push(chunk) ?? { out: [], used: 0, done: true }
    this.begun = true
    this.done = part.done
    return part
  }

  /** Takes parts that the caller sends at once. */
  keep(parts: readonly Buffer[]): void {
    this.#held?.keep(parts)
  }

  /** Takes parts for which there is no connection yet. */
  wait(parts: readonly Buffer[]): void {
    this.#held?.keep(parts)
    this.#waiting.push(...parts)
  }

  /** The parts to send behind the head. */
  takeWaiting(): readonly Buffer[] {
    const parts = this.#waiting
    this.#waiting = []
    return parts
  }

  /** Holds a copy from now on, while the body is small enough. */
  hold(maxBytes: number): void {
    if (this.absent || this.#held !== undefined) return
    this.#held = new HeldBody(this.#framing, maxBytes)
    this.#held.keep(this.#waiting)
  }

  /** Drops the copy: the body will not be sent again. */
  letGo(): void {
    this.#held = undefined
  }

  get gathering(): boolean {
    return this.#gathered !== undefined
  }

  /** Whether the whole body is here, or is too large to wait for. */
  get settled(): boolean {
    return this.done || this.#held?.whole !== true
  }

  /** Waits for `settled`. It resumes in a microtask, after the current chunk is read to its end. */
  async settle(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#gathered = resolve
    })
  }

  /** Takes parts that must be here before the head goes. */
  gather(parts: readonly Buffer[]): void {
    const before = this.#held?.bytes ?? Buffer.alloc(0)
    this.#held?.keep(parts)
    if (!this.settled) return
    this.#waiting = this.#held?.whole === true ? [this.#held.bytes] : [before, ...parts]
    this.#gathered?.()
    this.#gathered = undefined
  }

  /** The body as signers read it. */
  get signed(): SignedBody {
    if (this.absent) return 'absent'
    return this.#held?.whole === true && this.done ? { held: this.#held.content } : 'not-held'
  }

  /** Whether a sent request can be sent again. */
  get repeatable(): boolean {
    return this.absent || !this.begun || this.#held?.whole === true
  }

  /** Prepares the copy to be sent again. */
  repeat(): void {
    this.#waiting = this.#held === undefined ? [] : [this.#held.bytes]
  }
}
