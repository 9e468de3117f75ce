import { type BigIntStats, closeSync, constants, fstatSync, lstatSync, openSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { HallpassError } from '../errors.ts'
import { quotedWord } from '../quoted-word.ts'

/** No file of ours comes near this. Attack: a larger file fills the memory. */
export const maxFileBytes = 64 * 1024 * 1024
const othersBits = 0o077n

/** Whether the system call failed with this code. */
export function hasErrno(error: unknown, ...codes: readonly string[]): boolean {
  return codes.includes(errnoOf(error) ?? '')
}

/** The errno name of a failed system call, undefined for any other error. */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || !('syscall' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}

/**
 * Throws `state-unsafe` unless the file or folder belongs to the current user, and others can neither read nor write it.
 * Attack: a planted symlink makes us write, or trust, a file elsewhere. So every symlink is refused.
 */
export function checkOwn(path: string, stat: BigIntStats, kind: 'file' | 'folder'): void {
  if (stat.isSymbolicLink()) throw unsafe(path, 'is a symbolic link, and hallpass follows none')
  if (kind === 'folder' ? !stat.isDirectory() : !stat.isFile()) throw unsafe(path, `is not a ${kind}`)
  const user = process.getuid?.()
  if (user === undefined) return
  if (stat.uid !== BigInt(user)) {
    // What root has here is from a command with sudo. What anybody else has here may be planted.
    const mine = stat.uid === 0n ? `sudo chown -R ${user} ${quotedWord(path)}` : undefined
    throw unsafe(path, `belongs to another user (uid ${stat.uid})`, mine)
  }
  if ((stat.mode & othersBits) !== 0n) {
    const mode = (stat.mode & 0o777n).toString(8).padStart(4, '0')
    const hint = `chmod ${kind === 'folder' ? '700' : '600'} ${quotedWord(path)}`
    throw unsafe(path, `is open to other users (mode ${mode})`, hint)
  }
}

/** Whether the path exists. `existsSync` returns false for a path that it cannot look at, and callers drop what does not exist. */
export function isThere(path: string): boolean {
  return entryAt(path) !== undefined
}

function entryAt(path: string): BigIntStats | undefined {
  try {
    return lstatSync(path, { bigint: true, throwIfNoEntry: false })
  } catch (error) {
    // A file has nothing below it.
    if (hasErrno(error, 'ENOTDIR')) return undefined
    throw error
  }
}

/** Checks a folder as `checkOwn` does; false without one. */
export function checkFolder(path: string): boolean {
  const stat = entryAt(path)
  if (stat === undefined) return false
  checkOwn(path, stat, 'folder')
  return true
}

/** The folders below `root`, down to `folder`. */
export function foldersBelow(root: string, folder: string): readonly string[] {
  if (folder === root) return []
  return [...foldersBelow(root, dirname(folder)), folder]
}

/** Checks `root` and each folder down to `folder`; false if one does not exist. */
export function checkFolders(root: string, folder: string): boolean {
  return checkFolder(root) && foldersBelow(root, folder).every(checkFolder)
}

export interface OwnFile {
  readonly text: string
  readonly stat: BigIntStats
}

/** Opens a file of ours, checks the open file as `checkOwn` does, and reads it; undefined without one. */
export function readOwnFile(path: string, root: string): OwnFile | undefined {
  if (!checkFolders(root, dirname(path))) return undefined
  const fd = openWithoutFollowing(path)
  if (fd === undefined) return undefined
  try {
    const stat = fstatSync(fd, { bigint: true })
    checkOwn(path, stat, 'file')
    if (stat.size > maxFileBytes) throw new HallpassError('record-damaged', `${path} is far too large`)
    return { text: readFileSync(fd, 'utf8'), stat }
  } finally {
    closeSync(fd)
  }
}

function openWithoutFollowing(path: string): number | undefined {
  try {
    // O_NONBLOCK. Attack: a planted FIFO makes an ordinary open wait for ever.
    return openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return undefined
    if (hasErrno(error, 'ELOOP', 'EMLINK'))
      throw unsafe(path, 'is a symbolic link, and hallpass follows none')
    if (hasErrno(error, 'EACCES', 'EPERM', 'ENXIO')) throw unsafe(path, 'cannot be opened')
    throw error
  }
}

/** @param hint the repair, where one is safe; else a look at the file */
function unsafe(path: string, what: string, hint = `ls -ld ${quotedWord(path)}`): HallpassError {
  return new HallpassError('state-unsafe', `${path} ${what}`, { hint })
}
