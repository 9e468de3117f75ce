import { HallpassError } from '../errors.ts'
import { endAfter, endIn, expiryOf, isOver, type LifeClock, laterOf } from '../store/session-end.ts'
import { type SessionMetadata, type Store, sessionExpired, sessionRemoved } from '../store/store.ts'
import { checkSeconds, maxTtlSeconds } from './create-options.ts'

/** The time of the last use is exact to the minute, or to a tenth of a shorter life. A write for each request would cost too much. */
const noteEveryMs = 60_000

/** Before this time, in milliseconds since 1970, no other use is noted. undefined for a session that was never used. */
export function nextNoteAt({ lastUsedAt, ttlSeconds = Number.POSITIVE_INFINITY }: SessionMetadata) {
  if (lastUsedAt === undefined) return undefined
  return Date.parse(lastUsedAt) + Math.min(noteEveryMs, ttlSeconds * 100)
}

/** The life of one session: when it was used, and when it ends. */
export class SessionLife {
  readonly #store: Store
  readonly #clock: LifeClock
  #metadata: SessionMetadata
  #expiresAt = 0
  /** A use outside of this time is noted. A clock that was set back is outside, too. */
  #notedAt = 0
  #noteAt = 0

  constructor(metadata: SessionMetadata, store: Store, clock: LifeClock) {
    this.#store = store
    this.#clock = clock
    this.#metadata = metadata
    this.adopt(metadata)
  }

  get metadata(): SessionMetadata {
    return this.#metadata
  }

  /** Takes over metadata that another process may have changed. */
  adopt(metadata: SessionMetadata): void {
    this.#metadata = metadata
    this.#expiresAt = expiryOf(metadata)
    const { lastUsedAt } = metadata
    this.#notedAt = lastUsedAt === undefined ? 0 : Date.parse(lastUsedAt)
    this.#noteAt = nextNoteAt(metadata) ?? 0
  }

  /** Every request asks this, so the clock decides alone until it says that the life is over. */
  isOver(now: number): boolean {
    return now >= this.#expiresAt && isOver(this.#metadata, this.#clock)
  }

  /** The error for a session that has no life left. */
  gone(now: number): HallpassError {
    const { name } = this.#metadata
    return this.isOver(now) ? sessionExpired(name) : sessionRemoved(name)
  }

  /** Notes a use, soon and now and then: nobody waits for it, and a full disk keeps nobody out. */
  used(now: number): void {
    if (now >= this.#notedAt && now < this.#noteAt) return
    const before = this.#metadata
    // At once, so that the uses until it is written write nothing.
    this.adopt({ ...before, lastUsedAt: new Date(now).toISOString() })
    this.#change((written) => ({ ...written, ...this.#use(written) })).catch(
      () => 'the time of last use is not worth an error',
    )
  }

  /** Notes a use now. Throws `session-missing`. */
  async touch(): Promise<SessionMetadata> {
    return this.#change((written) => ({ ...written, ...this.#use(written) }))
  }

  /** Moves the end. Throws `usage` for a session that does not expire, and `session-missing`. */
  async extend(additionalSeconds: number): Promise<SessionMetadata> {
    checkSeconds('the time to add', additionalSeconds)
    return this.#change((written) => {
      const { name, expiresAt } = written
      if (expiresAt === undefined) throw new HallpassError('usage', `the session "${name}" does not expire`)
      const end = endAfter(written, additionalSeconds, this.#clock)
      if (expiryOf(end) > this.#clock.now() + maxTtlSeconds * 1000)
        throw new HallpassError('usage', 'a session lives ten years at most')
      return { ...written, ...end }
    })
  }

  #use(written: SessionMetadata): Partial<SessionMetadata> {
    const lastUsedAt = new Date(this.#clock.now()).toISOString()
    const { ttlSeconds, renew } = written
    if (ttlSeconds === undefined || renew === false) return { lastUsedAt }
    return { lastUsedAt, ...laterOf(written, endIn(ttlSeconds, this.#clock)) }
  }

  /** An expired session does not come back to life, and another one of the name is not ours to change. */
  async #change(change: (written: SessionMetadata) => SessionMetadata): Promise<SessionMetadata> {
    const { name, id } = this.#metadata
    let changed: SessionMetadata | undefined
    await this.#store.updateSession(name, (written) => {
      if (written.id !== id) throw sessionRemoved(name)
      if (isOver(written, this.#clock)) throw sessionExpired(name)
      changed = change(written)
      return changed
    })
    if (changed === undefined) throw sessionRemoved(name)
    this.adopt(changed)
    return changed
  }
}
