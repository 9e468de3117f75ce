import { rename } from 'node:fs/promises'
import { HallpassError } from '../errors.ts'
import type { Hallpass } from '../index.ts'
import type { Home } from '../store/home.ts'
import { withLock } from '../store/lock.ts'
import { readOwnFile } from '../store/own-files.ts'
import { recordLock, recordPath } from '../store/record-path.ts'
import type { SealId } from '../store/seal.ts'
import { sealedFiles } from '../store/sealed-files.ts'

export interface DamagedRecord {
  readonly id: SealId
  readonly path: string
  readonly error: HallpassError
}

/** Opens every sealed file of the state folder. */
export function findDamaged({ home, keys }: Hallpass): {
  readonly whole: number
  readonly damaged: readonly DamagedRecord[]
} {
  const damaged: DamagedRecord[] = []
  let whole = 0
  for (const id of sealedFiles(home)) {
    const path = recordPath(home, id)
    try {
      const file = readOwnFile(path, home.root)
      if (file === undefined) continue
      keys.open(id, file.text, path)
      whole++
    } catch (error) {
      if (!(error instanceof HallpassError)) throw error
      damaged.push({ id, path, error })
    }
  }
  return { whole, damaged }
}

/** Whether setting a file aside can help: what another key sealed may be whole, and comes back with that key. */
export function isBeyondRepair({ error }: DamagedRecord): boolean {
  return error.code === 'record-damaged'
}

/** Renames a damaged record beside itself; undefined when it was mended or replaced meanwhile. */
export async function setAside(
  hallpass: Hallpass,
  record: DamagedRecord,
  now: number,
): Promise<string | undefined> {
  const { home } = hallpass
  return withLock(recordLock(home, record.id), async () => {
    if (isWhole(hallpass, record)) return undefined
    const aside = `${record.path}.damaged-${new Date(now).toISOString().replaceAll(/[:.]/g, '-')}`
    await rename(record.path, aside)
    return aside
  })
}

function isWhole(
  { home, keys }: { readonly home: Home; readonly keys: Hallpass['keys'] },
  record: DamagedRecord,
): boolean {
  const file = readOwnFile(record.path, home.root)
  if (file === undefined) return true
  try {
    keys.open(record.id, file.text, record.path)
    return true
  } catch {
    return false
  }
}
