import type { RequestBody as SignedBody } from '../credentials/signer.ts'
import { type BodyPart, BodyReader } from '../http1/body-reader.ts'
import type { Framing } from '../http1/framing.ts'
import { HeldBody } from './held-body.ts'

/** A request's body on its way: what of it waits for a connection, and what is kept to be signed or to be sent again. */
export class RequestBody {
  /** Some of it has come from the client. */
  begun = false
  /** All of it has come from the client. */
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

  /** The part of it in a chunk from the client; it has to be passed to one of `keep`, `wait` and `gather` then. */
  read(chunk: Buffer): BodyPart {
    const part = this.#reader?.push(chunk) ?? { out: [], used: 0, done: true }
    this.begun = true
    this.done = part.done
    return part
  }

  /** Takes parts that are sent at once. */
  keep(parts: readonly Buffer[]): void {
    this.#held?.keep(parts)
  }

  /** Takes parts for which there is no connection yet. */
  wait(parts: readonly Buffer[]): void {
    this.#held?.keep(parts)
    this.#waiting.push(...parts)
  }

  /** What is to be sent behind the head. */
  takeWaiting(): readonly Buffer[] {
    const parts = this.#waiting
    this.#waiting = []
    return parts
  }

  /** From now on it is held, as long as it is small enough. */
  hold(maxBytes: number): void {
    if (this.absent || this.#held !== undefined) return
    this.#held = new HeldBody(this.#framing, maxBytes)
    this.#held.keep(this.#waiting)
  }

  /** It will be sent no more. */
  letGo(): void {
    this.#held = undefined
  }

  get gathering(): boolean {
    return this.#gathered !== undefined
  }

  /** Whether it is all here, or so large that it is not waited for. */
  get settled(): boolean {
    return this.done || this.#held?.whole !== true
  }

  /** Settles when it is all here, or too large to be held. The microtask matters: a chunk is read to its end before. */
  async settle(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#gathered = resolve
    })
  }

  /** Takes parts that have to be here before the head goes. */
  gather(parts: readonly Buffer[]): void {
    const before = this.#held?.bytes ?? Buffer.alloc(0)
    this.#held?.keep(parts)
    if (!this.settled) return
    this.#waiting = this.#held?.whole === true ? [this.#held.bytes] : [before, ...parts]
    this.#gathered?.()
    this.#gathered = undefined
  }

  /** As signatures see it. */
  get signed(): SignedBody {
    if (this.absent) return 'absent'
    return this.#held?.whole === true && this.done ? { held: this.#held.content } : 'not-held'
  }

  /** Whether a request that has been sent can be sent once more. */
  get repeatable(): boolean {
    return this.absent || !this.begun || this.#held?.whole === true
  }

  /** What was sent is to be sent once more. */
  repeat(): void {
    this.#waiting = this.#held === undefined ? [] : [this.#held.bytes]
  }
}
