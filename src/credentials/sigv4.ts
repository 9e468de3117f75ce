import { HallpassError } from '../errors.ts'
import { hopByHop } from '../http1/connection-fields.ts'
import { parseJsonObject } from '../json.ts'
import type { Zod } from '../rules/rule-schema.ts'
import { commonBundled, commonOptions, type Kind } from './kind.ts'
import { formPairs } from './percent-encoding.ts'
import type { Refusal, Signature, SignedField, SignedRequest, SigningTime } from './signer.ts'
import { sha256Hex } from './sigv4-canonical-request.ts'
import { ownSignature, type SigningScope, scopeOfHost, scopeWord } from './sigv4-scope.ts'
import { amzDate, authorizationOf, type SigV4Value } from './sigv4-signature.ts'
import {
  oneSource,
  type SourcedDefinition,
  sourceBundled,
  sourceFlags,
  sourceOptions,
} from './value-source.ts'

export interface SigV4Definition extends SourcedDefinition {
  readonly kind: 'sigv4'
  /** Default: the region that the client itself signs for, else the region in the host name. */
  readonly region?: string | undefined
  readonly service?: string | undefined
}

const wanted = '{"accessKeyId": "…", "secretAccessKey": "…", "sessionToken": "…"}'
/** It stands before the slashes of a scope, in a list with commas. */
const keyId = /^[A-Za-z0-9_-]+$/
const visible = /^[\x21-\x7e]+$/

/** A signature by AWS Signature Version 4, over the request as it goes out. */
export const sigv4: Kind<SigV4Definition, SigV4Value> = {
  kind: 'sigv4',
  options: (z) =>
    z
      .strictObject({
        kind: z.literal('sigv4'),
        region: z
          .string()
          .regex(scopeWord, 'not a region')
          .optional()
          .describe('the region, if clients do not say it'),
        service: z
          .string()
          .regex(scopeWord, 'not a service')
          .optional()
          .describe('the service, if clients do not say it'),
        ...sourceOptions(z),
        ...commonOptions(z),
      })
      .superRefine(oneSource),
  flags: {
    ...sourceFlags,
    region: { flags: '--region <name>', summary: 'the region, if clients do not say it' },
    service: { flags: '--service <name>', summary: 'the service, if clients do not say it' },
  },
  secret: { wanted, schema: valueSchema, parse, print: (value) => JSON.stringify(value) },
  bundled: { ...commonBundled, ...sourceBundled, region: 'comes', service: 'comes' },
  place: () => ({ in: 'header', name: 'Authorization' }),
  attach: (definition, value) => ({
    sign: {
      covers: 'hash',
      sign: (request, at) => sign(definition, value, request, at),
    },
  }),
  secrets: ({ secretAccessKey, sessionToken }) =>
    [secretAccessKey, sessionToken].filter((text) => text !== undefined),
}

function valueSchema(z: Zod) {
  return z.strictObject({
    accessKeyId: z.string().regex(keyId),
    secretAccessKey: z.string().regex(visible),
    sessionToken: z.string().regex(visible).optional(),
  })
}

/** Our own form, or the form that `aws configure export-credentials` prints. */
function parse(text: string): SigV4Value {
  const value = parseJsonObject(text)
  if (value === undefined)
    throw new HallpassError('value-invalid', `the value is not JSON; it must be ${wanted}`)
  const { Version: _, Expiration: __, AccessKeyId, SecretAccessKey, SessionToken, ...others } = value
  const {
    accessKeyId = AccessKeyId,
    secretAccessKey = SecretAccessKey,
    sessionToken = SessionToken,
    ...unknown
  } = others
  if (
    !matches(keyId, accessKeyId) ||
    !matches(visible, secretAccessKey) ||
    !(sessionToken === undefined || matches(visible, sessionToken)) ||
    Object.keys(unknown).length > 0
  ) {
    throw new HallpassError('value-invalid', `the value must be ${wanted}`)
  }
  return { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) }
}

function matches(pattern: RegExp, value: unknown): value is string {
  return typeof value === 'string' && pattern.test(value)
}

/** Services that name objects by their path, and take a payload that is not signed. */
const objectServices = new Set(['s3', 's3-object-lambda', 's3-outposts', 's3express'])

/** The fields of the client's signature; all of them are set anew. */
const replaced = ['authorization', 'x-amz-date', 'x-amz-security-token', 'x-amz-content-sha256']

function sign(
  definition: SigV4Definition,
  value: SigV4Value,
  request: SignedRequest,
  { now }: SigningTime,
): Signature {
  // The URL is already signed, and AWS refuses a request with two signatures.
  if (isPresigned(request.target)) return { remove: [], add: [] }
  const own = ownSignature(onlyValue(request.fields, 'authorization'))
  const { region, service } = { ...scopeOfHost(request.host), ...defined(own), ...defined(definition) }
  if (region === undefined || service === undefined) return unknownScope(region, service)
  const payload = payloadOf(request, service)
  if (typeof payload !== 'string') return payload

  const date = amzDate(now)
  const said = request.fields.some(({ lower }) => lower === 'x-amz-content-sha256')
  const add = [
    { name: 'X-Amz-Date', value: date },
    ...(value.sessionToken === undefined
      ? []
      : [{ name: 'X-Amz-Security-Token', value: value.sessionToken }]),
    ...(said || objectServices.has(service) ? [{ name: 'X-Amz-Content-Sha256', value: payload }] : []),
  ]
  const header = authorizationOf(
    {
      method: request.method,
      target: request.target,
      fields: signedFields(request, add, own.signedHeaders),
      payloadHash: payload,
      pathAsSent: objectServices.has(service),
    },
    value,
    { region, service },
    date,
  )
  return { remove: replaced, add: [{ name: 'Authorization', value: header }, ...add] }
}

function defined({
  region,
  service,
}: {
  readonly region?: string | undefined
  readonly service?: string | undefined
}): Partial<SigningScope> {
  return { ...(region !== undefined && { region }), ...(service !== undefined && { service }) }
}

function unknownScope(region: string | undefined, service: string | undefined): Refusal {
  const missing = [region ?? 'region', service ?? 'service'].filter(
    (_, index) => [region, service][index] === undefined,
  )
  return {
    refused: `neither the client nor the host name names the ${missing.join(' and ')} to sign for; set it in the credential`,
    code: 'policy',
  }
}

/** A signed URL, of this version or the one before it. */
function isPresigned(target: string): boolean {
  const at = target.indexOf('?')
  if (at === -1) return false
  const names = new Set(formPairs(target.slice(at + 1)).map(({ name }) => name.toLowerCase()))
  return names.has('x-amz-signature') || (names.has('signature') && names.has('awsaccesskeyid'))
}

const unsigned = 'UNSIGNED-PAYLOAD'
/** Chunks without signatures of their own, and a checksum behind them: nothing in the body is the client's signature. */
const unsignedChunks = 'STREAMING-UNSIGNED-PAYLOAD-TRAILER'

/** The hash of the payload, or the word that a service takes instead. */
function payloadOf(request: SignedRequest, service: string): string | Refusal {
  const { body, scheme } = request
  const said = onlyValue(request.fields, 'x-amz-content-sha256')
  // The client has hashed its own body: if it is wrong the service notices.
  if (said !== undefined && (/^[0-9a-f]{64}$/.test(said) || said === unsignedChunks)) return said
  if (said?.startsWith('STREAMING-') === true) {
    return {
      refused:
        'the client signs every chunk of its body with keys of its own, and only the head is signed anew; turn its chunked signing off',
      code: 'policy',
    }
  }
  if (body === 'absent') return sha256Hex('')
  if (body !== 'not-held') return sha256Hex(body.held)
  // Over plain http nothing else would protect the body.
  if (scheme === 'https' && (said === unsigned || objectServices.has(service))) return unsigned
  return {
    refused: 'its AWS signature covers the body, which is too large to be held',
    code: 'body-not-held',
  }
}

/**
 * The fields that AWS requires (the host, the type, all that begin with x-amz-) and those that the client signed. Never a field that
 * this connection or a proxy behind it changes.
 */
function signedFields(
  { fields, scheme, host, port }: SignedRequest,
  add: readonly { readonly name: string; readonly value: string }[],
  ownNames: readonly string[],
): SignedField[] {
  const names = new Set(ownNames)
  const kept = fields.filter(({ lower }) => {
    if (replaced.includes(lower) || hopByHop.has(lower) || changing.has(lower)) return false
    return names.has(lower) || always.has(lower) || lower.startsWith('x-amz-')
  })
  if (!kept.some(({ lower }) => lower === 'host')) {
    const name = host.includes(':') ? `[${host}]` : host
    const usual = port === (scheme === 'https' ? 443 : 80)
    kept.push({ name: 'Host', lower: 'host', value: usual ? name : `${name}:${port}` })
  }
  return [...kept, ...add.map(({ name, value }) => ({ name, lower: name.toLowerCase(), value }))]
}

const always = new Set(['content-md5', 'content-type', 'host'])
const changing = new Set(['expect', 'transfer-encoding', 'x-amzn-trace-id'])

/** The value of a field that stands once. */
function onlyValue(fields: readonly SignedField[], name: string): string | undefined {
  const [first, ...others] = fields.filter(({ lower }) => lower === name)
  return others.length === 0 ? first?.value : undefined
}
