import { createHmac } from 'node:crypto'
import { fc, test } from '@fast-check/vitest'
import OAuth from 'oauth-1.0a'
import { describe, expect, it } from 'vitest'
import { hmacSignature, type OAuth1Request, signatureBaseString, signOAuth1 } from './oauth1-signature.ts'
import { utf8Bytes } from './value.ts'

const photos: OAuth1Request = {
  method: 'POST',
  scheme: 'https',
  host: 'photos.example.net',
  port: 443,
  target: '/initiate',
}
const client = { consumerKey: 'dpf43f3p2l4k3l03', consumerSecret: 'kd94hf93k423kf44' }

const own = (entries: Readonly<Record<string, string>>) =>
  Object.entries({ oauth_signature_method: 'HMAC-SHA1', ...entries }).map(([name, value]) => ({
    name,
    value,
  }))

describe('the signature base string', () => {
  it('is that of RFC 5849 section 3.4.1.1', () => {
    const request: OAuth1Request = {
      method: 'POST',
      scheme: 'http',
      host: 'EXAMPLE.COM',
      port: 80,
      target: '/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b',
      form: 'c2&a3=2+q',
    }
    const base = signatureBaseString(
      request,
      own({
        oauth_consumer_key: '9djdj82h48djs9d2',
        oauth_token: 'kkk9d7dh3k39sjv7',
        oauth_timestamp: '137131201',
        oauth_nonce: '7d8f3e4a',
      }),
    )
    expect(base).toBe(
      'POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%253D%25253D%26c%2540%3D%26c2%3D%26oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a%26oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D137131201%26oauth_token%3Dkkk9d7dh3k39sjv7',
    )
  })

  // RFC 5849 section 3.4.1.2, and the paths that servers see.
  it.each<[scheme: 'https' | 'http', host: string, port: number, target: string, uri: string]>([
    ['http', 'EXAMPLE.COM', 80, '/r%20v/X?id=123', 'http://example.com/r%20v/X'],
    ['https', 'www.example.net', 8080, '/?q=1', 'https://www.example.net:8080/'],
    ['https', 'a.test', 80, '/', 'https://a.test:80/'],
    ['http', '::1', 8080, '/x', 'http://[::1]:8080/x'],
    ['https', 'a.test', 443, '?x=1', 'https://a.test/'],
    ['https', 'a.test', 443, '/a//b/../c;d=1', 'https://a.test/a//b/../c;d=1'],
  ])('has %s, %s, %d and %s as %s', (scheme, host, port, target, uri) => {
    const base = signatureBaseString({ ...photos, scheme, host, port, target }, [])
    expect(decodeURIComponent(base.split('&')[1] ?? '')).toBe(uri)
  })

  it.each([
    ['a=1&a=1&a=0', 'a=0&a=1&a=1'],
    ['b&a=&=v', '=v&a=&b='],
    ['a=x+y&a=x%2By&a=x%20z', 'a=x%20y&a=x%20z&a=x%2By'],
    ['a=b=c', 'a=b%3Dc'],
    ['&&a=1&', 'a=1'],
    ['a=%zz&b=%', 'a=%25zz&b=%25'],
    ["a=!'()*~-._", 'a=%21%27%28%29%2A~-._'],
    ['a=\xc3\xa9&a=%c3%a9', 'a=%C3%A9&a=%C3%A9'],
    ['a%62=1&aB=1&a=1', 'a=1&aB=1&ab=1'],
    ['x;y=1', 'x%3By=1'],
  ])('has the query %j as %j, and a form the same', (text, normalized) => {
    const parameters = (request: Partial<OAuth1Request>) =>
      decodeURIComponent(signatureBaseString({ ...photos, ...request }, []).split('&')[2] ?? '')
    expect(parameters({ target: `/x?${text}` })).toBe(normalized)
    expect(parameters({ form: text })).toBe(normalized)
  })
})

describe('the signature', () => {
  // RFC 5849 section 1.2, whose requests have no oauth_version.
  it.each<
    [request: Partial<OAuth1Request>, token: object, parameters: Record<string, string>, signature: string]
  >([
    [
      {},
      {},
      {
        oauth_timestamp: '137131200',
        oauth_nonce: 'wIjqoS',
        oauth_callback: 'http://printer.example.com/ready',
      },
      '74KNZJeDHnMBp0EMJ9ZHt/XKycU=',
    ],
    [
      { target: '/token' },
      { tokenSecret: 'hdhd0244k9j7ao03' },
      {
        oauth_token: 'hh5s93j4hdidpola',
        oauth_timestamp: '137131201',
        oauth_nonce: 'walatlh',
        oauth_verifier: 'hfdp7dh39dks9884',
      },
      'gKgrFCywp7rO0OXSjdot/IHF7IU=',
    ],
    [
      { method: 'GET', scheme: 'http', port: 80, target: '/photos?file=vacation.jpg&size=original' },
      { tokenSecret: 'pfkkdhi9sl3r4s00' },
      { oauth_token: 'nnch734d00sl2jdk', oauth_timestamp: '137131202', oauth_nonce: 'chapoH' },
      'MdpQcU8iPSUjWoN/UDMsK2sui9I=',
    ],
  ])(
    'of the example %# of RFC 5849 section 1.2 is the published one',
    (request, token, parameters, signature) => {
      const base = signatureBaseString(
        { ...photos, ...request },
        own({ oauth_consumer_key: client.consumerKey, ...parameters }),
      )
      expect(hmacSignature(base, { ...client, ...token }, 'HMAC-SHA1')).toBe(signature)
    },
  )

  it('of the example in the documentation of X follows from its base string and its key', () => {
    const header = signOAuth1(
      {
        method: 'post',
        scheme: 'https',
        host: 'api.twitter.com',
        port: 443,
        target: '/1.1/statuses/update.json?include_entities=true',
        form: 'status=Hello%20Ladies%20%2b%20Gentlemen%2c%20a%20signed%20OAuth%20request%21',
      },
      {
        consumerKey: 'xvz1evFS4wEEPTGEFPHBog',
        consumerSecret: 'kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw',
        token: '370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb',
        tokenSecret: 'LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE',
      },
      { now: 1318622958_999, nonce: 'kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg' },
    )
    expect(header).toContain('oauth_timestamp="1318622958"')
    expect(header).toContain('oauth_signature="hCtSmYh%2BiHYCEqBWrE7C7hYmtUk%3D"')
  })
})

describe('the header', () => {
  const at = { now: 1_000, nonce: 'n' }

  it('has a realm unencoded and first, and no token without one', () => {
    const header = signOAuth1(photos, client, { ...at, realm: 'Photos & more' })
    expect(header).toMatch(/^OAuth realm="Photos & more", oauth_consumer_key="dpf43f3p2l4k3l03", /)
    expect(header).not.toContain('oauth_token')
    const withToken = signOAuth1(photos, { ...client, token: 'a b', tokenSecret: 's' }, at)
    expect(withToken).toContain('oauth_token="a%20b"')
  })

  it('signs the realm no more than the RFC does', () => {
    const signatureOf = (header: string) => /oauth_signature="([^"]+)"/.exec(header)?.[1]
    const plain = signatureOf(signOAuth1(photos, client, at))
    expect(signatureOf(signOAuth1(photos, client, { ...at, realm: 'Photos' }))).toBe(plain)
    expect(signatureOf(signOAuth1(photos, client, { ...at, extra: { oauth_callback: 'oob' } }))).not.toBe(
      plain,
    )
  })
})

// The oracle decodes values in a query, not names, and of `+` nothing.
const word = fc.string({
  unit: fc.oneof(
    fc.constantFrom(..."aZ0-._~!'()*+ %&=/?:;@,"),
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }),
  ),
  minLength: 1,
  maxLength: 8,
})
const plainWord = fc.string({ unit: fc.constantFrom(...'aAbZ0-._~'), minLength: 1, maxLength: 4 })
const encode = (entries: readonly (readonly [string, string])[], plus: boolean) =>
  entries
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
    .join('&')
    .replaceAll('%20', plus ? '+' : '%20')

test.prop(
  [
    fc.record({
      method: fc.constantFrom('GET', 'POST', 'PUT', 'delete'),
      scheme: fc.constantFrom('https' as const, 'http' as const),
      path: fc.array(word, { maxLength: 3 }),
      query: fc.array(fc.tuple(plainWord, word), { maxLength: 5 }),
      form: fc.array(fc.tuple(word, word), { maxLength: 5 }),
      plus: fc.boolean(),
      consumerKey: word,
      consumerSecret: word,
      token: fc.option(fc.record({ token: word, tokenSecret: word }), { nil: undefined }),
      sha256: fc.boolean(),
      now: fc.integer({ min: 0, max: 4e12 }),
    }),
  ],
  { numRuns: 500 },
)('of any request is what the library oauth-1.0a makes of it', (input) => {
  const { method, scheme, query, form, consumerKey, consumerSecret, token, now } = input
  const path = `/${input.path.map(encodeURIComponent).join('/')}`
  const signatureMethod = input.sha256 ? 'HMAC-SHA256' : 'HMAC-SHA1'
  const oracle = new OAuth({
    consumer: { key: consumerKey, secret: consumerSecret },
    signature_method: signatureMethod,
    hash_function: (base, key) =>
      createHmac(input.sha256 ? 'sha256' : 'sha1', key)
        .update(base)
        .digest('base64'),
  })
  oracle.getNonce = () => 'nonce'
  oracle.getTimeStamp = () => Math.floor(now / 1000)
  // Its data are an object without repeats, into which it writes; a query may have repeats.
  const data = Object.fromEntries(form.filter(([name]) => query.every(([other]) => other !== name)))
  const url = `${scheme}://a.test${path}${query.length === 0 ? '' : `?${encode(query, false)}`}`
  const expected = oracle.authorize(
    { url, method, data: { ...data } },
    token && { key: token.token, secret: token.tokenSecret },
  )
  const header = signOAuth1(
    {
      method,
      scheme,
      host: 'a.test',
      port: scheme === 'https' ? 443 : 80,
      target: `${path}?${encode(query, input.plus)}`,
      form: encode(Object.entries(data), input.plus),
    },
    { consumerKey, consumerSecret, ...token },
    { now, nonce: 'nonce', signatureMethod },
  )
  const signature = decodeURIComponent(/oauth_signature="([^"]+)"/.exec(header)?.[1] ?? '')
  expect(signature).toBe(expected.oauth_signature)
  expect(header).toMatch(/^OAuth [\x21-\x7e ]+$/)
  expect(header).toContain(`oauth_consumer_key="${percentEncoded(consumerKey)}"`)
})

function percentEncoded(text: string): string {
  return utf8Bytes(text).replace(
    /[^A-Za-z0-9._~-]/g,
    (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  )
}
