import { HallpassError } from '../errors.ts'
import { deepFreeze } from './frozen.ts'
import { defaultTimeoutMs } from './lock.ts'
import { checkName } from './names.ts'
import { checkRecordId } from './record-path.ts'
import {
  type Change,
  type HeldRecord,
  type Json,
  type RecordId,
  type SessionMetadata,
  type Store,
  type StoredRecord,
  sessionMissing,
  sessionRemoved,
} from './store.ts'

interface Kept {
  readonly id: RecordId
  readonly record: StoredRecord
  readonly stamp: string
}

interface MemorySession {
  metadata: SessionMetadata
  credentialsStamp: string
  readonly records: Map<string, Kept>
}

/** Keeps records in memory, for a process that writes nothing to disk. */
export class MemoryStore implements Store {
  readonly #sessions = new Map<string, MemorySession>()
  /** Records of no session. */
  readonly #shared = new Map<string, Kept>()
  #changes = 0
  /** By record: the end of its last holder, or of the last that waits. */
  readonly #holders = new Map<string, Promise<void>>()

  async read(id: RecordId): Promise<StoredRecord | undefined> {
    return this.#kept(id)?.record
  }

  async update(id: RecordId, change: Change): Promise<number> {
    // It waits its turn between two holders, never inside the work of one.
    if (this.#holders.has(fullKeyOf(id))) return this.exclusive(id, async () => this.#update(id, change))
    return this.#update(id, change)
  }

  async exclusive<T>(id: RecordId, work: (held: HeldRecord) => Promise<T>): Promise<T> {
    const key = fullKeyOf(id)
    const before = this.#holders.get(key)
    const { promise: over, resolve: leave } = Promise.withResolvers<void>()
    const turn = Promise.resolve(before).then(() => over)
    this.#holders.set(key, turn)
    void turn.then(() => this.#holders.get(key) === turn && this.#holders.delete(key))
    try {
      if (before !== undefined) await patience(before, key)
      const value = this.#kept(id)?.record.value
      const owner = this.#sessions.get(id.session)
      const save = async (next: Json) => {
        if (this.#sessions.get(id.session) !== owner) throw sessionRemoved(id.session)
        this.#update(id, () => next)
      }
      return await work({ value, save })
    } finally {
      leave()
    }
  }

  #update(id: RecordId, change: Change): number {
    const before = this.#kept(id)?.record
    const value = change(before?.value)
    if (value === undefined && before === undefined) return 0
    const json = JSON.stringify(value)
    if (before !== undefined && JSON.stringify(before.value) === json) return before.version
    const records = this.#recordsFor(id)
    const version = (before?.version ?? 0) + 1
    const stamp = `${++this.#changes}`
    if (value === undefined) records.delete(keyOf(id))
    else records.set(keyOf(id), { id, record: deepFreeze({ version, value: JSON.parse(json) }), stamp })
    const session = this.#sessions.get(id.session)
    if (session !== undefined && id.kind === 'credential') session.credentialsStamp = stamp
    return version
  }

  stamp(id: RecordId): string | undefined {
    return this.#kept(id)?.stamp
  }

  credentialsStamp(session: string): string {
    const { metadata, credentialsStamp } = this.#sessions.get(checkName('session', session)) ?? {}
    return `${metadata?.id ?? 'none'} ${credentialsStamp ?? ''}`
  }

  async names(session: string, kind: 'cookies' | 'storage' | 'credential'): Promise<readonly string[]> {
    const records = this.#sessions.get(checkName('session', session))?.records.values() ?? []
    return [...records]
      .filter(({ id }) => id.kind === kind)
      .map(({ id }) => id.name)
      .sort()
  }

  async sessions(): Promise<readonly string[]> {
    return [...this.#sessions.keys()].sort()
  }

  async readSession(name: string): Promise<SessionMetadata | undefined> {
    return this.#sessions.get(checkName('session', name))?.metadata
  }

  sessionId(name: string): string | undefined {
    return this.#sessions.get(checkName('session', name))?.metadata.id
  }

  async addSession(session: SessionMetadata): Promise<SessionMetadata> {
    const name = checkName('session', session.name)
    const there = this.#sessions.get(name)?.metadata
    if (there !== undefined) return there
    const metadata = Object.freeze({ ...session })
    this.#sessions.set(name, { metadata, credentialsStamp: 'none', records: new Map() })
    return metadata
  }

  async updateSession(name: string, change: (session: SessionMetadata) => SessionMetadata): Promise<void> {
    const session = this.#sessions.get(checkName('session', name))
    if (session !== undefined) session.metadata = Object.freeze({ ...change(session.metadata) })
  }

  async removeSession(name: string, id?: string): Promise<void> {
    if (id === undefined || this.sessionId(name) === id) this.#sessions.delete(checkName('session', name))
  }

  #kept(id: RecordId): Kept | undefined {
    checkRecordId(id)
    const records = id.kind === 'ca' ? this.#shared : this.#sessions.get(id.session)?.records
    return records?.get(keyOf(id))
  }

  #recordsFor(id: RecordId): Map<string, Kept> {
    const records = id.kind === 'ca' ? this.#shared : this.#sessions.get(id.session)?.records
    if (records) return records
    throw sessionMissing(id.session)
  }
}

function keyOf({ kind, name }: RecordId): string {
  return `${kind} ${name}`
}

function fullKeyOf(id: RecordId): string {
  return `${id.session} ${keyOf(id)}`
}

/** Waits for `turn`. Throws `lock-timeout` if that takes too long. */
async function patience(turn: Promise<void>, what: string): Promise<void> {
  const { promise: gaveUp, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(
    () => reject(new HallpassError('lock-timeout', `the record ${what} was held for too long`)),
    defaultTimeoutMs,
  )
  try {
    await Promise.race([turn, gaveUp])
  } finally {
    clearTimeout(timer)
  }
}
