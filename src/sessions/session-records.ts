import {
  type Change,
  type HeldRecord,
  type RecordId,
  type Records,
  type SessionMetadata,
  type Store,
  type StoredRecord,
  sessionRemoved,
} from '../store/store.ts'

/**
 * The records of one session, for as long as it has its name. After that, reading and writing throw `session-missing`. Attack: a
 * connection of a removed session, or a late answer to it, would reach the records of another session with the name.
 */
export class SessionRecords implements Records {
  readonly #store: Store
  readonly #name: string
  readonly #id: string

  constructor(store: Store, { name, id }: SessionMetadata) {
    this.#store = store
    this.#name = name
    this.#id = id
  }

  async read(id: RecordId): Promise<StoredRecord | undefined> {
    const record = await this.#store.read(id)
    this.#check()
    return record
  }

  update(id: RecordId, change: Change): Promise<number> {
    return this.#store.update(id, (value) => {
      this.#check()
      return change(value)
    })
  }

  exclusive<T>(id: RecordId, work: (held: HeldRecord) => Promise<T>): Promise<T> {
    return this.#store.exclusive(id, async (held) => {
      this.#check()
      return work(held)
    })
  }

  stamp(id: RecordId): string | undefined {
    return this.#store.stamp(id)
  }

  credentialsStamp(session: string): string {
    return this.#store.credentialsStamp(session)
  }

  async names(
    session: string,
    kind: 'cookies' | 'storage' | 'health' | 'credential',
  ): Promise<readonly string[]> {
    const names = await this.#store.names(session, kind)
    this.#check()
    return names
  }

  #check(): void {
    if (this.#store.sessionId(this.#name) !== this.#id) throw sessionRemoved(this.#name)
  }
}
