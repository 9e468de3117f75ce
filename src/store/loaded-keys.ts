import { HallpassError } from '../errors.ts'
import type { Home } from './home.ts'
import { type DataKey, type KeyFile, keyInvalid, loadKey, type Protection, parseKeyFile } from './key-file.ts'
import { type KeySource, readKeySource, statKeySource } from './key-source.ts'
import { type Unlocked, type UnlockOptions, unlock } from './protectors.ts'
import { stampOf } from './stamp.ts'

/** The key file as it was read, with its opened keys. */
export interface LoadedKeys {
  readonly file: KeyFile
  readonly keys: ReadonlyMap<string, DataKey>
  readonly current: DataKey
  /** How this process opened the keys. Another process may have changed the protection of the file since. */
  readonly unlocked: Unlocked
  readonly text: string
  readonly stamp: string
}

/**
 * Reads the key file; undefined without one. It opens no key that `before` already holds, so that after `key protect` a running
 * process goes on without the new passphrase.
 */
export async function loadKeys(
  source: KeySource,
  home: Home,
  options: UnlockOptions,
  before?: LoadedKeys,
): Promise<LoadedKeys | undefined> {
  // Take the stamp before the text. The next look then sees a change that came between the two.
  const stat = statKeySource(source)
  const text = readKeySource(source, home)
  if (stat === undefined || text === undefined) return undefined
  const stamp = stampOf(stat)
  if (text === before?.text) return { ...before, stamp }
  const file = parseKeyFile(text, source.file)
  let unlocked = before?.unlocked
  const keys = new Map<string, DataKey>()
  for (const stored of file.keys) {
    let key = before?.keys.get(stored.kid)
    if (key === undefined) {
      unlocked = await unlockedFor(file.protection, source, options, unlocked)
      key = loadKey(stored, unlocked.wrapping)
      if (key === undefined) throw notOpened(file.protection, source.file)
    }
    keys.set(stored.kid, key)
  }
  const current = keys.get(file.current)
  if (current === undefined || unlocked === undefined) throw keyInvalid(source.file)
  return { file, keys, current, unlocked, text, stamp }
}

/** `known`, if it is the file's protection; else asks the keyring or the user. */
export async function unlockedFor(
  protection: Protection,
  source: KeySource,
  options: UnlockOptions,
  known: Unlocked | undefined,
): Promise<Unlocked> {
  if (known !== undefined && JSON.stringify(known.protection) === JSON.stringify(protection)) return known
  return unlock(protection, source.file, options)
}

function notOpened(protection: Protection, file: string): HallpassError {
  switch (protection.kind) {
    case 'file':
      return keyInvalid(file)
    case 'keyring':
      return new HallpassError('key-locked', `the key in the system keyring does not open ${file}`, {
        hint: 'hallpass key status',
      })
    case 'passphrase':
      return new HallpassError('key-locked', `the passphrase does not open ${file}`, {
        hint: 'hallpass key status',
      })
  }
}
