import type { BigIntStats } from 'node:fs'

// The coarsest clock of a file system still in use (FAT) counts in steps of two seconds.
const racyMs = 2_000

/**
 * Differs for any two states of a file, as far as stat can tell: `isRacy` says when it cannot. A new mode or owner, too, is a
 * new ctime.
 */
export function stampOf(stat: BigIntStats): string {
  return `${stat.ino}:${stat.mtimeNs}:${stat.ctimeNs}:${stat.size}`
}

/**
 * Whether the file changed so recently that another change could fall into the same tick of the file system's clock
 * and, with the inode used again, leave the same stamp (git's "racily clean"). Then only the content tells.
 */
export function isRacy(stat: BigIntStats): boolean {
  // Not mtime, which can be set to anything; a file from the future counts as recent until its time has passed.
  return Number(stat.ctimeNs / 1_000_000n) > Date.now() - racyMs
}
