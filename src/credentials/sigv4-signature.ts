import { createHmac } from 'node:crypto'
import { type CanonicalParts, canonicalRequest, sha256Hex } from './sigv4-canonical-request.ts'
import type { SigningScope } from './sigv4-scope.ts'

/** Temporary keys come with a session token. All visible ASCII. */
export interface SigV4Value {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string | undefined
}

const algorithm = 'AWS4-HMAC-SHA256'

/** @param now ms; as `20130524T000000Z` */
export function amzDate(now: number): string {
  return new Date(now).toISOString().replace(/[:-]|\.\d{3}/g, '')
}

/** The value of the Authorization header: AWS General Reference, "Signature Version 4". */
export function authorizationOf(
  parts: CanonicalParts,
  value: SigV4Value,
  { region, service }: SigningScope,
  date: string,
): string {
  const { text, signedHeaders } = canonicalRequest(parts)
  const day = date.slice(0, 8)
  const scope = `${day}/${region}/${service}/aws4_request`
  const key = [day, region, service, 'aws4_request'].reduce<Buffer | string>(
    hmac,
    `AWS4${value.secretAccessKey}`,
  )
  const signature = hmac(key, [algorithm, date, scope, sha256Hex(text)].join('\n')).toString('hex')
  return `${algorithm} Credential=${value.accessKeyId}/${scope}, SignedHeaders=${signedHeaders}, Signature=${signature}`
}

function hmac(key: Buffer | string, text: string): Buffer {
  return createHmac('sha256', key).update(text, 'latin1').digest()
}
