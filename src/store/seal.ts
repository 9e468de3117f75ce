import { createCipheriv, createDecipheriv, type KeyObject } from 'node:crypto'
import { HallpassError } from '../errors.ts'
import { parseJsonObject } from '../json.ts'

/** Kind and place of a sealed text. It is bound in as associated data, so that no sealed text can take the place of another. */
export interface SealId {
  readonly kind: 'cookies' | 'storage' | 'health' | 'credential' | 'undo' | 'ca'
  /** Empty for a record of no session. */
  readonly session: string
  /** The site of cookies, storage and health, or the name of a credential. docs/format.md has the others. */
  readonly name: string
}

/** The identity under which ca.key is sealed. */
export const caKeyId: SealId = { kind: 'ca', session: '', name: 'ca.key' }

/** docs/format.md specifies version 1. */
const formatVersion = 1
export const nonceBytes = 12
const tagBytes = 16
const algorithm = 'aes-256-gcm'

export interface SealedBytes {
  readonly nonce: string
  /** Ciphertext and the 16 bytes of the tag, Base64. */
  readonly data: string
}

export function encrypt(
  key: KeyObject,
  nonce: Uint8Array,
  associated: string,
  plaintext: Uint8Array,
): SealedBytes {
  const cipher = createCipheriv(algorithm, key, nonce, { authTagLength: tagBytes })
  cipher.setAAD(Buffer.from(associated))
  const data = Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()])
  return { nonce: Buffer.from(nonce).toString('base64'), data: data.toString('base64') }
}

/** Undefined if key, nonce, associated data and ciphertext do not belong together. */
export function decrypt(key: KeyObject, sealed: SealedBytes, associated: string): Buffer | undefined {
  const nonce = Buffer.from(sealed.nonce, 'base64')
  const data = Buffer.from(sealed.data, 'base64')
  if (nonce.length !== nonceBytes || data.length < tagBytes) return undefined
  const decipher = createDecipheriv(algorithm, key, nonce, { authTagLength: tagBytes })
  decipher.setAAD(Buffer.from(associated))
  decipher.setAuthTag(data.subarray(-tagBytes))
  try {
    return Buffer.concat([decipher.update(data.subarray(0, -tagBytes)), decipher.final()])
  } catch {
    return undefined
  }
}

/** A JSON array, so that no two identities have the same text, whatever their names hold. */
export function associatedData(id: SealId): string {
  return JSON.stringify(['hallpass', formatVersion, id.kind, id.session, id.name])
}

export interface Envelope extends SealedBytes {
  readonly kid: string
}

export function formatEnvelope({ kid, nonce, data }: Envelope): string {
  return JSON.stringify({ v: formatVersion, kid, nonce, data })
}

/**
 * Reads the outer JSON of a sealed text. Throws `record-damaged`, or `record-newer` for a newer format; the message names `where`.
 */
export function parseEnvelope(text: string, where: string): Envelope {
  const { v, kid, nonce, data } = parseJsonObject(text) ?? {}
  if (typeof v === 'number' && Number.isInteger(v) && v > formatVersion) {
    throw new HallpassError('record-newer', `${where} was made by a newer hallpass (format ${v})`)
  }
  if (typeof kid === 'string' && typeof nonce === 'string' && typeof data === 'string') {
    const envelope = { kid, nonce, data }
    // Only the spelling that we write, so that a changed byte is found even where a decoder is lenient.
    if (formatEnvelope(envelope) === text && isCanonical(nonce) && isCanonical(data)) return envelope
  }
  throw damaged(where)
}

export function damaged(where: string): HallpassError {
  return new HallpassError(
    'record-damaged',
    `${where} is damaged, or belongs to another place; hallpass did not change it`,
    { hint: 'hallpass doctor' },
  )
}

function isCanonical(base64: string): boolean {
  return Buffer.from(base64, 'base64').toString('base64') === base64
}

/** Names a record in an error that does not know its file. */
export function describe({ kind, session, name }: SealId): string {
  return [`the sealed ${kind} record`, name && `"${name}"`, session && `of session "${session}"`]
    .filter(Boolean)
    .join(' ')
}
