import fc from 'fast-check'
import { expect, it } from 'vitest'
import { tokenSetOf } from './token-response.ts'

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
  ['an invalid type', { token_type: 1 }],
  ['a refresh token that is a number', { refresh_token: 1 }],
  ['a refresh token with a line break', { refresh_token: 'a\nb' }],
])('refuses %s', (_, response) => expect(tokenSetOf({ access_token: 'a', ...response }, now)).toBeUndefined())

it.each<[string, Readonly<Record<string, unknown>>, number | undefined]>([
  ['a number', { expires_in: 60 }, 60],
  ['the number as a text', { expires_in: '60' }, 60],
  ['no length, which would have every request refresh', { expires_in: 0 }, undefined],
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
