/** Something that happened to a session. It has names of cookies and credentials, and no values. */
export type SessionEvent =
  | { readonly type: 'created' | 'expired' | 'evicted' | 'removed'; readonly session: string }
  | {
      readonly type: 'captured'
      readonly session: string
      readonly host: string
      /** Names, as on the wire. */
      readonly cookies: readonly string[]
    }
  | { readonly type: 'refreshed' | 'needs-login'; readonly session: string; readonly credential: string }

export interface NumberedEvent {
  /** Grows by one with each event. */
  readonly number: number
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly event: SessionEvent
}

/** An hour of a busy proxy. A reader that is farther behind must look at everything again. */
const maxHeld = 1000

/** A site could otherwise fill the memory with the names of its cookies. */
const maxNames = 20
const maxNameLength = 100

/** The last events of the sessions of this process. A reader asks for the event after the one that it has, so none waits in a queue. */
export class SessionEvents {
  readonly #now: () => number
  readonly #held: NumberedEvent[] = []
  readonly #waiting = new Set<() => void>()
  #last = 0

  constructor(now: () => number) {
    this.#now = now
  }

  /** The number of the last event. */
  get last(): number {
    return this.#last
  }

  emit(event: SessionEvent): void {
    this.#last++
    this.#held.push({ number: this.#last, at: this.#now(), event: bounded(event) })
    if (this.#held.length > maxHeld) this.#held.shift()
    for (const wake of this.#waiting) wake()
    this.#waiting.clear()
  }

  /** The first event after that number that is still held; undefined if it has not come yet. */
  after(number: number): NumberedEvent | undefined {
    const [oldest] = this.#held
    return oldest && this.#held[Math.max(0, number + 1 - oldest.number)]
  }

  /** Calls `wake` once, at the next event. The returned function takes that back. */
  onNext(wake: () => void): () => void {
    this.#waiting.add(wake)
    return () => {
      this.#waiting.delete(wake)
    }
  }
}

function bounded(event: SessionEvent): SessionEvent {
  if (event.type !== 'captured') return event
  const cookies = event.cookies.slice(0, maxNames).map((name) => name.slice(0, maxNameLength))
  return { ...event, cookies }
}
