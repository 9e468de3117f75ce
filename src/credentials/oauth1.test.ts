import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { edited, headerOf, signedRequest, signerOf } from '../../test/support/signed-request.ts'
import { oauth1 } from './oauth1.ts'
import { signatureBaseString, signOAuth1 } from './oauth1-signature.ts'
import { percentDecode } from './percent-encoding.ts'

const value = { consumerKey: 'ck', consumerSecret: 'cs', token: 'tk', tokenSecret: 'ts' }
const at = { now: 1_700_000_000_000, nonce: 'n0nce' }
const signer = signerOf(oauth1, { kind: 'oauth1' }, value)
const sign = (given: Parameters<typeof signedRequest>[0]) => signer.sign(signedRequest(given), at)
const formType = 'Content-Type: application/x-www-form-urlencoded'

/** The signature that a server with the secrets expects, for the parameters in the request. */
function expected(given: {
  method?: string
  target?: string
  form?: string
  extra?: Record<string, string>
}) {
  const { extra, ...request } = given
  return signOAuth1(
    { method: 'GET', scheme: 'https', host: 'api.example.com', port: 443, target: '/', ...request },
    value,
    { ...at, ...(extra && { extra }) },
  )
}

describe('an OAuth 1.0a credential', () => {
  it("replaces the client's Authorization", () => {
    const signature = edited(sign({ lines: ['Authorization: OAuth oauth_token="dummy"'] }))
    expect(signature).toEqual({
      remove: ['authorization'],
      add: [{ name: 'Authorization', value: expected({}) }],
    })
  })

  it('takes method and realm from its definition', () => {
    const other = signerOf(oauth1, { kind: 'oauth1', signatureMethod: 'HMAC-SHA256', realm: 'A b' }, value)
    const header = headerOf(other.sign(signedRequest(), at), 'authorization')
    expect(header).toMatch(/^OAuth realm="A b", /)
    expect(header).toContain('oauth_signature_method="HMAC-SHA256"')
  })

  it('signs without a token', () => {
    const { consumerKey, consumerSecret } = value
    const twoLegged = signerOf(oauth1, { kind: 'oauth1' }, { consumerKey, consumerSecret })
    expect(headerOf(twoLegged.sign(signedRequest(), at), 'authorization')).not.toContain('oauth_token')
  })

  it.each([
    ['no body', { lines: [formType] }, undefined],
    ['a form', { lines: [formType], body: 'a=1&b' }, 'a=1&b'],
    ['a form with a charset', { lines: [`${formType}; charset=utf-8`], body: 'a=1' }, 'a=1'],
    ['a form in capitals', { lines: [formType.toUpperCase()], body: 'a=1' }, 'a=1'],
    ['a body of another type', { lines: ['Content-Type: text/plain'], body: 'a=1' }, undefined],
    ['a body in parts', { lines: ['Content-Type: multipart/form-data; boundary=x'], body: 'a=1' }, undefined],
    ['a body without a type', { body: 'a=1' }, undefined],
    ['a compressed form', { lines: [formType, 'Content-Encoding: gzip'], body: 'a=1' }, undefined],
    ['two types', { lines: [formType, 'Content-Type: text/plain'], body: 'a=1' }, undefined],
    ['a body that is no form and not held', { body: 'not-held' as const }, undefined],
  ])('signs of %s what RFC 5849 counts in', (_, given, form) => {
    const header = headerOf(sign({ method: 'POST', ...given }), 'authorization')
    expect(header).toBe(expected({ method: 'POST', ...(form !== undefined && { form }) }))
    if (form !== undefined) expect(header).not.toBe(expected({ method: 'POST' }))
  })

  it('refuses a form that is too large to be held: its signature would be wrong', () =>
    expect(sign({ method: 'POST', lines: [formType], body: 'not-held' })).toMatchObject({
      code: 'body-not-held',
    }))

  it('signs the parameters of the request in the header of the client again, and no others', () => {
    const own =
      'OAuth realm="x", oauth_consumer_key="d", oauth_token="d", oauth_signature_method="PLAINTEXT", oauth_signature="d%26d", oauth_timestamp="1", oauth_nonce="d", oauth_version="1.0", oauth_callback="https%3A%2F%2Fa.test%2F%3Fb%3Dc", oauth_verifier="v%2F1"'
    expect(headerOf(sign({ lines: [`Authorization: ${own}`] }), 'authorization')).toBe(
      expected({ extra: { oauth_callback: 'https://a.test/?b=c', oauth_verifier: 'v/1' } }),
    )
    // Not from another scheme: its parameters are not for a signature.
    expect(headerOf(sign({ lines: ['Authorization: Digest oauth_verifier="v"'] }), 'authorization')).toBe(
      expected({}),
    )
  })

  it('takes a signature by the client out of the query, and leaves the rest of it byte for byte', () => {
    const target =
      '/x?a=%7e+b&oauth_signature=d&oauth_consumer_key=d&oauth%5Ftoken=d&oauth_timestamp=1&oauth_nonce=d&oauth_signature_method=HMAC-SHA1&oauth_version=1.0&oauth_verifier=v&c'
    const signature = edited(sign({ target }))
    expect(signature.target).toBe('/x?a=%7e+b&oauth_verifier=v&c')
    expect(headerOf(signature, 'authorization')).toBe(expected({ target: '/x?a=%7e+b&oauth_verifier=v&c' }))
    expect(edited(sign({ target: '/x?oauth_signature=d&oauth_token=d' })).target).toBe('/x')
    expect(edited(sign({ target: '/x?oauth_verifier=v&a' })).target).toBeUndefined()
  })

  it.each([
    ['its query', { target: '/x?oauth_token=own' }, 'query'],
    ['its query, encoded', { target: '/x?oauth%5fnonce=own' }, 'query'],
    ['its form', { method: 'POST', lines: [formType], body: 'a=1&oauth_token=own' }, 'form'],
    [
      'its form, signed',
      { method: 'POST', lines: [formType], body: 'oauth_signature=own&oauth_nonce=1' },
      'form',
    ],
  ])('refuses a request that says in %s what may be said once', (_, given, where) => {
    const signature = sign(given)
    expect(signature).toMatchObject({ code: 'policy' })
    expect(JSON.stringify(signature)).toContain(`in its ${where}`)
    expect(JSON.stringify(signature)).not.toContain('cs')
  })

  it('adds one line for all that a client can send', () => {
    const hostile = 'OAuth a="%0d%0aX-Evil: 1", b%0d%0aX="1", "c"="d", oauth_callback="\x80\xff"'
    const header = headerOf(sign({ lines: [`Authorization: ${hostile}`] }), 'authorization')
    expect(header).toMatch(/^[\x20-\x7e]+$/)
    expect(header).toContain('a="%0D%0AX-Evil%3A%201"')
  })

  it('gives another signature for another time, another nonce and another target', () => {
    const headers = [
      sign({}),
      sign({ target: '/x' }),
      sign({ method: 'POST' }),
      signer.sign(signedRequest(), { ...at, nonce: 'other' }),
      signer.sign(signedRequest(), { ...at, now: at.now + 1000 }),
    ].map((signature) => /oauth_signature="[^"]+"/.exec(headerOf(signature, 'authorization'))?.[0])
    expect(new Set(headers).size).toBe(headers.length)
    expect(sign({})).toEqual(sign({}))
  })

  it('says which of its parts the log must not show', () =>
    expect(oauth1.secrets(value)).toEqual(['cs', 'tk', 'ts']))
})

describe('its value', () => {
  const parse = (text: string) => oauth1.secret?.parse(text, 0)

  it.each([
    ['no JSON', 'ck:cs'],
    ['a list', '[]'],
    ['without a secret', '{"consumerKey":"m4rker"}'],
    ['with a token alone', '{"consumerKey":"a","consumerSecret":"m4rker","token":"t"}'],
    ['with something else', '{"consumerKey":"a","consumerSecret":"m4rker","callback":"t"}'],
    ['with a number', '{"consumerKey":"a","consumerSecret":1}'],
    ['with an empty part', '{"consumerKey":"a","consumerSecret":""}'],
    ['with a line break', '{"consumerKey":"a","consumerSecret":"m4rker\\r\\nx"}'],
    ['with half a character', '{"consumerKey":"a","consumerSecret":"m4rker\\ud800"}'],
  ])('is refused %s', (_, text) => {
    expect(() => parse(text)).toThrow(expect.objectContaining({ code: 'value-invalid' }))
    expect(() => parse(text)).not.toThrow(/m4rker/)
  })

  it('is taken from JSON of any layout, and printed as JSON', () => {
    const parsed = parse(
      ` {\n "tokenSecret": "ts", "token": "tk", "consumerSecret": "cs", "consumerKey": "ck" }\n`,
    )
    expect(parsed).toEqual(value)
    expect(JSON.parse(oauth1.secret?.print(value) ?? '')).toEqual(value)
    const schema = oauth1.secret?.schema(z)
    expect(schema?.safeParse(value).success).toBe(true)
    expect(schema?.safeParse({ ...value, tokenSecret: undefined }).success).toBe(false)
  })

  it.each(['PLAINTEXT', 'RSA-SHA1', 'hmac-sha1'])('is never sent as %s', (signatureMethod) =>
    expect(oauth1.options(z).safeParse({ kind: 'oauth1', signatureMethod }).success).toBe(false),
  )

  it.each(['a"b', 'a\\b', 'a\r\nb', 'é'])('has no realm %j', (realm) =>
    expect(oauth1.options(z).safeParse({ kind: 'oauth1', realm }).success).toBe(false),
  )
})

it('signs the parameters that it takes over', () => {
  const header = headerOf(sign({ lines: ['Authorization: OAuth oauth_verifier="v"'] }), 'authorization')
  const own = [...header.matchAll(/(\w+)="([^"]*)"/g)].map(([, name = '', text = '']) => ({
    name,
    value: percentDecode(text),
  }))
  const base = signatureBaseString(
    signedRequest(),
    own.filter(({ name }) => name !== 'oauth_signature'),
  )
  expect(base).toContain('oauth_verifier%3Dv')
})
