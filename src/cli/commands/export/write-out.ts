import { randomBytes } from 'node:crypto'
import { constants, lstatSync, realpathSync, type Stats, statSync } from 'node:fs'
import { open, rename, unlink } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { HallpassError } from '../../../errors.ts'
import { quotedWord } from '../../../quoted-word.ts'
import { errnoOf } from '../../../store/own-files.ts'

const sticky = 0o1000
const othersWrite = 0o022

/** A checked place for a file with secrets. */
export interface Destination {
  readonly path: string
  readonly replaces: boolean
}

/**
 * Checks a place for a file with secrets. Attack: in a folder that others can write, another user puts a link or a file in its
 * place, before or after the export.
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
  if (!options.force) throw refused(file, 'the file exists; --force replaces it')
  if (!there.isFile()) throw refused(file, 'it is not a regular file')
  if (!isOwn(there)) throw refused(file, 'it belongs to another user')
  return { path, replaces: true }
}

/** Writes with mode 0600 from the first byte, never through a link, and replaces a file in one step. */
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
    // A partial file would look like a whole one.
    if (made) await unlink(target).catch(() => undefined)
    const errno = errnoOf(error)
    if (errno === 'EEXIST') throw refused(path, 'the file exists; --force replaces it')
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
    // In a sticky folder only the owner of a file can replace it. That suffices above the folder, and in the user's own folder.
    const tolerated = (stat.mode & sticky) !== 0 && (at !== folder || isOwn(stat))
    if (shared && !tolerated) {
      const hint = at === folder ? { hint: `chmod go-w ${quotedWord(at)}` } : {}
      throw new HallpassError(
        'state-unsafe',
        `other users can write to the folder ${at}: hallpass writes no secret there`,
        hint,
      )
    }
    if (stat.uid !== 0 && !isOwn(stat)) {
      throw new HallpassError(
        'state-unsafe',
        `the folder ${at} belongs to another user: hallpass writes no secret there`,
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
