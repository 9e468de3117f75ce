import { HallpassError } from '../errors.ts'
import { deepFreeze } from './frozen.ts'
import { defaultTimeoutMs, enter, type Line, leave } from './line.ts'
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
  /** By record. */
  readonly #lines = new Map<string, Line>()

  async read(id: RecordId): Promise<StoredRecord | undefined> {
    return this.#kept(id)?.record
  }

  async update(id: RecordId, change: Change): Promise<number> {
    // It waits its turn between two holders, never inside the work of one.
    if (this.#lines.has(fullKeyOf(id))) return this.exclusive(id, async () => this.#update(id, change))
    return this.#update(id, change)
  }

  async exclusive<T>(id: RecordId, work: (held: HeldRecord) => Promise<T>): Promise<T> {
    const key = fullKeyOf(id)
    const caller = { key, timeoutMs: defaultTimeoutMs, arrival: performance.now() }
    const line = await enter(this.#lines, caller, heldTooLong)
    line.lastMove = performance.now()
    try {
      const value = this.#kept(id)?.record.value
      const owner = this.#sessions.get(id.session)
      const save = async (next: Json) => {
        if (this.#sessions.get(id.session) !== owner) throw sessionRemoved(id.session)
        this.#update(id, () => next)
      }
      return await work({ value, save })
    } finally {
      line.lastMove = performance.now()
      leave(this.#lines, key, line)
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

  async names(
    session: string,
    kind: 'cookies' | 'storage' | 'health' | 'credential',
  ): Promise<readonly string[]> {
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

  async removeSession(name: string, only?: (session: SessionMetadata) => boolean): Promise<boolean> {
    const session = this.#sessions.get(checkName('session', name))
    if (session === undefined || only?.(session.metadata) === false) return false
    return this.#sessions.delete(name)
  }

  async finishRemovals(): Promise<void> {
    // Nothing outlives its process.
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

function heldTooLong(key: string): HallpassError {
  return new HallpassError('lock-timeout', `the record ${key} was held for too long`)
}
