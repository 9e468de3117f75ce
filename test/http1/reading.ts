/** A reader's result for the bytes of one connection: whole messages, then how it went on. Text is latin1. */
export interface Reading<M> {
  readonly messages: readonly M[]
  /**
   * `clean`: the bytes ended where a message ended, or behind the last one the connection may carry. `incomplete`: they
   * ended inside one. `refused`: something was not accepted, and nothing after it counts.
   */
  readonly outcome: 'clean' | 'incomplete' | 'refused'
  readonly reason: string
}

export interface RequestMessage {
  readonly method: string
  readonly target: string
  readonly minor: number
  /** Name, value, name, value, … as sent. */
  readonly fields: readonly string[]
  readonly body: string
  readonly trailers: readonly string[]
}

export interface ResponseMessage {
  readonly status: number
  readonly reason: string
  readonly minor: number
  readonly fields: readonly string[]
  readonly body: string
  readonly trailers: readonly string[]
}
