import type { Log } from '../log.ts'
import type { RequestDestination } from './agreement.ts'
import { authorityOf } from './origin.ts'

/** The log entry of one request: notes come on the way, and the entry is written at the end. */
export class RequestLog {
  readonly #log: Log
  readonly #session: string
  readonly #method: string
  readonly #startedAt = performance.now()
  #note: string | undefined

  constructor(log: Log, session: string, method: string) {
    this.#log = log
    this.#session = session
    this.#method = method
  }

  note(text: string): void {
    this.#note = this.#note === undefined ? text : `${this.#note}, ${text}`
  }

  /** `attached` and `captured` are names: the log holds no values. */
  write(
    status: number,
    destination: RequestDestination | undefined,
    attached: readonly string[],
    captured: readonly string[],
  ): void {
    const [path = ''] = (destination?.target ?? '').split('?', 1)
    this.#log.request({
      session: this.#session,
      method: this.#method,
      host: destination === undefined ? '' : authorityOf(destination.origin),
      path,
      status,
      ms: Math.round(performance.now() - this.#startedAt),
      attached,
      captured,
      ...(this.#note === undefined ? {} : { note: this.#note }),
    })
  }
}
