import { createHash } from 'node:crypto'
import { formPairs, percentDecode, percentEncode, sortedPairs } from './percent-encoding.ts'
import type { SignedField } from './signer.ts'

export interface CanonicalParts {
  readonly method: string
  /** In origin form, with the query: bytes as a latin1 string. */
  readonly target: string
  /** In the order sent, only those that are signed. Latin1. */
  readonly fields: readonly SignedField[]
  /** In hex, or the word that a service takes instead. */
  readonly payloadHash: string
  /** S3 and its kin name objects by the path: it is neither normalised nor encoded a second time. */
  readonly pathAsSent: boolean
}

/** The canonical request of Signature Version 4, latin1, and the names of the headers that are in it. */
export function canonicalRequest(parts: CanonicalParts): {
  readonly text: string
  readonly signedHeaders: string
} {
  const { method, target, payloadHash } = parts
  const at = target.indexOf('?')
  const [path, query] = at === -1 ? [target, ''] : [target.slice(0, at), target.slice(at + 1)]
  const headers = canonicalHeaders(parts.fields)
  const signedHeaders = headers.map(({ name }) => name).join(';')
  const lines = headers.map(({ name, value }) => `${name}:${value}\n`).join('')
  const uri = parts.pathAsSent ? encodedOnce(path) : percentEncodedPath(normalized(path))
  const text = [method, uri, sortedPairs(formPairs(query)), lines, signedHeaders, payloadHash].join('\n')
  return { text, signedHeaders }
}

export function sha256Hex(bytes: Uint8Array | string): string {
  const hash = createHash('sha256')
  return (typeof bytes === 'string' ? hash.update(bytes, 'latin1') : hash.update(bytes)).digest('hex')
}

/** The path as the service reads it, encoded once. S3 reads a `+` in it as a space. */
function encodedOnce(path: string): string {
  return percentEncodedPath(percentDecode(path.replaceAll('+', ' ')))
}

function percentEncodedPath(path: string): string {
  return path.split('/').map(percentEncode).join('/')
}

/** RFC 3986 section 5.2.4, without empty segments. Encoded characters stay, and are encoded again. */
function normalized(path: string): string {
  const kept: string[] = []
  for (const segment of path.split('/')) {
    if (segment === '..') kept.pop()
    else if (segment !== '' && segment !== '.') kept.push(segment)
  }
  return kept.length > 0 && path.endsWith('/') ? `/${kept.join('/')}/` : `/${kept.join('/')}`
}

/** Repeats joined in their order, spaces trimmed and folded. */
function canonicalHeaders(
  fields: readonly SignedField[],
): { readonly name: string; readonly value: string }[] {
  const values = new Map<string, string>()
  for (const { lower, value } of fields) {
    const folded = value.trim().replace(/[ \t]+/g, ' ')
    const before = values.get(lower)
    values.set(lower, before === undefined ? folded : `${before},${folded}`)
  }
  return [...values].map(([name, value]) => ({ name, value })).sort((a, b) => (a.name < b.name ? -1 : 1))
}
