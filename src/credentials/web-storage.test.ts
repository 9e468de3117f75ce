import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { readWebStorage, type StoredPairs, type WebStorageDefinition, webStorage } from './web-storage.ts'

const schema = webStorage.options(z)
const definition = (input: object = {}): WebStorageDefinition =>
  schema.parse({ kind: 'web-storage', origin: 'https://app.example.com', key: 'auth', ...input })
const local = (text: string): StoredPairs => ({
  localStorage: [['auth', text]],
  sessionStorage: [],
  indexedDB: [],
})
const jwt = (claims: object) =>
  ['{"alg":"none"}', JSON.stringify(claims), 'signature']
    .map((part) => Buffer.from(part).toString('base64url'))
    .join('.')

describe('a token in web storage', () => {
  it.each<[string, string, string | undefined, string]>([
    ['as it stands', 'abc', undefined, 'abc'],
    ['out of JSON quotes', '"abc"', undefined, 'abc'],
    ['without a scheme that is there already', 'Bearer abc', undefined, 'abc'],
    ['at a path', '{"access":{"token":"abc"}}', 'access.token', 'abc'],
    ['in a list', '[{"token":"x"},{"token":"abc"}]', '1.token', 'abc'],
    [
      'in JSON inside of JSON',
      JSON.stringify({ auth: JSON.stringify({ token: 'abc' }) }),
      'auth.token',
      'abc',
    ],
    [
      'under a name that objects reach by themselves',
      '{"__proto__":{"token":"abc"}}',
      '__proto__.token',
      'abc',
    ],
    ['with characters of its own', '1|a+/=~', undefined, '1|a+/=~'],
  ])('is read %s', (_, text, path, token) =>
    expect(readWebStorage(definition({ path }), local(text))).toEqual({ token }),
  )

  it.each<[string, string | undefined, string | undefined, string]>([
    ['nothing is stored', undefined, undefined, 'there is no auth'],
    ['it is empty', '', undefined, 'auth has no text'],
    ['the path leads nowhere', '{"a":{}}', 'a.b', 'auth has no text at a.b'],
    [
      'the path leads to a member of the prototype',
      '{"a":{}}',
      'a.constructor.name',
      'auth has no text at a.constructor.name',
    ],
    ['the path leads to an object', '{"a":{"b":1}}', 'a', 'auth has no text at a'],
    ['there is a path and no JSON', 'abc', 'a', 'auth has no text at a'],
    ['the JSON is cut off', '{"a":"b"', 'a', 'auth has no text at a'],
    ['it would break the line', 'abc\r\nHost: evil.test', undefined, 'the value of auth is not a token'],
    ['it is two words', 'Basic abc', undefined, 'the value of auth is not a token'],
    ['it is JSON without a path', '{"a": 1}', undefined, 'the value of auth is not a token'],
    ['it is not ASCII', 'gr\u00fcn', undefined, 'the value of auth is not a token'],
  ])('is none when %s', (_, text, path, reason) => {
    const stored = text === undefined ? undefined : local(text)
    expect(readWebStorage(definition({ path }), stored)).toBe(reason)
  })

  it.each([
    [undefined, 'local'],
    ['local', 'local'],
    ['session', 'session'],
    ['database', 'database'],
  ])('with area %j comes from %s storage where both have the key', (area, token) => {
    const stored = {
      localStorage: [['auth', 'local']],
      sessionStorage: [['auth', 'session']],
      indexedDB: [['auth', 'database']],
    } as const
    expect(readWebStorage(definition({ area }), stored)).toEqual({ token })
  })

  it('comes from session storage when local storage lacks it, unless the area is given', () => {
    const stored = { localStorage: [], sessionStorage: [['auth', 'session']], indexedDB: [] } as const
    expect(readWebStorage(definition(), stored)).toEqual({ token: 'session' })
    expect(readWebStorage(definition({ area: 'local' }), stored)).toBe('there is no auth')
  })

  it('goes where its definition says, in UTF-8', () => {
    const bearer = definition()
    expect(webStorage.place(bearer)).toEqual({ in: 'header', name: 'Authorization' })
    expect(webStorage.attach(bearer, { token: 'abc' })).toEqual({ value: 'Bearer abc' })
    const header = definition({ header: 'X-Token' })
    expect(webStorage.place(header)).toEqual({ in: 'header', name: 'X-Token' })
    expect(readWebStorage(header, local('Bearer gr\u00fcn'))).toEqual({ token: 'Bearer gr\u00fcn' })
    expect(webStorage.attach(header, { token: 'gr\u00fcn' })).toEqual({ value: 'gr\xc3\xbcn' })
    expect(readWebStorage(header, local('abc\r\nHost: evil.test'))).toBe('the value of auth is not a token')
  })

  it.each<[string, number | undefined]>([
    [jwt({ exp: 1000 }), 1_000_000],
    [jwt({ exp: '1000' }), undefined],
    [jwt({ exp: 1e300 }), undefined],
    [jwt({ exp: -1 }), undefined],
    [jwt({}), undefined],
    ['a.b', undefined],
    ['a.%.c', undefined],
    ['opaque', undefined],
  ])('%j ends at %j', (token, expiresAt) => {
    const freshness = webStorage.freshness?.(definition(), { token })
    expect(freshness?.expiresAt).toBe(expiresAt)
    expect(freshness?.refreshable).toBe(false)
  })

  it.each([
    ['https://app.example.com', 'https://app.example.com'],
    ['https://APP.example.com:443/', 'https://app.example.com'],
    ['http://localhost:8080', 'http://localhost:8080'],
    ['http://[::1]:8080', 'http://[::1]:8080'],
  ])('is of the page %s', (given, origin) => expect(definition({ origin: given }).origin).toBe(origin))

  it.each([
    ['app.example.com'],
    ['https://app.example.com/home'],
    ['https://ada@app.example.com'],
    ['file:///'],
    ['null'],
  ])('is of no page %s', (origin) =>
    expect(schema.safeParse({ kind: 'web-storage', origin, key: 'auth' }).error?.issues[0]?.message).toBe(
      'must be the origin of a page, such as https://app.example.com',
    ),
  )

  it.each([
    { key: '' },
    { key: 'a\x1b[2J' },
    { path: '' },
    { path: 'a..b' },
    { path: '.' },
    { area: 'both' },
  ])('is not looked for at %j', (input) => expect(() => definition(input)).toThrow())
})

const names = fc.constantFrom('a', 'b', '0', '__proto__', 'constructor', 'toString')
const tree = fc.letrec<{ node: unknown }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom('text', 'x y', '', '"q"', 1, null, true),
    fc.array(tie('node'), { maxLength: 2 }),
    fc
      .array(fc.tuple(names, tie('node')), { maxLength: 3 })
      .map(jsonOf)
      .map((text) => JSON.parse(text)),
    fc.array(fc.tuple(names, tie('node')), { maxLength: 3 }).map(jsonOf),
  ),
})).node

function jsonOf(entries: readonly (readonly [string, unknown])[]): string {
  return `{${entries.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join()}}`
}

test.prop([tree, fc.array(names, { maxLength: 4 })], { numRuns: 2000 })(
  'any stored text is a token of one word, or a reason that quotes nothing of it',
  (value, path) => {
    const stored = local(typeof value === 'string' ? value : JSON.stringify(value))
    const read = readWebStorage(definition(path.length === 0 ? {} : { path: path.join('.') }), stored)
    if (typeof read === 'string') expect(read).not.toContain('text"')
    else expect(read.token).toMatch(/^[\x21-\x7e]+$/)
  },
)
