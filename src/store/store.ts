import { HallpassError } from '../errors.ts'
import type { SealId } from './seal.ts'

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

export type RecordId = SealId

export interface StoredRecord {
  /** Grows by one with every write. */
  readonly version: number
  /** Frozen: it is shared with everybody who reads the record. */
  readonly value: Json
}

/** Computes the new value of a record, undefined to delete it. It may run again, so it must be pure; what it throws rejects its own update only. */
export type Change = (value: Json | undefined) => Json | undefined

/** A record whose lock is held. */
export interface HeldRecord {
  /** As it was when the lock was taken. */
  readonly value: Json | undefined
  /** Durable when it resolves; several are allowed. */
  save(next: Json): Promise<void>
}

export interface SessionMetadata {
  readonly name: string
  /** Times are RFC 3339, UTC. */
  readonly createdAt: string
  readonly expiresAt?: string
  readonly lastUsedAt?: string
}

/** Where sessions live. All names are checked: `name-invalid`. A record that cannot be opened is an error and stays as it is. */
export interface Store {
  /** The record as it is now, also after another process changed it. Unchanged costs one stat. */
  read(id: RecordId): Promise<StoredRecord | undefined>
  /**
   * Read-modify-write under the record's lock, re-reading inside it. Changes of this process that come while a write is under way
   * share the next. Resolves when the change is on disk, with the new version (unchanged when nothing changed).
   * Throws `session-missing` when the session was not written or was removed meanwhile; `not-saved` when the disk fails.
   */
  update(id: RecordId, change: Change): Promise<number>
  /**
   * Runs `work` under the record's lock, which no other process holds meanwhile: it may wait for a network. Readers are not kept
   * waiting, updates of the record are. Throws `lock-timeout`; `save` throws as `update` does.
   */
  exclusive<T>(id: RecordId, work: (held: HeldRecord) => Promise<T>): Promise<T>
  /**
   * Differs whenever the record does; undefined when there is none. Some microseconds: it guards memoised plans.
   * Take it before reading what it stands for: a change between the two is then seen.
   */
  stamp(id: RecordId): string | undefined
  /** Differs whenever a credential of the session was added, changed or removed. */
  credentialsStamp(session: string): string
  /** Sites or credentials of which the session has a record, sorted. */
  names(session: string, kind: 'cookies' | 'storage' | 'credential'): Promise<readonly string[]>
  sessions(): Promise<readonly string[]>
  readSession(name: string): Promise<SessionMetadata | undefined>
  writeSession(session: SessionMetadata): Promise<void>
  /** Read-modify-write under the session's lock; a session that is not there stays so. */
  updateSession(name: string, change: (session: SessionMetadata) => SessionMetadata): Promise<void>
  /** With everything in it, at once: a crash leaves all of the session or none of it. */
  removeSession(name: string): Promise<void>
}

export function sessionMissing(session: string): HallpassError {
  return new HallpassError('session-missing', `there is no session "${session}"`, {
    hint: 'hallpass session list',
  })
}
