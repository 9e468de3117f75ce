import { describe, expect, it } from 'vitest'
import { valueInText } from './value-in-text.ts'

const now = Date.parse('2026-01-01T00:00:00Z')
const in15min = '2026-01-01T00:15:00Z'
const bearer = { kind: 'bearer' }
const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
const jwt = (claims: object) => `${part({ alg: 'none' })}.${part(claims)}.x`
const jwtIn15min = jwt({ iat: now / 1000 - 9000, exp: now / 1000 + 900 })

describe('the value in a text', () => {
  it.each<[what: string, printed: string, kind: string, secret: object]>([
    ['a line', 'secret\n', 'bearer', { token: 'secret' }],
    ['the first line', 'secret\r\nuser: ada\n', 'header', { value: 'secret' }],
    ['the token of JSON', '{"a":{"accessToken":"secret"}}', 'query', { value: 'secret' }],
    ['user and password', 'ada:secret\n', 'basic', { user: 'ada', password: 'secret' }],
    ['user and password in JSON', '{"user":"ada","password":"s"}', 'basic', { user: 'ada', password: 's' }],
    [
      'the keys of AWS',
      '{"Version":1,"AccessKeyId":"A","SecretAccessKey":"S","SessionToken":"T"}',
      'sigv4',
      { accessKeyId: 'A', secretAccessKey: 'S', sessionToken: 'T' },
    ],
  ])('is %s', (_, printed, kind, secret) => {
    expect(valueInText(printed, { kind }, now)).toEqual({ secret, expiresAt: undefined })
  })

  it.each<[what: string, printed: string, kind: string]>([
    ['expiresAt', JSON.stringify({ token: 'x', expiresAt: in15min }), 'bearer'],
    ['expires_in', JSON.stringify({ access_token: 'x', expires_in: 900 }), 'bearer'],
    ['Expiration', JSON.stringify({ AccessKeyId: 'A', SecretAccessKey: 'S', Expiration: in15min }), 'sigv4'],
    ['exp of a JWT that was made before', jwtIn15min, 'bearer'],
    ['exp of a JWT in JSON', JSON.stringify({ token: jwtIn15min }), 'bearer'],
  ])('ends as it says: %s', (_, printed, kind) => {
    expect(valueInText(printed, { kind }, now)).toMatchObject({ expiresAt: Date.parse(in15min) })
  })

  it.each<[what: string, printed: string]>([
    ['a JWT that ends after the last day of a Date', jwt({ exp: 9_999_999_999_999 })],
    ['the zero time of Go', JSON.stringify({ token: 'x', expiry: '0001-01-01T00:00:00Z' })],
  ])('has no end for %s', (_, printed) => {
    expect(valueInText(printed, bearer, now)).toEqual({ secret: expect.anything(), expiresAt: undefined })
  })

  it.each<[what: string, text: string, fault: RegExp, passing: 'unreadable' | false]>([
    ['an empty text', ' \n', /^is empty$/, 'unreadable'],
    ['half of its JSON', '{"token":"secret', /^is not whole JSON$/, 'unreadable'],
    ['the first brace of its JSON', '{', /^is not whole JSON$/, 'unreadable'],
    ['JSON without a token', '{"password":"secret"}', /^is JSON without an access_token$/, false],
    ['two words', 'two words', /^is not usable: a bearer token is one word of visible ASCII$/, 'unreadable'],
  ])('is missing in %s, and the fault repeats nothing of it', (_, text, fault, passing) => {
    expect(valueInText(text, bearer, now)).toEqual({ fault: expect.stringMatching(fault), passing })
  })
})
