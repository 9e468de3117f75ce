import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { hasErrno } from './own-files.ts'

/** The bytes of the files below a folder. Links are not followed. What is removed meanwhile counts nothing. */
export async function diskUsage(folder: string): Promise<number> {
  const entries = (await readdir(folder, { withFileTypes: true }).catch(undefinedIfGone)) ?? []
  let bytes = 0
  for (const entry of entries) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) bytes += await diskUsage(path)
    else if (entry.isFile()) bytes += (await lstat(path).catch(undefinedIfGone))?.size ?? 0
  }
  return bytes
}

function undefinedIfGone(error: unknown): undefined {
  if (!hasErrno(error, 'ENOENT')) throw error
}
