import { HallpassError } from '../errors.ts'
import type { SealId } from './seal.ts'
import type { SessionTraits } from './session-traits.ts'
import type { Uptime } from './uptime.ts'

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

export type RecordId = SealId

export interface StoredRecord {
  /** Grows by one with every write. */
  readonly version: number
  /** Frozen, because all readers of the record share it. */
  readonly value: Json
}

/** Computes the new value of a record; undefined deletes it. It must be pure, because it can run again. An exception rejects its own update only. */
export type Change = (value: Json | undefined) => Json | undefined

/** A record whose lock is held. */
export interface HeldRecord {
  /** As it was when the lock was taken. */
  readonly value: Json | undefined
  /** Durable when it resolves; several are allowed. */
  save(next: Json): Promise<void>
}

export interface SessionMetadata extends SessionTraits {
  readonly name: string
  /** Its own for ever. A session that is made again under the name has another. */
  readonly id: string
  /** Times are RFC 3339, UTC. */
  readonly createdAt: string
  readonly expiresAt?: string
  readonly lastUsedAt?: string
  /** Its life after its last use; after its making, if `renew` is false. A session that does not expire has neither. */
  readonly ttlSeconds?: number
  readonly renew?: boolean
  /**
   * Its end on the clock that runs since the start of the machine.
   * @internal
   */
  readonly endsAtUptime?: Uptime
}

/** Names of temporary sessions begin with it. */
export const temporaryPrefix = 'sess_'

/** Keeps sealed records. Throws `name-invalid` for a bad name. A record that cannot be opened is an error, and is never overwritten. */
export interface Records {
  /** The record as it is now, also after a change by another process. Costs one stat if nothing changed. */
  read(id: RecordId): Promise<StoredRecord | undefined>
  /**
   * Reads, changes and writes a record under its lock. Changes of this process that arrive during a write share the next one.
   * Resolves when the change is on disk, with the version of the record. Throws `session-missing` if the session was never written
   * or was removed meanwhile, and `not-saved` if the disk fails.
   */
  update(id: RecordId, change: Change): Promise<number>
  /**
   * Runs `work` under the record's lock; it may wait for a network. Updates of the record wait meanwhile, readers do not.
   * Throws `lock-timeout`; `save` throws as `update` does, also when another session has got the name meanwhile.
   */
  exclusive<T>(id: RecordId, work: (held: HeldRecord) => Promise<T>): Promise<T>
  /**
   * Changes with the record; undefined without one. It takes some microseconds, because it guards memoised plans.
   * Take it before you read the record, so that a change between the two shows.
   */
  stamp(id: RecordId): string | undefined
  /** Changes whenever a credential of the session is added, changed or removed, and when another session gets the name. */
  credentialsStamp(session: string): string
  /** The sites or credentials with a record, sorted. */
  names(session: string, kind: 'cookies' | 'storage' | 'health' | 'credential'): Promise<readonly string[]>
}

/** Keeps sessions and their records. */
export interface Store extends Records {
  sessions(): Promise<readonly string[]>
  readSession(name: string): Promise<SessionMetadata | undefined>
  /** The id of the session that has the name now. A look that follows a read shows whose record it was: an id never comes back. */
  sessionId(name: string): string | undefined
  /** Makes a session, unless there is one of that name. Returns the metadata of the one that has the name then. */
  addSession(session: SessionMetadata): Promise<SessionMetadata>
  /** Reads, changes and writes under the session's lock. It does not make a missing session. */
  updateSession(name: string, change: (session: SessionMetadata) => SessionMetadata): Promise<void>
  /**
   * Removes the session with all its records at once: a crash leaves all of it or nothing.
   * @param only the session stays unless this says yes, under its lock. It is called with the metadata of then
   * @returns whether a session was removed
   */
  removeSession(name: string, only?: (session: SessionMetadata) => boolean): Promise<boolean>
  /** Erases the rest of sessions whose removal a kill stopped. */
  finishRemovals(): Promise<void>
}

/** For a session that is held while it is removed. Another may have its name. */
export function sessionRemoved(session: string): HallpassError {
  return new HallpassError('session-missing', `the session "${session}" was removed`, {
    hint: 'hallpass session list',
  })
}

export function sessionExpired(session: string): HallpassError {
  // A temporary session has a random name, which nobody can choose.
  const named = session.startsWith(temporaryPrefix) ? '' : ` ${session}`
  return new HallpassError('session-missing', `the session "${session}" has expired`, {
    hint: `hallpass session create${named}`,
  })
}

export function sessionMissing(session: string): HallpassError {
  return new HallpassError('session-missing', `there is no session "${session}"`, {
    hint: 'hallpass session list',
  })
}
