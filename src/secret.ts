import { createHash, timingSafeEqual } from 'node:crypto'
import { inspect } from 'node:util'

const placeholder = '[secret]'

/**
 * A value that nobody may see. It prints as a placeholder when it is interpolated, inspected, serialised or logged. Only `reveal()`
 * returns it, so one search finds every place where a secret leaves its wrapper.
 */
export class Secret {
  readonly #value: string

  constructor(value: string) {
    this.#value = value
  }

  reveal(): string {
    return this.#value
  }

  /** Four hex digits of SHA-256: enough to see that a value changed, too few to test a guess against. */
  fingerprint(): string {
    return createHash('sha256').update(this.#value).digest('hex').slice(0, 4)
  }

  /** Takes the same time wherever the values differ. Attack: guess a client token byte by byte. */
  equals(other: string): boolean {
    const digest = (value: string) => createHash('sha256').update(value).digest()
    return timingSafeEqual(digest(this.#value), digest(other))
  }

  toString(): string {
    return placeholder
  }

  toJSON(): string {
    return placeholder
  }

  [inspect.custom](): string {
    return placeholder
  }
}
