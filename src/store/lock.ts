import { type BigIntStats, closeSync, constants, lstatSync, lutimesSync, openSync, unlinkSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { HallpassError } from '../errors.ts'
import { type Caller, defaultTimeoutMs, enter, type Line, leave, timeLeft } from './line.ts'
import { checkOwn, hasErrno, isThere } from './own-files.ts'

/*
 * A kernel lock without native code: SQLite's fcntl lock on an empty file. The kernel drops it with its process.
 * POSIX drops all locks of a process on a file when the process closes any descriptor of that file. So only SQLite may open a lock
 * file here; everything else uses calls that take a path and open nothing.
 *
 * A waiter gives up when one holder keeps the lock for too long, however long the queue before it is. Each holder sets the time of the
 * lock file. A waiter compares it for change only, so a clock that jumps does not matter.
 */

/** Opening costs about 0.2 ms and a descriptor, locking 0.01 ms. So the busiest lock files stay open. */
const maxIdleConnections = 64
const sqliteBusy = 5
/**
 * A waiter that saw the lock pass to another looks every millisecond for a while, so it is ahead of the callers that come after it. That
 * costs 1 % of a core. It finds the gap between two writes of a process that writes without pause after about 30 ms; a look every
 * 5 ms takes about 160 ms. A holder that stays longer waits for a network.
 */
const keenLooks = 200

interface Connection {
  readonly database: DatabaseSync
  readonly inode: bigint
}

export interface LockOptions {
  /** The longest wait for one holder. */
  readonly timeoutMs?: number
}

/** Runs `work` while it holds the lock of that file, within this process and among all. Makes a missing file. Not re-entrant. Throws `lock-timeout`. */
export async function withLock<T>(
  file: string,
  run: () => Promise<T>,
  { timeoutMs = defaultTimeoutMs }: LockOptions = {},
): Promise<T> {
  const caller: Caller = { key: file, timeoutMs, arrival: performance.now() }
  const line = await enter(lines, caller, timedOut)
  try {
    const connection = await acquire(caller, line)
    try {
      return await run()
    } finally {
      release(file, connection)
      line.lastMove = performance.now()
    }
  } finally {
    leave(lines, file, line)
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

const lines = new Map<string, Line>()

async function acquire(caller: Caller, line: Line): Promise<Connection> {
  const { key: file } = caller
  let seen: bigint | undefined
  let keen = 0
  while (true) {
    const connection = take(file)
    if (lock(file, connection)) {
      line.lastMove = performance.now()
      return connection
    }
    release(file, connection)
    const latest = look(file)?.mtimeNs
    if (seen !== undefined && latest !== seen) {
      line.lastMove = performance.now()
      keen = keenLooks
    }
    seen = latest
    if (timeLeft(caller, line) < 0) throw timedOut(file)
    // SQLite's own busy timeout would block the event loop.
    await sleep(keen-- > 0 ? 1 : 1 + Math.random() * 10)
  }
}

/** True if we hold the lock, and others still find this file at the path. */
function lock(file: string, connection: Connection): boolean {
  try {
    // In the default mode a journal file survives a kill. Setting the mode can also meet another's lock.
    connection.database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
    if (lstatSync(file, { bigint: true, throwIfNoEntry: false })?.ino !== connection.inode) return false
    const now = new Date()
    lutimesSync(file, now, now)
    return true
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
  if (look(file)?.ino !== connection.inode) {
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

/** If the disk fails here, the work under the lock is already done, or the next attempt to lock fails too. */
function look(file: string): BigIntStats | undefined {
  try {
    return lstatSync(file, { bigint: true, throwIfNoEntry: false })
  } catch {
    return undefined
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
