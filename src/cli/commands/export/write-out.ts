import { randomBytes } from 'node:crypto'
import { constants, lstatSync, realpathSync, type Stats, statSync } from 'node:fs'
import { open, rename, unlink } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { HallpassError } from '../../../errors.ts'
import { errnoOf, quotedPath } from '../../../store/own-files.ts'

const sticky = 0o1000
const othersWrite = 0o022

/** A place for a file with secrets in it, after the checks. */
export interface Destination {
  readonly path: string
  readonly replaces: boolean
}

/**
 * Whether a file with secrets may be written there. Attack: in a folder that others can write, another user puts a link or a file of
 * theirs in its place, before or after.
 */
export function checkDestination(file: string, options: { readonly force: boolean }): Destination {
  const given = resolve(file)
  let folder: string
  try {
    folder = realpathSync(dirname(given))
  } catch {
    throw refused(file, `there is no folder ${dirname(given)}`)
  }
  checkFolders(folder)
  const path = join(folder, basename(given))
  const there = statOf(file, path)
  if (there === undefined) return { path, replaces: false }
  if (there.isDirectory()) throw refused(file, 'it is a folder')
  if (!options.force) throw refused(file, 'there is a file already, which --force would replace')
  if (!there.isFile()) throw refused(file, 'it is no plain file')
  if (!isOwn(there)) throw refused(file, 'it belongs to another user')
  return { path, replaces: true }
}

/** Mode 0600 from the first byte, never through a link; a file that is replaced is so at once. */
export async function writeOut({ path, replaces }: Destination, bytes: Uint8Array): Promise<void> {
  const target = replaces ? `${path}.${randomBytes(6).toString('hex')}.tmp` : path
  const flags = constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY | constants.O_NOFOLLOW
  let made = false
  try {
    const handle = await open(target, flags, 0o600)
    made = true
    try {
      await handle.writeFile(bytes)
      await handle.sync()
    } finally {
      await handle.close()
    }
    if (replaces) await rename(target, path)
  } catch (error) {
    // Half a file would be taken for a whole one.
    if (made) await unlink(target).catch(() => undefined)
    const errno = errnoOf(error)
    if (errno === 'EEXIST') throw refused(path, 'there is a file already, which --force would replace')
    throw new HallpassError('not-saved', `${path} could not be written (${errno ?? 'unknown'})`, {
      cause: error,
    })
  }
}

function statOf(file: string, path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false })
  } catch (error) {
    throw refused(file, `it cannot be written (${errnoOf(error) ?? 'unknown'})`)
  }
}

function checkFolders(folder: string): void {
  if (process.getuid === undefined) return
  for (let at = folder; ; at = dirname(at)) {
    const stat = statSync(at)
    const shared = (stat.mode & othersWrite) !== 0
    // In a sticky folder nobody takes away what is another's: above ours that is enough, and it may be our own.
    const tolerated = (stat.mode & sticky) !== 0 && (at !== folder || isOwn(stat))
    if (shared && !tolerated) {
      const hint = at === folder ? { hint: `chmod go-w ${quotedPath(at)}` } : {}
      throw new HallpassError(
        'state-unsafe',
        `other users can write to the folder ${at}: no secret goes there`,
        hint,
      )
    }
    if (stat.uid !== 0 && !isOwn(stat)) {
      throw new HallpassError(
        'state-unsafe',
        `the folder ${at} belongs to another user: no secret goes there`,
      )
    }
    if (at === dirname(at)) return
  }
}

function isOwn({ uid }: Stats): boolean {
  return uid === process.getuid?.()
}

function refused(file: string, reason: string): HallpassError {
  return new HallpassError('failed', `${file}: ${reason}`)
}
