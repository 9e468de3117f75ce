import type { BigIntStats } from 'node:fs'

// The coarsest clock of a file system still in use (FAT) counts in steps of two seconds.
const racyMs = 2_000

/**
 * Differs for any two states of a file, as far as stat can tell; `isRacy` says when it cannot. A new mode or owner changes ctime too.
 */
export function stampOf(stat: BigIntStats): string {
  return `${stat.ino}:${stat.mtimeNs}:${stat.ctimeNs}:${stat.size}`
}

/**
 * Whether the file changed so recently that another change could fall into the same tick of the file system's clock and, with a
 * reused inode, leave the same stamp (git's "racily clean"). Compare the content then.
 */
export function isRacy(stat: BigIntStats): boolean {
  // Not mtime, which anybody can set. A file from the future counts as recent until its time has passed.
  return Number(stat.ctimeNs / 1_000_000n) > Date.now() - racyMs
}
