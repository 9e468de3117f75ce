import { createHmac, createSecretKey, type KeyObject, randomBytes } from 'node:crypto'
import { HallpassError } from '../errors.ts'
import { isObject, parseJsonObject } from '../json.ts'
import { decrypt, encrypt, nonceBytes } from './seal.ts'

/** docs/format.md, "The key file". */
export type Protection =
  | { readonly kind: 'file' }
  | { readonly kind: 'keyring'; readonly account: string }
  | {
      readonly kind: 'passphrase'
      readonly salt: string
      readonly memoryKiB: number
      readonly passes: number
      readonly lanes: number
    }

export type StoredKey =
  | { readonly kid: string; readonly createdAt: string; readonly key: string }
  | { readonly kid: string; readonly createdAt: string; readonly nonce: string; readonly data: string }

export interface KeyFile {
  readonly protection: Protection
  /** The kid of the key that seals. The other keys only open. */
  readonly current: string
  readonly keys: readonly StoredKey[]
}

export const keyBytes = 32
const keyFileVersion = 1

/** A data key. The kid is computed from the key, so a damaged or exchanged key is found before it makes a record look damaged. */
export interface DataKey {
  readonly kid: string
  readonly createdAt: string
  readonly key: KeyObject
}

export function newDataKey(now: number): DataKey {
  return dataKey(randomBytes(keyBytes), new Date(now).toISOString())
}

export function dataKey(bytes: Uint8Array, createdAt: string): DataKey {
  return { kid: kidOf(bytes), createdAt, key: createSecretKey(bytes) }
}

function kidOf(bytes: Uint8Array): string {
  return createHmac('sha256', bytes).update('hallpass kid').digest('hex').slice(0, 16)
}

/** Without a wrapping key, stores the data key as it is. The file's mode then protects it. */
export function storeKey({ kid, createdAt, key }: DataKey, wrapping: KeyObject | undefined): StoredKey {
  const bytes = key.export()
  if (wrapping === undefined) return { kid, createdAt, key: bytes.toString('base64') }
  return { kid, createdAt, ...encrypt(wrapping, randomBytes(nonceBytes), wrapAssociated(kid), bytes) }
}

/** Undefined for a damaged key, or a wrong wrapping key. */
export function loadKey(stored: StoredKey, wrapping: KeyObject | undefined): DataKey | undefined {
  const bytes = keyOf(stored, wrapping)
  if (bytes?.length !== keyBytes) return undefined
  const loaded = dataKey(bytes, stored.createdAt)
  return loaded.kid === stored.kid ? loaded : undefined
}

function keyOf(stored: StoredKey, wrapping: KeyObject | undefined): Buffer | undefined {
  if ('key' in stored) return Buffer.from(stored.key, 'base64')
  return wrapping && decrypt(wrapping, stored, wrapAssociated(stored.kid))
}

function wrapAssociated(kid: string): string {
  return JSON.stringify(['hallpass-key', keyFileVersion, kid])
}

export function formatKeyFile({ protection, current, keys }: KeyFile): string {
  return `${JSON.stringify({ v: keyFileVersion, protector: protection, current, keys }, null, 2)}\n`
}

/** Throws `key-invalid`, naming the file. */
export function parseKeyFile(text: string, file: string): KeyFile {
  const { v, protector, current, keys } = parseJsonObject(text) ?? {}
  if (typeof v === 'number' && v > keyFileVersion) {
    throw new HallpassError('key-invalid', `${file} was made by a newer hallpass (format ${v})`)
  }
  const protection = parseProtection(protector)
  if (
    v === keyFileVersion &&
    protection !== undefined &&
    typeof current === 'string' &&
    Array.isArray(keys)
  ) {
    const stored = keys.map((key) => parseStoredKey(key, protection.kind !== 'file'))
    const known = stored.filter((key) => key !== undefined)
    if (known.length === keys.length && known.some((key) => key.kid === current)) {
      return { protection, current, keys: known }
    }
  }
  throw keyInvalid(file)
}

/** Reads a key from elsewhere: 32 bytes, 64 hexadecimal digits, or Base64; undefined for anything else. */
export function parseRawKey(bytes: Buffer): Buffer | undefined {
  if (bytes.length === keyBytes) return bytes
  const text = bytes.toString('latin1').replace(/\r?\n$/, '')
  if (/^[0-9a-f]{64}$/i.test(text)) return Buffer.from(text, 'hex')
  if (/^[A-Za-z0-9+/]{43}=?$/.test(text) || /^[A-Za-z0-9_-]{43}=?$/.test(text))
    return Buffer.from(text, 'base64')
  return undefined
}

export function keyInvalid(file: string): HallpassError {
  return new HallpassError('key-invalid', `${file} is damaged, or is not a key; hallpass did not change it`, {
    hint: 'hallpass key status',
  })
}

function parseProtection(value: unknown): Protection | undefined {
  if (!isObject(value)) return undefined
  const { kind, account, salt, memoryKiB, passes, lanes } = value
  if (kind === 'file') return { kind }
  if (kind === 'keyring' && typeof account === 'string') return { kind, account }
  // Attack: a planted file makes the next command take all memory, or all day.
  if (kind === 'passphrase' && typeof salt === 'string' && within(memoryKiB, 8 * 1024, 1024 * 1024)) {
    if (within(passes, 1, 16) && within(lanes, 1, 16)) return { kind, salt, memoryKiB, passes, lanes }
  }
  return undefined
}

function within(value: unknown, least: number, most: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most
}

function parseStoredKey(value: unknown, wrapped: boolean): StoredKey | undefined {
  if (!isObject(value)) return undefined
  const { kid, createdAt, key, nonce, data } = value
  if (typeof kid !== 'string' || typeof createdAt !== 'string') return undefined
  if (!wrapped) return typeof key === 'string' ? { kid, createdAt, key } : undefined
  return typeof nonce === 'string' && typeof data === 'string' ? { kid, createdAt, nonce, data } : undefined
}
