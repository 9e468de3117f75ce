import { randomBytes } from 'node:crypto'
import { HallpassError } from '../errors.ts'
import { parseJsonObject } from '../json.ts'
import type { Home } from './home.ts'
import { discardLock, withLock } from './lock.ts'
import { readOwnFile } from './own-files.ts'
import { useLock } from './record-path.ts'
import { removeFile, replaceFile } from './replace-file.ts'

/** The process that has a session for itself. */
export interface Holder {
  /** Its children show this to use the session too. It decides among processes of one user, so it is not secret. */
  readonly id: string
  readonly pid: number
  readonly program: string
  /** RFC 3339, UTC. */
  readonly since: string
}

/** `run --exclusive` writes the id here, so that a hallpass inside can use the session too. */
export const useVariable = 'HALLPASS_USE'

/** A look at the lock holds it for some microseconds. The real holder keeps it for longer than this. */
const patienceMs = 300

/**
 * Runs `work` while this process has the session for itself. The kernel ends that with the process, however it dies.
 * @throws HallpassError `session-locked`, which names the holder
 */
export async function holdUse<T>(
  home: Home,
  session: string,
  program: string,
  work: (id: string) => Promise<T>,
): Promise<T> {
  const lock = useLock(home, session)
  const note = noteOf(lock)
  let mine = false
  const run = async () => {
    mine = true
    const id = randomBytes(16).toString('hex')
    const holder: Holder = { id, pid: process.pid, program, since: new Date().toISOString() }
    await replaceFile(note, JSON.stringify(holder))
    try {
      return await work(id)
    } finally {
      await removeFile(note)
    }
  }
  try {
    return await withLock(lock, run, { timeoutMs: patienceMs })
  } catch (error) {
    if (mine || !isTimeout(error)) throw error
    throw locked(session, holderIn(home, note), error)
  } finally {
    if (mine) discardLock(lock)
  }
}

/**
 * Refuses a use of a session that another process has for itself.
 * @param id of the holder, as its children have it
 * @throws HallpassError `session-locked`
 */
export async function checkUse(home: Home, session: string, id: string | undefined): Promise<void> {
  const lock = useLock(home, session)
  const note = noteOf(lock)
  const holder = holderIn(home, note)
  if (holder === undefined || holder.id === id) return
  try {
    // A holder that was killed leaves its note behind, and the lock free.
    await withLock(lock, () => removeFile(note), { timeoutMs: patienceMs })
  } catch (error) {
    throw isTimeout(error) ? locked(session, holder, error) : error
  }
}

function noteOf(lock: string): string {
  return `${lock}.json`
}

function holderIn(home: Home, note: string): Holder | undefined {
  const { id, pid, program, since } = parseJsonObject(readOwnFile(note, home.root)?.text ?? '') ?? {}
  const isWhole = typeof id === 'string' && typeof pid === 'number' && typeof program === 'string'
  return isWhole && typeof since === 'string' ? { id, pid, program, since } : undefined
}

function isTimeout(error: unknown): boolean {
  return error instanceof HallpassError && error.code === 'lock-timeout'
}

function locked(session: string, holder: Holder | undefined, cause: unknown): HallpassError {
  const who =
    holder === undefined
      ? 'another process'
      : `process ${holder.pid} (${holder.program}) since ${holder.since}`
  return new HallpassError('session-locked', `the session "${session}" is in exclusive use by ${who}`, {
    hint: `hallpass session clone ${session}`,
    cause,
  })
}
