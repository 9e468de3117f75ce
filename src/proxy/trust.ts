import type { SecureContext } from 'node:tls'
import { trustedContext } from '../net/tls-options.ts'

/** A start is through by then. */
const readAfterMs = 100

/**
 * What origins' certificates are verified with. Reading some 150 roots takes longer than a handshake: once for all
 * connections, and behind the start rather than in it, so that the proxy listens the sooner.
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
