import fc from 'fast-check'
import { expect, it } from 'vitest'
import { tokenFieldsOf, tokenSetOf } from './token-response.ts'

const now = Date.UTC(2026, 0, 1)
const jwt = (claims: object) =>
  ['{"alg":"none"}', JSON.stringify(claims), 'x']
    .map((part) => Buffer.from(part).toString('base64url'))
    .join('.')
const life = (response: Readonly<Record<string, unknown>>) => {
  const tokens = tokenSetOf({ access_token: 'a', ...response }, now)
  return tokens?.expiresAt === undefined ? undefined : (tokens.expiresAt - tokens.receivedAt) / 1000
}

it('takes the answer of a token endpoint, and counts from its receipt', () =>
  expect(
    tokenSetOf(
      { access_token: 'a', refresh_token: 'r', token_type: 'bearer', expires_in: 60, scope: 'x y', more: 1 },
      now,
    ),
  ).toEqual({ accessToken: 'a', refreshToken: 'r', scope: 'x y', receivedAt: now, expiresAt: now + 60_000 }))

it.each<[string, Readonly<Record<string, unknown>>]>([
  ['no access token', { access_token: undefined }],
  ['an access token that is a number', { access_token: 1 }],
  ['an empty one', { access_token: '' }],
  ['one that ends the header line', { access_token: 'a\r\nx: y' }],
  ['one of two words', { access_token: 'a b' }],
  ['one that is not ASCII', { access_token: 'ä' }],
  ['tokens of another type', { token_type: 'DPoP' }],
  ['tokens of another type in another spelling', { tokenType: 'mac' }],
  ['an invalid type', { token_type: 1 }],
  ['a list of types', { token_type: ['Bearer'] }],
])('refuses %s', (_, response) => expect(tokenSetOf({ access_token: 'a', ...response }, now)).toBeUndefined())

it.each<[string, Readonly<Record<string, unknown>>, string | undefined]>([
  ['no type', {}, undefined],
  ['null for a type', { token_type: null }, undefined],
  ['an empty type', { token_type: '' }, undefined],
  ['the type of Apigee', { token_type: 'BearerToken' }, undefined],
  ['a refresh token that is null', { refresh_token: null }, undefined],
  ['an empty refresh token', { refresh_token: '' }, undefined],
  ['a refresh token that is a number', { refresh_token: 1 }, 'refresh_token'],
  ['a refresh token with a line break', { refresh_token: 'a\nb' }, 'refresh_token'],
  ['a scope that is an object', { scope: {} }, 'scope'],
  ['a life that is a text', { expires_in: 'soon' }, 'expires_in'],
  ['a life that is an object', { expires_in: {} }, 'expires_in'],
])('takes the access token beside %s', (_, response, ignored) => {
  const fields = tokenFieldsOf({ access_token: 'a', ...response })
  expect(fields).toEqual({ accessToken: 'a', ignored: ignored === undefined ? [] : [ignored] })
})

it.each<[string, Readonly<Record<string, unknown>>]>([
  ['AWS SSO and Claude Code', { accessToken: 'a', refreshToken: 'r', expiresAt: now + 60_000 }],
  ['the registry of containers', { token: 'a', refresh_token: 'r', expires_in: 60 }],
  ['capitals', { AccessToken: 'a', RefreshToken: 'r', ExpiresIn: '60' }],
  ['the scheme with the token', { access_token: 'Bearer a', refresh_token: 'r', expires_in: 60 }],
])('knows the spelling of %s', (_, response) =>
  expect(tokenSetOf(response, now)).toEqual({
    accessToken: 'a',
    refreshToken: 'r',
    receivedAt: now,
    expiresAt: now + 60_000,
  }),
)

it('prefers the exact name', () =>
  expect(tokenSetOf({ accessToken: 'b', access_token: 'a', token: 'c' }, now)?.accessToken).toBe('a'))

it('joins a list of scopes', () =>
  expect(tokenSetOf({ access_token: 'a', scope: ['x', 'y'] }, now)?.scope).toBe('x y'))

it.each<[string, Readonly<Record<string, unknown>>, number | undefined]>([
  ['a number', { expires_in: 60 }, 60],
  ['the number as a text', { expires_in: '60' }, 60],
  ['no length, which would have every request refresh', { expires_in: 0 }, undefined],
  ['a fraction', { expires_in: 59.5 }, 59.5],
  ['a fraction as a text', { expires_in: '60.0' }, 60],
  ['true', { expires_in: true }, undefined],
  ['null', { expires_in: null }, undefined],
  ['an empty text', { expires_in: '' }, undefined],
  ['the name of Facebook', { expires: 60 }, 60],
  ['the name of Lark', { expire: 60 }, 60],
  ['its end in seconds', { expires_at: now / 1000 + 60 }, 60],
  ['its end in seconds as a text, as Azure sends it', { expires_on: String(now / 1000 + 60) }, 60],
  ['its end in milliseconds, as Google writes it', { expiry_date: now + 60_000 }, 60],
  ['its end as a date', { expiry: '2026-01-01T00:01:00Z' }, 60],
  ['its end as AWS SSO writes it', { expiresAt: '2026-01-01T00:01:00UTC' }, 60],
  ['its end by the name that is also a life', { expires: now / 1000 + 60 }, 60],
  ['an end that is no date', { expires_at: 'later' }, undefined],
  ['the zero time of Go, which means no end', { expiry: '0001-01-01T00:00:00Z' }, undefined],
  ['a negative life', { expires_in: -1 }, undefined],
  ['no number', { expires_in: 'soon' }, undefined],
  ['nothing', {}, undefined],
  ['more than a Date holds', { expires_in: 1e300 }, 10 * 366 * 86_400],
  ['a JWT', { access_token: jwt({ iat: 1000, exp: 1600 }) }, 600],
  ['a JWT of a clock far ahead', { access_token: jwt({ iat: 9e9, exp: 9e9 + 600 }) }, 600],
  ['a JWT of a clock far behind', { access_token: jwt({ iat: 0, exp: 600 }) }, 600],
  ['a number, beside a JWT', { expires_in: 60, access_token: jwt({ iat: 0, exp: 600 }) }, 60],
  ['a JWT that does not say when it was made', { access_token: jwt({ exp: now / 1000 + 600 }) }, undefined],
  ['a JWT that ends before it begins', { access_token: jwt({ iat: 600, exp: 0 }) }, undefined],
  ['a JWT of texts', { access_token: jwt({ iat: '0', exp: '600' }) }, undefined],
  ['three parts that are no JWT', { access_token: 'a.b.c' }, undefined],
])('a life by %s', (_, response, seconds) => expect(life(response)).toBe(seconds))

it('reads any object as tokens that are valid from now on, or refuses it', () =>
  fc.assert(
    fc.property(fc.object(), fc.string(), fc.anything(), (json, token, expiresIn) => {
      const tokens = tokenSetOf({ ...json, access_token: token, expires_in: expiresIn }, now)
      if (tokens === undefined) return
      expect(`Bearer ${tokens.accessToken}`).toMatch(/^Bearer [\x21-\x7e]+$/)
      if (tokens.expiresAt !== undefined) expect(new Date(tokens.expiresAt) > new Date(now)).toBe(true)
    }),
  ))
