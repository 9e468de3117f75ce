import { randomBytes } from 'node:crypto'
import { lstatSync, readdirSync } from 'node:fs'
import { rename, rm, rmdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { HallpassError } from '../errors.ts'
import { parseJsonObject } from '../json.ts'
import { CachedFiles } from './cached-files.ts'
import { notFinished, notRead, notSaved } from './disk-errors.ts'
import { deepFreeze } from './frozen.ts'
import { GroupCommit } from './group-commit.ts'
import type { Home } from './home.ts'
import type { KeyRing } from './keyring.ts'
import { discardLock, withLock } from './lock.ts'
import { checkFolders, hasErrno, isThere } from './own-files.ts'
import {
  credentialsFolder,
  profilesFolder,
  recordLock,
  recordPath,
  sessionFile,
  sessionFolder,
  sessionLock,
  windowLock,
} from './record-path.ts'
import { makeDurable, makeFolders, removeFile, replaceFile } from './replace-file.ts'
import { SaveCounts } from './save-counts.ts'
import { damaged } from './seal.ts'
import { credentialNames, sealedFilesOf, sessionNames, siteNames } from './sealed-files.ts'
import { formatSession, parseSession } from './session-metadata.ts'
import { isRacy, stampOf } from './stamp.ts'
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
import { TurnMemo } from './turn-memo.ts'

/** For folders of removed sessions until they are empty. No session can have such a name. */
const removedPrefix = '.removed-'

/** Sealed records as files of the state folder. All processes that use the folder share them. */
export class FileStore implements Store {
  readonly saves = new SaveCounts()
  readonly #home: Home
  readonly #keys: KeyRing
  readonly #records: CachedFiles<StoredRecord>
  readonly #metadata: CachedFiles<SessionMetadata>
  readonly #commits = new GroupCommit()
  readonly #stamps = new TurnMemo<string | undefined>()
  readonly #paths = new WeakMap<RecordId, string>()
  readonly #credentialStamps = new TurnMemo<string>()

  constructor(home: Home, keys: KeyRing) {
    this.#home = home
    this.#keys = keys
    this.#records = new CachedFiles(home.root)
    this.#metadata = new CachedFiles(home.root)
  }

  async read(id: RecordId): Promise<StoredRecord | undefined> {
    const path = recordPath(this.#home, id)
    try {
      return await this.#read(id, path)
    } catch (error) {
      throw notRead(path, error)
    }
  }

  async update(id: RecordId, change: Change): Promise<number> {
    const path = recordPath(this.#home, id)
    const lock = recordLock(this.#home, id)
    return this.#commits.add(path, change, (all) =>
      this.#saving(path, () => withLock(lock, () => this.#commit(id, path, all))),
    )
  }

  async exclusive<T>(id: RecordId, work: (held: HeldRecord) => Promise<T>): Promise<T> {
    const path = recordPath(this.#home, id)
    const run = async () => {
      const owner = this.#ownerOf(id)
      const value = (await this.read(id))?.value
      const save = async (next: Json) => {
        await this.#saving(path, () => this.#commit(id, path, () => next, owner))
      }
      return work({ value, save })
    }
    return withLock(recordLock(this.#home, id), run)
  }

  stamp(id: RecordId): string | undefined {
    const path = this.#pathOf(id)
    return this.#stamps.get(path, () => this.#records.stamp(path))
  }

  /** Computed once for each identity object. */
  #pathOf(id: RecordId): string {
    const known = this.#paths.get(id)
    if (known !== undefined) return known
    const path = recordPath(this.#home, id)
    this.#paths.set(id, path)
    return path
  }

  credentialsStamp(session: string): string {
    return this.#credentialStamps.get(session, () => this.#credentialsStampNow(session))
  }

  #credentialsStampNow(session: string): string {
    const owner = this.sessionId(session) ?? 'none'
    const folder = credentialsFolder(this.#home, session)
    const stat = lstatSync(folder, { bigint: true, throwIfNoEntry: false })
    if (stat === undefined) return owner
    // Each write renames a file into the folder, which changes the folder's stat.
    if (!isRacy(stat)) return `${owner} ${stampOf(stat)}`
    const each = credentialNames(this.#home, session).map((name) =>
      this.stamp({ kind: 'credential', session, name }),
    )
    return [owner, stampOf(stat), ...each].join()
  }

  async names(
    session: string,
    kind: 'cookies' | 'storage' | 'health' | 'credential',
  ): Promise<readonly string[]> {
    if (kind === 'credential') return credentialNames(this.#home, session)
    return siteNames(this.#home, session).filter((name) =>
      isThere(recordPath(this.#home, { kind, session, name })),
    )
  }

  async sessions(): Promise<readonly string[]> {
    return sessionNames(this.#home).filter((name) => isThere(sessionFile(this.#home, name)))
  }

  async readSession(name: string): Promise<SessionMetadata | undefined> {
    try {
      return this.#session(name)
    } catch (error) {
      throw notRead(sessionFile(this.#home, name), error)
    }
  }

  sessionId(name: string): string | undefined {
    try {
      return this.#session(name)?.id
    } catch (error) {
      throw notRead(sessionFile(this.#home, name), error)
    }
  }

  #session(name: string): SessionMetadata | undefined {
    const file = sessionFile(this.#home, name)
    return this.#metadata.read(file, (text) => parseSession(text, name, file))
  }

  async addSession(session: SessionMetadata): Promise<SessionMetadata> {
    const file = sessionFile(this.#home, session.name)
    return this.#saving(file, () =>
      withLock(sessionLock(this.#home, session.name), async () => {
        const there = this.#session(session.name)
        if (there !== undefined) return there
        await makeFolders(this.#home.root, dirname(file))
        await replaceFile(file, formatSession(session))
        return session
      }),
    )
  }

  async updateSession(name: string, change: (session: SessionMetadata) => SessionMetadata): Promise<void> {
    const file = sessionFile(this.#home, name)
    await this.#saving(file, () =>
      withLock(sessionLock(this.#home, name), async () => {
        const session = this.#session(name)
        if (session !== undefined) await replaceFile(file, formatSession(change(session)))
      }),
    )
  }

  async removeSession(name: string, only?: (session: SessionMetadata) => boolean): Promise<boolean> {
    const folder = sessionFolder(this.#home, name)
    const lock = sessionLock(this.#home, name)
    let removed = false
    try {
      const locks = [...sealedFilesOf(this.#home, name)].map((id) => recordLock(this.#home, id))
      await withLock(lock, async () => {
        if (only !== undefined) {
          const session = this.#session(name)
          if (session === undefined || !only(session)) return
        }
        const aside = join(this.#home.sessions, removedPrefix + randomBytes(8).toString('hex'))
        // Browsers keep cookies and pages there, unsealed. First: after a kill in between, the next session of the name must not find it.
        await rename(profilesFolder(this.#home, name), `${aside}-profiles`).catch(unlessGone)
        removed = await rename(folder, aside).then(() => true, unlessGone)
        await makeDurable(this.#home.sessions, `${folder} is removed`)
      })
      await this.finishRemovals()
      if (removed) for (const file of [...locks, lock, windowLock(this.#home, name)]) discardLock(file)
      return removed
    } catch (error) {
      if (!removed) throw notSaved(folder, error)
      throw notFinished(`${folder} is removed, but some of its files could not be erased`, error)
    }
  }

  async finishRemovals(): Promise<void> {
    const removed = readdirSync(this.#home.sessions).filter((name) => name.startsWith(removedPrefix))
    // An open browser still writes into its profile for a moment.
    const options = { recursive: true, force: true, maxRetries: 5 }
    for (const name of removed) await rm(join(this.#home.sessions, name), options)
  }

  async #read(id: RecordId, path: string): Promise<StoredRecord | undefined> {
    const decode = (text: string) => decodeRecord(this.#keys.open(id, text, path), path)
    try {
      return this.#records.read(path, decode)
    } catch (error) {
      if (!(error instanceof HallpassError) || error.code !== 'record-foreign-key') throw error
      // Another process may have rotated the key since.
      await this.#keys.reread()
      return this.#records.read(path, decode)
    }
  }

  /**
   * Runs in the record's lock. Returns the new version.
   * @param held the session that had the name when the caller took the lock. Without it, the change is for the session that has it now
   */
  async #commit(id: RecordId, path: string, change: Change, held?: string): Promise<number> {
    let now: string | undefined
    let before: StoredRecord | undefined
    // Another session can get the name meanwhile. Its changes must not find the record of the removed one, or fail with its write.
    do {
      now = this.#ownerOf(id)
      before = await this.#read(id, path)
    } while (this.#ownerOf(id) !== now)
    const owner = held ?? now
    const value = change(before?.value)
    if (value === undefined) return before === undefined ? 0 : this.#remove(id, owner, path, before)
    const json = JSON.stringify(value)
    if (before !== undefined && JSON.stringify(before.value) === json) return before.version
    const version = (before?.version ?? 0) + 1
    await this.#keys.reread()
    const sealed = this.#keys.seal(id, Buffer.from(`{"version":${version},"value":${json}}`))
    await this.saves.time(id.kind, () => this.#write(id, owner, path, sealed))
    return version
  }

  async #write(id: RecordId, owner: string | undefined, path: string, sealed: string): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const folder = this.#folderOf(id)
      try {
        await makeFolders(folder, dirname(path))
        return await replaceFile(path, sealed, () => this.#checkOwner(id, owner))
      } catch (error) {
        // The folder was removed meanwhile, with its last record or with its session.
        if (attempt === 3 || !hasErrno(error, 'ENOENT')) throw error
      }
    }
  }

  /** The folder that must already exist: a late capture must not bring a removed session back. */
  #folderOf({ kind, session }: RecordId): string {
    if (kind === 'ca') return this.#home.root
    const folder = sessionFolder(this.#home, session)
    if (checkFolders(this.#home.root, folder) && isThere(sessionFile(this.#home, session))) return folder
    throw sessionMissing(session)
  }

  #checkOwner(id: RecordId, owner: string | undefined): void {
    if (this.#ownerOf(id) !== owner) throw sessionRemoved(id.session)
  }

  #ownerOf({ kind, session }: RecordId): string | undefined {
    return kind === 'ca' ? undefined : this.#session(session)?.id
  }

  async #remove(
    id: RecordId,
    owner: string | undefined,
    path: string,
    before: StoredRecord,
  ): Promise<number> {
    const { kind } = id
    this.#checkOwner(id, owner)
    await removeFile(path)
    // The name of a site is browsing history. `rmdir` keeps a folder that is not empty.
    if (kind === 'cookies' || kind === 'storage' || kind === 'health')
      await rmdir(dirname(path)).catch(() => undefined)
    return before.version + 1
  }

  async #saving<T>(file: string, save: () => Promise<T>): Promise<T> {
    try {
      return await save()
    } catch (error) {
      throw notSaved(file, error)
    }
  }
}

function decodeRecord(plaintext: Buffer, path: string): StoredRecord {
  const record = parseJsonObject(plaintext.toString('utf8'))
  if (typeof record?.version !== 'number' || record.value === undefined) throw damaged(path)
  return deepFreeze({ version: record.version, value: record.value as Json })
}

function unlessGone(error: unknown): false {
  if (hasErrno(error, 'ENOENT')) return false
  throw error
}
