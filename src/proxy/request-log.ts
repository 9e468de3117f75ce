import type { RequestDestination } from './agreement.ts'
import type { Finished } from './counts.ts'
import type { Client, Engine } from './engine.ts'
import { authorityOf } from './origin.ts'

/** Notes come on the way of one request. Its end goes to the log, to the report of its client, and to the counts of the proxy. */
export class RequestLog {
  readonly #engine: Engine
  readonly #client: Client
  readonly #method: string
  readonly #startedAt = performance.now()
  #note: string | undefined

  constructor(engine: Engine, client: Client, method: string) {
    this.#engine = engine
    this.#client = client
    this.#method = method
  }

  note(text: string): void {
    this.#note = this.#note === undefined ? text : `${this.#note}, ${text}`
  }

  end(finished: Finished, destination: RequestDestination | undefined): void {
    const { status, attached, captured } = finished
    const { session, report } = this.#client
    const ms = performance.now() - this.#startedAt
    report.request(attached)
    if (destination !== undefined) report.captured(destination.origin.host, captured)
    this.#engine.counts.finished(finished, ms)
    const [path = ''] = (destination?.target ?? '').split('?', 1)
    this.#engine.log.request({
      session: session.name,
      method: this.#method,
      host: destination === undefined ? '' : authorityOf(destination.origin),
      path,
      status,
      ms: Math.round(ms),
      attached,
      captured,
      ...(this.#note === undefined ? {} : { note: this.#note }),
    })
  }
}
