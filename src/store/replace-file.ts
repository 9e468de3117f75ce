import { constants } from 'node:fs'
import { mkdir, open, rename, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import { HallpassError } from '../errors.ts'
import { checkFolder, foldersBelow, hasErrno, maxFileBytes } from './own-files.ts'

/**
 * Replaces a file so that a reader, or a machine that loses power, finds the old content or the new and nothing else:
 * temporary file in the same folder, 0600 from its first byte, fsync, rename, fsync of the folder.
 * The caller holds the lock that guards `path`; so a temporary file met here is of a process that died.
 */
export async function replaceFile(path: string, text: string): Promise<void> {
  if (Buffer.byteLength(text) > maxFileBytes) {
    throw new HallpassError(
      'not-saved',
      `${path} would be too large to be read again; what was there is intact`,
    )
  }
  const temporary = `${path}.tmp`
  await unlinkIfThere(temporary)
  // O_EXCL never opens what is already there, so a link planted under this name is not written through.
  const flags = constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY | constants.O_NOFOLLOW
  const handle = await open(temporary, flags, 0o600)
  try {
    try {
      await handle.writeFile(text, 'utf8')
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(temporary, path)
  } catch (error) {
    // What failed is told; a temporary file that cannot be removed either is left to the next write.
    await unlink(temporary).catch(() => undefined)
    throw error
  }
  await syncFolder(dirname(path))
}

/** Removes a file durably; false when there was none. */
export async function removeFile(path: string): Promise<boolean> {
  if (!(await unlinkIfThere(path))) return false
  await syncFolder(dirname(path))
  return true
}

/** Makes what is missing between `root`, which must exist, and `folder`: 0700 and durable, after checking what is there. */
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

/** A rename or unlink is durable only when the folder that lists it is. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return // folders cannot be opened there
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
