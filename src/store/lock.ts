import { closeSync, constants, lstatSync, openSync, unlinkSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { HallpassError } from '../errors.ts'
import { checkOwn, hasErrno, isThere } from './own-files.ts'

/*
 * A kernel lock without native code: SQLite's fcntl lock on an empty file. The kernel drops it with its process.
 * POSIX drops all locks of a process on a file when the process closes any descriptor of that file. So only SQLite may open a lock
 * file here; everything else uses lstat.
 */

/** Longer than any work under a lock, a token refresh over a slow network included. */
export const defaultTimeoutMs = 30_000
/** Opening costs about 0.2 ms and a descriptor, locking 0.01 ms. So the busiest lock files stay open. */
const maxIdleConnections = 64
const sqliteBusy = 5
/**
 * A look every millisecond costs 1 % of a core. It finds the gap between two writes of a process that writes without pause after
 * about 30 ms; a look every 5 ms takes about 160 ms. A longer wait means that the holder waits for a network.
 */
const keenAttempts = 200

interface Connection {
  readonly database: DatabaseSync
  readonly inode: bigint
}

export interface LockOptions {
  readonly timeoutMs?: number
}

/** Runs `work` while it holds the lock of that file, within this process and among all. Makes a missing file. Not re-entrant. Throws `lock-timeout`. */
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

/** Removes the lock file of a removed thing, unless another holds the lock. */
export function discardLock(file: string): void {
  if (!isThere(file)) return
  const connection = take(file)
  try {
    // A process that waits on this inode finds another inode at the path after it has the lock, and starts again.
    if (lock(file, connection)) unlinkSync(file)
  } finally {
    // Also after a disk failure: an open connection would hold the lock until the garbage collector finds it.
    if (connection.database.isOpen) connection.database.close()
  }
}

/** The waiting callers of this process, in order of arrival. An entry means that this process holds the lock. */
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

/** True if we hold the lock, and others still find this file at the path. */
function lock(file: string, connection: Connection): boolean {
  try {
    // In the default mode a journal file survives a kill. Setting the mode can also meet another's lock.
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
    // O_EXCL makes a new file, which nobody can hold yet. SQLite would make it with the mode of the umask.
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

/** If the disk fails here, the work under the lock is already done. */
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

/** Without a descriptor, or room for the lock file, nothing can be written safely. */
function unusable(file: string, cause: unknown): HallpassError {
  return new HallpassError('not-saved', `the lock ${file} cannot be used; nothing was changed`, { cause })
}

function timedOut(file: string): HallpassError {
  return new HallpassError('lock-timeout', `another process held ${file} for too long`, {
    hint: 'hallpass doctor',
  })
}
