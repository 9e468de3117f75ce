import { expect } from 'vitest'
import type { Definition, Kind } from '../../src/credentials/kind.ts'
import type { Refusal, RequestBody, Signature, SignedRequest, Signer } from '../../src/credentials/signer.ts'

/** The signer of a kind, for a definition and a value as `token set` takes it. */
export function signerOf<D extends Definition, Value>(
  kind: Kind<D, Value>,
  definition: D,
  value: object,
): Signer {
  const { secret } = kind
  if (secret === undefined) throw new Error('the kind has no value')
  const attachment = kind.attach(definition, secret.parse(JSON.stringify(value), 0))
  if (!('sign' in attachment)) throw new Error('the kind does not sign')
  return attachment.sign
}

/** A request from its parts; fields as `Name: value` lines. */
export function signedRequest(
  given: Partial<Omit<SignedRequest, 'fields' | 'body'>> & {
    readonly lines?: readonly string[]
    readonly body?: RequestBody | string
  } = {},
): SignedRequest {
  const { lines = [], body = 'absent', ...rest } = given
  const fields = lines.map((line) => {
    const colon = line.indexOf(':')
    const name = line.slice(0, colon)
    return { name, lower: name.toLowerCase(), value: line.slice(colon + 1).trim() }
  })
  const held = typeof body === 'string' && body !== 'absent' && body !== 'not-held'
  return {
    method: 'GET',
    scheme: 'https',
    host: 'api.example.com',
    port: 443,
    target: '/',
    ...rest,
    fields,
    body: held ? { held: Buffer.from(body) } : (body as RequestBody),
  }
}

export function edited(signature: Signature): Exclude<Signature, Refusal> {
  if ('refused' in signature) throw new Error(signature.refused)
  return signature
}

/** The value that a signature puts into a header; fails without it. */
export function headerOf(signature: Signature, name: string): string {
  const values = edited(signature)
    .add.filter((field) => field.name.toLowerCase() === name)
    .map(({ value }) => value)
  expect(values).toHaveLength(1)
  return values[0] ?? ''
}
