import { rename } from 'node:fs/promises'
import { HallpassError } from '../errors.ts'
import type { Home } from '../store/home.ts'
import type { KeyRing } from '../store/keyring.ts'
import { withLock } from '../store/lock.ts'
import { readOwnFile } from '../store/own-files.ts'
import { recordLock, recordPath } from '../store/record-path.ts'
import { caKeyId, type SealId } from '../store/seal.ts'
import { sealedFiles } from '../store/sealed-files.ts'

export interface DamagedRecord {
  readonly id: SealId
  readonly path: string
  readonly error: HallpassError
}

/** The parts that opening a record needs. */
export interface Opener {
  readonly home: Home
  readonly keys: KeyRing
}

/** Opens every sealed file of the sessions. The key of the certificate authority is left to the check `ca`: it is replaced, not moved. */
export function findDamaged({ home, keys }: Opener): {
  readonly whole: number
  readonly damaged: readonly DamagedRecord[]
} {
  const damaged: DamagedRecord[] = []
  let whole = 0
  for (const id of sealedFiles(home)) {
    if (id.kind === caKeyId.kind) continue
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

/** Whether moving the file aside helps. A record of another key may be whole, and is readable again with that key. */
export function isBeyondRepair({ error }: DamagedRecord): boolean {
  return error.code === 'record-damaged'
}

/** Renames a damaged record in its folder. Resolves to undefined if the record is whole by now. */
export async function setAside(
  opener: Opener,
  record: DamagedRecord,
  now: number,
): Promise<string | undefined> {
  const { home } = opener
  return withLock(recordLock(home, record.id), async () => {
    if (isWhole(opener, record)) return undefined
    const aside = `${record.path}.damaged-${new Date(now).toISOString().replaceAll(/[:.]/g, '-')}`
    await rename(record.path, aside)
    return aside
  })
}

function isWhole({ home, keys }: Opener, record: DamagedRecord): boolean {
  const file = readOwnFile(record.path, home.root)
  if (file === undefined) return true
  try {
    keys.open(record.id, file.text, record.path)
    return true
  } catch {
    return false
  }
}
