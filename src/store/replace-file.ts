import { constants } from 'node:fs'
import { mkdir, open, rename, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import { HallpassError } from '../errors.ts'
import { notFinished } from './disk-errors.ts'
import { checkFolder, foldersBelow, hasErrno, maxFileBytes } from './own-files.ts'

/**
 * Replaces a file. A reader, or a machine that loses power, finds the old content or the new, and nothing else: temporary file in the
 * same folder, 0600 from its first byte, fsync, rename, fsync of the folder.
 * The caller holds the lock of `path`, so an existing temporary file belongs to a dead process.
 * @param stillWanted called when the temporary file is complete; may throw. If the folder is moved away after that, the rename fails
 */
export async function replaceFile(path: string, text: string, stillWanted?: () => void): Promise<void> {
  if (Buffer.byteLength(text) > maxFileBytes) {
    throw new HallpassError(
      'not-saved',
      `${path} would be too large to read again; the old content is intact`,
    )
  }
  const temporary = `${path}.tmp`
  await unlinkIfThere(temporary)
  // O_EXCL. Attack: a link planted under this name makes us write elsewhere.
  const flags = constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY | constants.O_NOFOLLOW
  const handle = await open(temporary, flags, 0o600)
  try {
    try {
      await handle.writeFile(text, 'utf8')
      await handle.sync()
    } finally {
      await handle.close()
    }
    stillWanted?.()
    await rename(temporary, path)
  } catch (error) {
    // The first error is thrown. The next write removes the temporary file if this cannot.
    await unlink(temporary).catch(() => undefined)
    throw error
  }
  await makeDurable(dirname(path), `${path} has its new content`)
}

/** Removes a file durably; false without one. */
export async function removeFile(path: string): Promise<boolean> {
  if (!(await unlinkIfThere(path))) return false
  await makeDurable(dirname(path), `${path} is removed`)
  return true
}

/** Makes the missing folders between `root`, which must exist, and `folder`: 0700 and durable. Checks the existing ones. */
export async function makeFolders(root: string, folder: string): Promise<void> {
  for (const path of foldersBelow(root, folder)) {
    if (checkFolder(path)) continue
    await mkdir(path, { mode: 0o700 }).catch((error: unknown) => {
      if (!hasErrno(error, 'EEXIST')) throw error
    })
    await syncFolder(dirname(path))
    checkFolder(path)
  }
}

/** A rename or unlink is durable only after an fsync of its folder. `done` says in words what the rename or unlink did. */
export async function makeDurable(folder: string, done: string): Promise<void> {
  try {
    await syncFolder(folder)
  } catch (error) {
    // The folder was removed meanwhile, and the change with it.
    if (hasErrno(error, 'ENOENT')) throw error
    throw notFinished(
      `${done}, but the disk did not confirm it: a power failure can bring the old state back`,
      error,
    )
  }
}

async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return // Windows opens no folders
  const handle = await open(folder, constants.O_RDONLY | constants.O_DIRECTORY)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function unlinkIfThere(path: string): Promise<boolean> {
  try {
    await unlink(path)
    return true
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return false
    throw error
  }
}
