import { createHmac } from 'node:crypto'
import { type FormPair, formPairs, percentEncode, sortedPairs } from './percent-encoding.ts'
import type { SigningTime } from './signer.ts'
import { utf8Bytes } from './value.ts'

/** RFC 5849 section 1.1: client credentials, and the token's once there is one. Unicode. */
export interface OAuth1Value {
  readonly consumerKey: string
  readonly consumerSecret: string
  readonly token?: string | undefined
  readonly tokenSecret?: string | undefined
}

export const signatureMethods = { 'HMAC-SHA1': 'sha1', 'HMAC-SHA256': 'sha256' } as const

export type SignatureMethod = keyof typeof signatureMethods

export interface OAuth1Request {
  readonly method: string
  readonly scheme: 'https' | 'http'
  /** IPv6 without brackets. */
  readonly host: string
  readonly port: number
  /** In origin form, with the query: bytes as a latin1 string. */
  readonly target: string
  /** The body when it is a form: application/x-www-form-urlencoded, latin1. */
  readonly form?: string | undefined
}

export interface OAuth1Options extends SigningTime {
  /** HMAC-SHA1 when it is not said. */
  readonly signatureMethod?: SignatureMethod | undefined
  /** Visible ASCII and spaces, without `"` and `\`. */
  readonly realm?: string | undefined
  /** Further parameters of the header: `oauth_callback`, `oauth_verifier`. Unicode. */
  readonly extra?: Readonly<Record<string, string>> | undefined
}

/** The value of an Authorization header, RFC 5849 sections 3.1 and 3.5.1. */
export function signOAuth1(request: OAuth1Request, value: OAuth1Value, options: OAuth1Options): string {
  const extra = Object.entries(options.extra ?? {}).map(([name, text]) => ({
    name: utf8Bytes(name),
    value: utf8Bytes(text),
  }))
  return oauth1Header(request, value, { ...options, extra })
}

/** The same with further parameters as the bytes that somebody sent. */
export function oauth1Header(
  request: OAuth1Request,
  value: OAuth1Value,
  options: Omit<OAuth1Options, 'extra'> & { readonly extra: readonly FormPair[] },
): string {
  const { now, nonce, signatureMethod = 'HMAC-SHA1', realm } = options
  const own: FormPair[] = [
    { name: 'oauth_consumer_key', value: utf8Bytes(value.consumerKey) },
    ...(value.token === undefined ? [] : [{ name: 'oauth_token', value: utf8Bytes(value.token) }]),
    { name: 'oauth_signature_method', value: signatureMethod },
    { name: 'oauth_timestamp', value: String(Math.floor(now / 1000)) },
    { name: 'oauth_nonce', value: nonce },
    { name: 'oauth_version', value: '1.0' },
    ...options.extra,
  ]
  const signature = hmacSignature(signatureBaseString(request, own), value, signatureMethod)
  const parameters = [...own, { name: 'oauth_signature', value: signature }].map(
    ({ name, value: bytes }) => `${percentEncode(name)}="${percentEncode(bytes)}"`,
  )
  // RFC 5849 section 3.5.1: the realm is RFC 2617's, which knows no percent-encoding, and is not signed.
  return `OAuth ${[...(realm === undefined ? [] : [`realm="${realm}"`]), ...parameters].join(', ')}`
}

/**
 * RFC 5849 section 3.4.1.
 * @param own the parameters of the Authorization header, but realm and oauth_signature
 */
export function signatureBaseString(request: OAuth1Request, own: readonly FormPair[]): string {
  const at = request.target.indexOf('?')
  const query = at === -1 ? '' : request.target.slice(at + 1)
  const parameters = [...formPairs(query), ...own, ...formPairs(request.form ?? '')]
  return [request.method.toUpperCase(), baseUri(request), sortedPairs(parameters)]
    .map(percentEncode)
    .join('&')
}

/** RFC 5849 section 3.4.1.2. */
function baseUri({ scheme, host, port, target }: OAuth1Request): string {
  const name = (host.includes(':') ? `[${host}]` : host).toLowerCase()
  const authority = port === (scheme === 'https' ? 443 : 80) ? name : `${name}:${port}`
  const [path = ''] = target.split('?', 1)
  return `${scheme}://${authority}${path === '' ? '/' : path}`
}

/** RFC 5849 section 3.4.2: the `&` of the key is there also when there is no token. In Base64. */
export function hmacSignature(
  base: string,
  { consumerSecret, tokenSecret = '' }: OAuth1Value,
  method: SignatureMethod,
): string {
  const key = [consumerSecret, tokenSecret].map((secret) => percentEncode(utf8Bytes(secret))).join('&')
  return createHmac(signatureMethods[method], key).update(base, 'latin1').digest('base64')
}
