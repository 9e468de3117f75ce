import { closeSync, constants, lstatSync, openSync, unlinkSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { HallpassError } from '../errors.ts'
import { checkOwn, hasErrno, isThere } from './own-files.ts'

/*
 * A kernel lock without native code: SQLite's fcntl lock on an empty file, gone with the process that held it.
 * POSIX drops all locks of a process on a file when it closes any descriptor of that file, so nothing in this process
 * may open a lock file but SQLite, which knows: lstat only.
 */

/** Longer than any write under a lock, token refreshes over a slow network included. */
export const defaultTimeoutMs = 30_000
/** Opening costs some 0.2 ms and a descriptor, locking 0.01 ms: the busiest stay open. */
const maxIdleConnections = 64
const sqliteBusy = 5
/**
 * Looking every millisecond costs 1 % of a core and soon catches the moment between two writes of a process that writes without
 * pause (after some 30 ms; some 160 when looking every five). Who holds a lock for longer than this waits for a network.
 */
const keenAttempts = 200

interface Connection {
  readonly database: DatabaseSync
  readonly inode: bigint
}

export interface LockOptions {
  readonly timeoutMs?: number
}

/** Runs while holding the lock of that file (made when missing), in this process and among all. Not re-entrant. Throws `lock-timeout`. */
export async function withLock<T>(
  file: string,
  run: () => Promise<T>,
  { timeoutMs = defaultTimeoutMs }: LockOptions = {},
): Promise<T> {
  const deadline = performance.now() + timeoutMs
  await enter(file, deadline)
  try {
    const connection = await acquire(file, deadline)
    try {
      return await run()
    } finally {
      release(file, connection)
    }
  } finally {
    leave(file)
  }
}

/** Removes the lock file of something that is gone, unless somebody holds it. */
export function discardLock(file: string): void {
  if (!isThere(file)) return
  const connection = take(file)
  try {
    // Whoever waits on this inode sees after locking that the path has another one, and starts again.
    if (lock(file, connection)) unlinkSync(file)
  } finally {
    // Also when the disk fails: left open, it would hold the lock until it is collected as garbage.
    if (connection.database.isOpen) connection.database.close()
  }
}

/** Who waits in this process, in order of arrival; an entry means that somebody here holds the lock. */
const waiting = new Map<string, (() => void)[]>()

async function enter(file: string, deadline: number): Promise<void> {
  const queue = waiting.get(file)
  if (queue === undefined) {
    waiting.set(file, [])
    return
  }
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => {
      queue.splice(queue.indexOf(go), 1)
      reject(timedOut(file))
    }, deadline - performance.now())
    const go = () => {
      clearTimeout(timer)
      resolve()
    }
    queue.push(go)
  })
}

function leave(file: string): void {
  const next = waiting.get(file)?.shift()
  if (next === undefined) waiting.delete(file)
  else next()
}

async function acquire(file: string, deadline: number): Promise<Connection> {
  for (let attempt = 1; ; attempt++) {
    const connection = take(file)
    if (lock(file, connection)) return connection
    release(file, connection)
    if (performance.now() > deadline) throw timedOut(file)
    // SQLite's own busy timeout would block the event loop.
    await sleep(attempt < keenAttempts ? 1 : 1 + Math.random() * 10)
  }
}

/** True when the lock is ours and the file is still the one that others find under this path. */
function lock(file: string, connection: Connection): boolean {
  try {
    // With the default journal mode a journal beside the file survives a kill. Setting it, too, meets another's lock.
    connection.database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
    return lstatSync(file, { bigint: true, throwIfNoEntry: false })?.ino === connection.inode
  } catch (error) {
    if (isBusy(error)) return false
    connection.database.close()
    throw unusable(file, error)
  }
}

/** Open connections without a lock, least recently used first. */
const idle = new Map<string, Connection>()

function take(file: string): Connection {
  const ready = idle.get(file)
  if (ready === undefined) return connect(file)
  idle.delete(file)
  return ready
}

function connect(file: string): Connection {
  try {
    const { ino } = ensureLockFile(file)
    return { database: new DatabaseSync(file, { timeout: 0 }), inode: ino }
  } catch (error) {
    throw error instanceof HallpassError ? error : unusable(file, error)
  }
}

function ensureLockFile(file: string): { readonly ino: bigint } {
  try {
    // O_EXCL opens only a file that is new, which nobody can hold yet. SQLite would make it with the umask's mode.
    closeSync(openSync(file, constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY, 0o600))
  } catch (error) {
    if (!hasErrno(error, 'EEXIST')) throw error
  }
  const stat = lstatSync(file, { bigint: true })
  checkOwn(file, stat, 'file')
  return stat
}

function release(file: string, connection: Connection): void {
  const { database } = connection
  if (database.isTransaction) database.exec('ROLLBACK')
  if (!isStillThere(file, connection)) {
    database.close()
    return
  }
  idle.set(file, connection)
  if (idle.size <= maxIdleConnections) return
  for (const [oldest, { database: unused }] of idle) {
    idle.delete(oldest)
    unused.close()
    return
  }
}

/** A disk that fails here has failed after what was to be done under the lock. */
function isStillThere(file: string, { inode }: Connection): boolean {
  try {
    return lstatSync(file, { bigint: true, throwIfNoEntry: false })?.ino === inode
  } catch {
    return false
  }
}

function isBusy(error: unknown): boolean {
  return (
    error instanceof Error &&
    'errcode' in error &&
    typeof error.errcode === 'number' &&
    (error.errcode & 0xff) === sqliteBusy
  )
}

/** No descriptor or no room for the lock file: nothing can be written safely. */
function unusable(file: string, cause: unknown): HallpassError {
  return new HallpassError('not-saved', `the lock ${file} cannot be used; nothing was changed`, { cause })
}

function timedOut(file: string): HallpassError {
  return new HallpassError('lock-timeout', `another process held ${file} for too long`, {
    hint: 'hallpass doctor',
  })
}
