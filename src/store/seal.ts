import { createCipheriv, createDecipheriv, type KeyObject } from 'node:crypto'
import { HallpassError } from '../errors.ts'
import { parseJsonObject } from '../json.ts'

/** What a sealed text is and where it belongs; bound into it as associated data, so that it cannot stand in for another. */
export interface SealId {
  readonly kind: 'cookies' | 'storage' | 'credential' | 'client' | 'undo' | 'ca'
  /** Empty for what belongs to no session. */
  readonly session: string
  /** The site for cookies and storage, the name of a credential; else as docs/format.md says. */
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

/** Undefined when key, nonce, associated data and ciphertext do not belong together. */
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

/** A JSON array: no two identities can have the same text, whatever characters their names hold. */
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
 * Reads the outer JSON of a sealed text. `where` is named in the errors: `record-damaged`, or `record-newer` for a format of a later hallpass.
 */
export function parseEnvelope(text: string, where: string): Envelope {
  const { v, kid, nonce, data } = parseJsonObject(text) ?? {}
  if (typeof v === 'number' && Number.isInteger(v) && v > formatVersion) {
    throw new HallpassError('record-newer', `${where} was made by a newer hallpass (format ${v})`)
  }
  if (typeof kid === 'string' && typeof nonce === 'string' && typeof data === 'string') {
    const envelope = { kid, nonce, data }
    // Only the one spelling that we write: a changed byte is noticed also where a decoder would be lenient.
    if (formatEnvelope(envelope) === text && isCanonical(nonce) && isCanonical(data)) return envelope
  }
  throw damaged(where)
}

export function damaged(where: string): HallpassError {
  return new HallpassError(
    'record-damaged',
    `${where} is damaged, or was not made for this place; it was left as it is`,
    { hint: 'hallpass doctor' },
  )
}

function isCanonical(base64: string): boolean {
  return Buffer.from(base64, 'base64').toString('base64') === base64
}

/** How an error names a record whose file it does not know. */
export function describe({ kind, session, name }: SealId): string {
  return [`the sealed ${kind} record`, name && `"${name}"`, session && `of session "${session}"`]
    .filter(Boolean)
    .join(' ')
}
