import { HallpassError } from '../errors.ts'
import { parseJsonObject } from '../json.ts'
import type { Zod } from '../rules/rule-schema.ts'
import { commonBundled, commonOptions, type Definition, type Kind } from './kind.ts'
import { type OAuth1Value, oauth1Header, type SignatureMethod, signatureMethods } from './oauth1-signature.ts'
import { type FormPair, formPairs, percentDecode } from './percent-encoding.ts'
import type { Signature, SignedRequest, SigningTime } from './signer.ts'

export interface OAuth1Definition extends Definition {
  readonly kind: 'oauth1'
  /** The default is HMAC-SHA1, which nearly every server uses. */
  readonly signatureMethod?: SignatureMethod | undefined
  readonly realm?: string | undefined
}

const wanted = '{"consumerKey": "…", "consumerSecret": "…", "token": "…", "tokenSecret": "…"}'
/** Keys and secrets are encoded before they go anywhere, but a control character in one is a mistake of copying. */
const word = /^[^\0-\x1f\x7f]+$/
/** The characters that a quoted-string holds without an escape. */
const realm = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/

/** `Authorization: OAuth …`, RFC 5849. Without a token it is signed with the client credentials alone ("two-legged"). */
export const oauth1: Kind<OAuth1Definition, OAuth1Value> = {
  kind: 'oauth1',
  options: (z) =>
    z.strictObject({
      kind: z.literal('oauth1'),
      signatureMethod: z
        .enum(Object.keys(signatureMethods) as [SignatureMethod, ...SignatureMethod[]])
        .optional()
        .describe('HMAC-SHA1 (default) or HMAC-SHA256'),
      realm: z
        .string()
        .regex(realm, 'not a realm')
        .optional()
        .describe('the realm, where the server wants one'),
      ...commonOptions(z),
    }),
  flags: {
    signatureMethod: {
      flags: '--signature-method <method>',
      summary: 'HMAC-SHA1, the default, or HMAC-SHA256',
    },
    realm: { flags: '--realm <name>', summary: 'the realm, where the server wants one' },
  },
  secret: {
    wanted,
    schema: valueSchema,
    parse(text) {
      const value = parseJsonObject(text)
      if (value === undefined)
        throw new HallpassError('value-invalid', `the value is not JSON; it must be ${wanted}`)
      const { consumerKey, consumerSecret, token, tokenSecret, ...others } = value
      if (!isWord(consumerKey) || !isWord(consumerSecret) || Object.keys(others).length > 0)
        throw new HallpassError('value-invalid', `the value must be ${wanted}`)
      if (token === undefined && tokenSecret === undefined) return { consumerKey, consumerSecret }
      if (!isWord(token) || !isWord(tokenSecret))
        throw new HallpassError('value-invalid', 'token and tokenSecret belong together')
      return { consumerKey, consumerSecret, token, tokenSecret }
    },
    print: (value) => JSON.stringify(value),
  },
  bundled: { ...commonBundled, signatureMethod: 'comes', realm: 'comes' },
  place: () => ({ in: 'header', name: 'Authorization' }),
  attach: (definition, value) => ({
    sign: {
      covers: 'form',
      sign: (request, at) => sign(definition, value, request, at),
    },
  }),
  secrets: ({ consumerSecret, token, tokenSecret }) =>
    [consumerSecret, token, tokenSecret].filter((text) => text !== undefined),
}

function isWord(value: unknown): value is string {
  return typeof value === 'string' && word.test(value) && value.isWellFormed()
}

function valueSchema(z: Zod) {
  const text = z.string().refine(isWord)
  return z
    .strictObject({
      consumerKey: text,
      consumerSecret: text,
      token: text.optional(),
      tokenSecret: text.optional(),
    })
    .refine(({ token, tokenSecret }) => (token === undefined) === (tokenSecret === undefined))
}

/** The parameters that a request may have only once (RFC 5849 section 3.1), and that we set. */
const protocol: ReadonlySet<string> = new Set([
  'oauth_consumer_key',
  'oauth_nonce',
  'oauth_signature',
  'oauth_signature_method',
  'oauth_timestamp',
  'oauth_token',
  'oauth_version',
])

function sign(
  { signatureMethod, realm: named }: OAuth1Definition,
  value: OAuth1Value,
  request: SignedRequest,
  at: SigningTime,
): Signature {
  const form = formOf(request)
  if (form === 'not-held')
    return {
      refused: 'its OAuth 1.0a signature covers the form, which is too large to be held',
      code: 'body-not-held',
    }
  const inForm = formPairs(form ?? '').find(({ name }) => protocol.has(name))
  // The body goes out unchanged, and a server refuses a parameter that it gets twice.
  if (inForm !== undefined) return twice(inForm.name, 'form')
  const target = unsignedTarget(request.target)
  const inQuery = formPairs(queryOf(target)).find(({ name }) => protocol.has(name))
  if (inQuery !== undefined) return twice(inQuery.name, 'query')
  const header = oauth1Header({ ...request, target, form }, value, {
    ...at,
    signatureMethod,
    realm: named,
    extra: ownExtra(request),
  })
  return {
    ...(target !== request.target && { target }),
    remove: ['authorization'],
    add: [{ name: 'Authorization', value: header }],
  }
}

function twice(name: string, where: string): Signature {
  return {
    refused: `the client sends its own ${name} in its ${where}, and OAuth 1.0a allows only one (RFC 5849 section 3.1)`,
    code: 'policy',
  }
}

/** RFC 5849 section 3.4.1.3.1: a form counts when it is single-part, says so, and is not wrapped in another encoding. */
function formOf({ fields, body }: SignedRequest): string | undefined | 'not-held' {
  const types = fields.filter(({ lower }) => lower === 'content-type')
  const [type = ''] = (types[0]?.value ?? '').split(';', 1)
  if (types.length !== 1 || type.trim().toLowerCase() !== 'application/x-www-form-urlencoded')
    return undefined
  if (body === 'absent' || fields.some(({ lower }) => lower === 'content-encoding')) return undefined
  return body === 'not-held' ? body : Buffer.from(body.held).toString('latin1')
}

/** A query in which the client signs with keys of its own (dummies) loses that signature; ours goes into the header. */
function unsignedTarget(target: string): string {
  const parts = queryOf(target).split('&')
  const nameOf = (part: string) => formPairs(part)[0]?.name ?? ''
  if (!parts.some((part) => nameOf(part) === 'oauth_signature')) return target
  const rest = parts.filter((part) => !protocol.has(nameOf(part))).join('&')
  const [path = ''] = target.split('?', 1)
  return rest === '' ? path : `${path}?${rest}`
}

function queryOf(target: string): string {
  const at = target.indexOf('?')
  return at === -1 ? '' : target.slice(at + 1)
}

/**
 * The parameters of the client's own `Authorization: OAuth` that are not part of its signature: `oauth_callback`, `oauth_verifier`,
 * the hash of the body (an extension that many libraries send). They are signed again.
 */
function ownExtra({ fields }: SignedRequest): FormPair[] {
  const own = fields.find(({ lower, value }) => lower === 'authorization' && /^OAuth\s/i.test(value))
  // The assertion in front has a name begin where one can: a search within a long word would take the square of the time.
  return [...(own?.value ?? '').matchAll(/(?<![^\s=,"])([^\s=,"]+)\s*=\s*"([^"]*)"/g)]
    .map(([, name = '', text = '']) => ({ name: percentDecode(name), value: percentDecode(text) }))
    .filter(({ name }) => !protocol.has(name) && name.toLowerCase() !== 'realm')
}
