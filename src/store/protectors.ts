import { createSecretKey, type KeyObject, randomBytes } from 'node:crypto'
import { HallpassError } from '../errors.ts'
import { Secret } from '../secret.ts'
import { keyBytes, type Protection } from './key-file.ts'
import { readPrivateFile } from './key-source.ts'
import { type OsKeyring, openKeyring } from './os-keyring.ts'
import { argon2id, passphraseKey, saltBytes } from './passphrase-key.ts'

export interface UnlockOptions {
  readonly env: NodeJS.ProcessEnv
  readonly passphrase?: () => Promise<Secret>
}

/** A protection, with the key that wraps the data keys. There is no such key if the file's mode protects them. */
export interface Unlocked {
  readonly protection: Protection
  readonly wrapping: KeyObject | undefined
}

export async function unlock(
  protection: Protection,
  file: string,
  options: UnlockOptions,
): Promise<Unlocked> {
  switch (protection.kind) {
    case 'file':
      return { protection, wrapping: undefined }
    case 'keyring':
      return { protection, wrapping: await fromKeyring(protection.account, file) }
    case 'passphrase':
      return { protection, wrapping: await passphraseKey(await askPassphrase(file, options), protection) }
  }
}

export async function newKeyringProtection(keyring: OsKeyring): Promise<Unlocked> {
  const account = randomBytes(8).toString('hex')
  const wrapping = randomBytes(keyBytes)
  await keyring.set(account, wrapping)
  return { protection: { kind: 'keyring', account }, wrapping: createSecretKey(wrapping) }
}

export async function newPassphraseProtection(passphrase: Secret): Promise<Unlocked> {
  if (passphrase.reveal() === '')
    throw new HallpassError('value-invalid', 'an empty passphrase protects nothing')
  const salt = randomBytes(saltBytes).toString('base64')
  const protection = { kind: 'passphrase', salt, ...argon2id } as const
  return { protection, wrapping: await passphraseKey(passphrase, protection) }
}

async function fromKeyring(account: string, file: string): Promise<KeyObject> {
  let secret: Uint8Array | undefined
  try {
    secret = await (await openKeyring()).get(account)
  } catch (error) {
    throw new HallpassError('key-locked', `the system keyring did not give the key for ${file}`, {
      hint: 'hallpass key status',
      cause: error,
    })
  }
  if (secret?.length === keyBytes) return createSecretKey(secret)
  throw new HallpassError('key-locked', `the system keyring has no key for ${file}`, {
    hint: 'hallpass key status',
  })
}

async function askPassphrase(file: string, { env, passphrase }: UnlockOptions): Promise<Secret> {
  const from = env.HALLPASS_PASSPHRASE_FILE
  if (from) {
    const bytes = readPrivateFile(from)
    if (bytes === undefined)
      throw new HallpassError('key-locked', `HALLPASS_PASSPHRASE_FILE: ${from} does not exist`, {
        hint: 'hallpass key status',
      })
    return new Secret(bytes.toString('utf8').replace(/\r?\n$/, ''))
  }
  if (passphrase) return passphrase()
  throw new HallpassError('key-locked', `${file} is protected by a passphrase`, {
    hint: 'export HALLPASS_PASSPHRASE_FILE=<a file with the passphrase, mode 0600>',
  })
}
