import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { credentialDefinitionSchema } from './kinds.ts'
import { type OAuth2Definition, type OAuth2Value, oauth2 } from './oauth2.ts'
import { dueAtOf } from './oauth2-due.ts'

const now = Date.UTC(2026, 0, 1)
const minutes = 60_000
const definition: OAuth2Definition = { kind: 'oauth2', issuer: 'https://id.test', clientId: 'c' }
const tokens = { accessToken: 'a', refreshToken: 'r', receivedAt: now, expiresAt: now + 60 * minutes }
const parse = (text: string) => oauth2.secret?.parse(text, now)
const freshness = (value: Partial<OAuth2Value>, more: Partial<OAuth2Definition> = {}) =>
  oauth2.freshness?.({ ...definition, ...more }, { refreshes: 0, ...value })

describe('a refresh is due', () => {
  it.each([
    ['60 min', 60, 55],
    ['25 min', 25, 20],
    ['24 min', 24, 19.2],
    ['1 min', 1, 0.8],
  ])('for a life of %s five minutes before its end, or after four fifths of a short one', (_, life, due) =>
    expect(dueAtOf({ receivedAt: now, expiresAt: now + life * minutes })).toBeCloseTo(now + due * minutes, 3),
  )

  it('at no known time when nobody said how long the token lives', () =>
    expect(dueAtOf({ receivedAt: now })).toBeUndefined())
})

describe('the freshness of tokens', () => {
  it('says when they end and when they are due', () =>
    expect(freshness({ tokens, refreshes: 3 })).toEqual({
      expiresAt: now + 60 * minutes,
      dueAt: now + 55 * minutes,
      refreshable: true,
      refreshes: 3,
    }))

  it('delays a failed refresh until the next attempt is due', () => {
    const last = { at: now, result: 'failed', failures: 1, retryAt: now + 57 * minutes } as const
    expect(freshness({ tokens, last })?.dueAt).toBe(now + 57 * minutes)
  })

  it('leaves a refresh token of unknown fate alone until the access token has run out', () =>
    expect(freshness({ tokens, attempt: { since: now } })?.dueAt).toBe(now + 60 * minutes))

  it('is due for nothing when only a login helps', () => {
    const made = freshness({ tokens, needsLogin: { since: now, reason: 'invalid_grant' } })
    expect(made).toMatchObject({ needsLogin: 'invalid_grant' })
    expect(made).not.toHaveProperty('dueAt')
  })

  it.each<[string, Partial<OAuth2Value>, Partial<OAuth2Definition>, boolean]>([
    ['with a refresh token', { tokens }, {}, true],
    ['without one', { tokens: { ...tokens, refreshToken: undefined } }, {}, false],
    ['without a client id', { tokens }, { clientId: undefined }, false],
    ['without anybody to ask', { tokens }, { issuer: undefined }, false],
    ['with a client that asks in its own name', { clientSecret: 's' }, { flow: 'client-credentials' }, true],
    ['with such a client that lacks its secret', {}, { flow: 'client-credentials' }, false],
    ['of another tool', { tokens }, { tokenFile: '/t' }, false],
  ])('%s', (_, value, more, refreshable) => {
    expect(freshness(value, more)).toMatchObject({ refreshable })
    expect(freshness(value, more)?.dueAt !== undefined).toBe(refreshable)
  })
})

describe('the value that is set', () => {
  it('is a token response', () =>
    expect(parse('{"access_token":"a","refresh_token":"r","expires_in":60}')).toEqual({
      tokens: { accessToken: 'a', refreshToken: 'r', receivedAt: now, expiresAt: now + minutes },
      refreshes: 0,
    }))

  it.each(['r1.x/y\n', '{"refresh_token":"r1.x/y"}'])(
    'is a refresh token alone: %j, which has run out before it began',
    (text) => {
      const value = parse(text)
      expect(value?.tokens).toEqual({
        accessToken: '',
        refreshToken: 'r1.x/y',
        receivedAt: now,
        expiresAt: now,
      })
      expect(freshness(value ?? {})?.dueAt).toBe(now)
    },
  )

  it('is a client secret, alone or with tokens', () => {
    expect(parse('{"client_secret":"s"}')).toEqual({ clientSecret: 's', refreshes: 0 })
    expect(parse('{"client_secret":"s","refresh_token":"r"}')).toMatchObject({
      clientSecret: 's',
      tokens: { refreshToken: 'r' },
    })
  })

  it.each([
    ['', /empty/],
    ['two words', /one word/],
    ['{"access_token":', /not JSON/],
    ['{}', /not a token response/],
    ['{"access_token":"a\\nb"}', /not a token response/],
    ['{"access_token":"a","token_type":"mac"}', /not a token response/],
    ['{"client_secret":1}', /client_secret/],
  ])('is not %j', (text, reason) => expect(() => parse(text)).toThrow(reason))

  it('keeps the client secret that was there', () => {
    const given = parse('r') ?? { refreshes: 0 }
    expect(oauth2.secret?.over?.({ clientSecret: 's', refreshes: 9 }, given)).toEqual({
      ...given,
      clientSecret: 's',
    })
    expect(
      oauth2.secret?.over?.({ clientSecret: 's', refreshes: 9 }, { clientSecret: 't', refreshes: 0 }),
    ).toMatchObject({
      clientSecret: 't',
    })
  })
})

describe('the value that is attached', () => {
  it('is the access token, also after its end: the origin judges', () =>
    expect(oauth2.attach(definition, { tokens, refreshes: 0 })).toEqual({ value: 'Bearer a' }))

  it.each<[string, OAuth2Value, RegExp]>([
    ['before a login', { refreshes: 0 }, /no token yet/],
    [
      'before the first use of a refresh token',
      { tokens: { ...tokens, accessToken: '' }, refreshes: 0 },
      /no access token yet/,
    ],
    [
      'when only a login helps',
      { needsLogin: { since: now, reason: 'invalid_grant' }, refreshes: 0 },
      /needs login: invalid_grant/,
    ],
  ])('is nothing %s', (_, value, reason) =>
    expect(oauth2.attach(definition, value)).toEqual({ nothing: expect.stringMatching(reason) }),
  )
})

describe('a definition', () => {
  const define = (options: object) => credentialDefinitionSchema(z).safeParse({ kind: 'oauth2', ...options })

  it.each<[string, object]>([
    ['an issuer over plain http', { issuer: 'http://id.test' }],
    ['a token endpoint over plain http', { tokenEndpoint: 'http://id.test/token' }],
    ['an endpoint with a password in it', { tokenEndpoint: 'https://a:b@id.test/token' }],
    ['an endpoint with a fragment', { tokenEndpoint: 'https://id.test/token#x' }],
    ['an invalid endpoint', { issuer: 'id.test' }],
    ['an unknown flow', { flow: 'implicit' }],
    ['a scope of two words', { scopes: ['a b'] }],
    ['a token file beside an issuer', { tokenFile: '/t', issuer: 'https://id.test' }],
    ['a token file of no fixed place', { tokenFile: 't.json' }],
    ['an unknown key', { secret: 'x' }],
  ])('cannot have %s', (_, options) => expect(define(options).success).toBe(false))

  it.each<[object]>([
    [{ issuer: 'https://id.test/tenant', clientId: 'c', scopes: ['repo', 'read:org'] }],
    [{ issuer: 'http://127.0.0.1:1/', clientId: 'c' }],
    [{ issuer: 'http://[::1]:1/', clientId: 'c' }],
    [{ provider: 'okta', issuer: 'https://x.okta.com', clientId: 'c' }],
    [{ tokenFile: '~/.tool/auth.json' }],
  ])('can be %j', (options) => expect(define(options).success).toBe(true))
})
