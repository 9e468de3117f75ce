import type { SecureContext } from 'node:tls'
import { trustedContext } from '../net/tls-options.ts'

/** The start of the proxy takes less. */
const readAfterMs = 100

/**
 * The roots that verify origins' certificates. To read some 150 roots takes longer than a handshake. They are read once for
 * all connections, and after the start, so that the proxy listens sooner.
 */
export class Trust {
  readonly #roots: readonly string[]
  readonly #timer: NodeJS.Timeout
  #context: SecureContext | undefined

  constructor(roots: readonly string[]) {
    this.#roots = roots
    this.#timer = setTimeout(() => this.context, readAfterMs)
    this.#timer.unref()
  }

  get context(): SecureContext {
    clearTimeout(this.#timer)
    this.#context ??= trustedContext(this.#roots)
    return this.#context
  }

  stop(): void {
    clearTimeout(this.#timer)
  }
}
