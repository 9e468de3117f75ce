import { HallpassError } from '../errors.ts'
import { notSaved } from './disk-errors.ts'
import type { Home } from './home.ts'
import type { KeyRing } from './keyring.ts'
import { withLock } from './lock.ts'
import { readOwnFile } from './own-files.ts'
import { recordLock, recordPath, writersLocks } from './record-path.ts'
import { replaceFile } from './replace-file.ts'
import { parseEnvelope, type SealId } from './seal.ts'
import { sealedFiles } from './sealed-files.ts'

export interface Rotation {
  /** The kid of the key that seals now. */
  readonly current: string
  readonly resealed: number
  /** The kids of removed keys, which sealed nothing any more. */
  readonly dropped: readonly string[]
  /** Records that could not be resealed, and locks that were held too long. If there are any, no key is removed. */
  readonly left: readonly { readonly file: string; readonly error: unknown }[]
}

/**
 * Makes a new data key current, reseals every record with it and removes the old keys. Other processes can go on meanwhile.
 * A rotation that was killed, or left a record out, keeps all keys. The next one finishes it.
 */
export async function rotateKey(home: Home, keys: KeyRing): Promise<Rotation> {
  await keys.addKey()
  try {
    return await resealAll(home, keys)
  } catch (error) {
    throw notSaved(home.root, error)
  }
}

async function resealAll(home: Home, keys: KeyRing): Promise<Rotation> {
  const { current } = keys
  const old = new Set(keys.kids.filter((kid) => kid !== current))
  const held = await waitForWriters(home)
  const left: { file: string; error: unknown }[] = []
  let resealed = 0
  for (const id of sealedFiles(home)) {
    const file = recordPath(home, id)
    const lock = recordLock(home, id)
    if (held.has(lock)) {
      left.push({ file, error: held.get(lock) })
      held.delete(lock)
      continue
    }
    try {
      if (await withLock(lock, () => reseal(home, keys, id, file, old))) resealed++
    } catch (error) {
      left.push({ file, error: notSaved(file, error) })
    }
  }
  left.push(...[...held].map(([file, error]) => ({ file, error })))
  if (left.length > 0) return { current, resealed, dropped: [], left }
  await keys.dropKeys(old)
  return { current, resealed, dropped: [...old], left }
}

/**
 * Waits until each lock has been free once. A writer reads the current key inside its record's lock, so a writer with the old key
 * holds a lock that already exists. After this, nobody seals with the old key, not even a record that is in no folder yet.
 * @returns the locks that were not free in time: their holders may still seal with the old key
 */
async function waitForWriters(home: Home): Promise<Map<string, unknown>> {
  const held = new Map<string, unknown>()
  for (const file of writersLocks(home)) {
    try {
      await withLock(file, async () => undefined)
    } catch (error) {
      if (!(error instanceof HallpassError && error.code === 'lock-timeout')) throw error
      held.set(file, error)
    }
  }
  return held
}

async function reseal(
  home: Home,
  keys: KeyRing,
  id: SealId,
  file: string,
  old: ReadonlySet<string>,
): Promise<boolean> {
  const text = readOwnFile(file, home.root)?.text
  if (text === undefined) return false // removed since the folder was listed
  if (!old.has(parseEnvelope(text, file).kid)) return false
  const plaintext = keys.open(id, text, file)
  await keys.reread()
  await replaceFile(file, keys.seal(id, plaintext))
  return true
}
