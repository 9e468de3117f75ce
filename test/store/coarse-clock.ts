import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { onTestFinished } from 'vitest'

/** Makes this test's file system one that counts in seconds and gives a new file the inode of the one before, as some do. */
export function onCoarseClock(): void {
  const coarse = <T extends (...args: never[]) => unknown>(real: T) =>
    ((...args: Parameters<T>) => {
      const stat = real(...args)
      const floor = (ns: bigint) => ns - (ns % 1_000_000_000n)
      if (stat instanceof fs.Stats || typeof stat !== 'object' || stat === null) return stat
      const { mtimeNs, ctimeNs } = stat as fs.BigIntStats
      return Object.assign(stat, { ino: 7n, mtimeNs: floor(mtimeNs), ctimeNs: floor(ctimeNs) })
    }) as T
  const { statSync, lstatSync, fstatSync } = fs
  Object.assign(fs, {
    statSync: coarse(statSync),
    lstatSync: coarse(lstatSync),
    fstatSync: coarse(fstatSync),
  })
  syncBuiltinESMExports()
  onTestFinished(() => {
    Object.assign(fs, { statSync, lstatSync, fstatSync })
    syncBuiltinESMExports()
  })
}
