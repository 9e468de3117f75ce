import { chmodSync, mkdirSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { onCoarseClock } from '../../../test/store/coarse-clock.ts'
import { scratchFolder } from '../../../test/store/scratch.ts'
import type { OAuth2Value } from '../../credentials/oauth2.ts'
import { tokenFileOf } from './file-values.ts'
import type { ForeignFile } from './foreign-file.ts'

let path: string
let file: ForeignFile
beforeEach(() => {
  path = join(scratchFolder(), 'auth.json')
  file = tokenFileOf(path, undefined)
})
const write = (value: unknown, mode = 0o644) => {
  writeFileSync(path, typeof value === 'string' ? value : JSON.stringify(value))
  chmodSync(path, mode)
}
/** A link to itself. root can read a file of any mode. */
const unreadable = () => {
  rmSync(path)
  symlinkSync(path, path)
}
const tokensIn = (some: ForeignFile, now: number) => {
  const found = some.read(now)
  return typeof found === 'string' ? found : (found.secret as OAuth2Value).tokens
}
const read = (now: number) => tokensIn(file, now)
const refused = (reason: RegExp, now = 0) => expect(read(now)).toMatch(reason)

describe('the token file of another tool', () => {
  it.each<[string, unknown]>([
    ['as a token endpoint answered', { access_token: 'a', expires_in: 60 }],
    ['inside', { version: 1, tokens: { id_token: 'x', access_token: 'a', expires_in: 60 } }],
    ['in a list', { accounts: [{ name: 'x' }, { access_token: 'a', expires_in: 60 }] }],
    [
      'of Claude Code',
      { claudeAiOauth: { accessToken: 'a', refreshToken: 'r', expiresAt: 1_060_000_000_000 } },
    ],
    ['of AWS SSO', { startUrl: 'https://d.test', accessToken: 'a', expiresAt: '2003-08-04T12:26:40UTC' }],
    ['of Gemini', { access_token: 'a', token_type: 'Bearer', expiry_date: 1_060_000_000_000 }],
    ['first of two', { one: { access_token: 'a', expires_in: 60 }, two: { access_token: 'b' } }],
    ['behind one that is null', { one: { access_token: null }, two: { access_token: 'a', expires_in: 60 } }],
  ])('is read, %s, and its lifetimes count from its last change', (_, value) => {
    write(value)
    utimesSync(path, 1000, 1000)
    expect(read(0)).toMatchObject({ accessToken: 'a', receivedAt: 1_000_000 })
    const found = file.read(0)
    expect([1_060_000, 1_060_000_000_000]).toContain(typeof found === 'object' && found.expiresAt)
  })

  it.each<[string, unknown, RegExp]>([
    ['without a token', { tokens: {} }, /contains no bearer token/],
    ['of half of its JSON', '{"access_token":"a"', /contains no bearer token/],
    ['with a token that breaks a header line', { access_token: 'a\r\nb: c' }, /contains no bearer token/],
    ['with a token of another type', { access_token: 'a', token_type: 'DPoP' }, /contains no bearer token/],
    [
      'nested so deep that a search would not end well',
      `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`,
      /contains no bearer token/,
    ],
    ['of megabytes', JSON.stringify({ access_token: 'a', more: 'x'.repeat(2 ** 20) }), /far too large/],
  ])('%s is refused', (_, value, reason) => {
    write(value)
    refused(reason)
  })

  it('that everybody may write is refused, since anybody could make hallpass act as somebody else', () => {
    write({ access_token: 'a' }, 0o666)
    refused(/every user/)
  })

  it('may be a link, as in containers, and not a folder', () => {
    write({ access_token: 'a' })
    renameSync(path, `${path}.data`)
    symlinkSync(`${path}.data`, path)
    expect(read(0)).toMatchObject({ accessToken: 'a' })
    rmSync(path)
    mkdirSync(path)
    refused(/not a file|EISDIR/)
  })

  it.each<[string, string]>([
    ['$.other', 'b'],
    ['other', 'b'],
    ['$.other.access_token', 'b'],
    ['list.1.apiToken', 'c'],
    ['$', 'a'],
  ])('is read at %s', (place, accessToken) => {
    write({
      first: { access_token: 'a' },
      other: { access_token: 'b', expires_in: 60 },
      list: [{}, { apiToken: 'c', expires_in: 60 }],
    })
    expect(tokensIn(tokenFileOf(path, place), 0)).toMatchObject({ accessToken })
  })

  it.each(['$.none', 'first.constructor', 'first.access_token.length'])('has nothing at %s', (place) => {
    write({ first: { access_token: 'a' } })
    expect(tokenFileOf(path, place).read(0)).toContain(`nothing usable at ${place}`)
  })

  it('without a known field points at the texts that may be a token, and shows none', () => {
    write({ user: 'ada', auth: { apiToken: 'hidden', refreshToken: 'r', note: 'x y' } })
    refused(/no usable access_token in its JSON\. Texts that may be a token are at \$\.auth\.apiToken$/)
  })

  it.each<[string, () => void]>([
    ['empty', () => write('')],
    ['half written', () => write('{"access_token":"b')],
    ['unreadable', () => unreadable()],
  ])('that is %s for a moment keeps its last tokens until they expire', (_, spoil) => {
    write({ access_token: 'a', expiresAt: 2_000_000_000 })
    expect(read(0)).toMatchObject({ accessToken: 'a' })
    spoil()
    expect(read(0)).toMatchObject({ accessToken: 'a' })
    const stamp = file.stamp(1_999_999_999_999)
    expect(file.stamp(2_000_000_000_000)).not.toBe(stamp)
    refused(/^the file /, 2_000_000_000_000)
    expect(read(0)).toMatchObject({ accessToken: 'a' })
    rmSync(path)
    write({ access_token: 'b' })
    expect(read(0)).toMatchObject({ accessToken: 'b' })
  })

  it.each<[string, () => void]>([
    ['half written', () => write('{"access_token":"b')],
    ['unreadable', () => unreadable()],
  ])('that is %s for a long time keeps tokens without an end for an hour', (_, spoil) => {
    write({ access_token: 'a' })
    file.read(0)
    spoil()
    expect(read(0)).toMatchObject({ accessToken: 'a' })
    const stamp = file.stamp(3_599_999)
    expect(file.stamp(3_600_000)).not.toBe(stamp)
    expect(read(3_599_999)).toMatchObject({ accessToken: 'a' })
    refused(/^the file /, 3_600_000)
  })

  it.each<[string, object]>([
    ['with an end', { access_token: 'a', expiresAt: 2_000_000_000 }],
    ['without an end', { access_token: 'a' }],
  ])(
    'that is deleted keeps its tokens %s for 30 seconds, since deleting is how tools sign out',
    (_, tokens) => {
      write(tokens)
      file.read(0)
      rmSync(path)
      expect(read(1000)).toMatchObject({ accessToken: 'a' })
      const stamp = file.stamp(30_999)
      expect(file.stamp(31_000)).not.toBe(stamp)
      expect(read(30_999)).toMatchObject({ accessToken: 'a' })
      refused(/ENOENT/, 31_000)
      // Nobody has the same state as during the 30 seconds.
      expect(file.stamp(32_000)).not.toBe(stamp)
      // The next sign-in begins, and the tokens of the last one stay away.
      write('{"access_token":"b')
      refused(/not whole JSON/, 33_000)
      write({ access_token: 'b' })
      expect(read(34_000)).toMatchObject({ accessToken: 'b' })
      rmSync(path)
      expect(file.stamp(35_000)).not.toBe(stamp)
      expect(read(35_000)).toMatchObject({ accessToken: 'b' })
    },
  )

  it('that is deleted keeps its tokens no longer when the clock is set back', () => {
    write({ access_token: 'a' })
    file.read(100_000)
    rmSync(path)
    file.read(100_000)
    expect(read(0)).toMatchObject({ accessToken: 'a' })
    refused(/ENOENT/, 30_000)
  })

  it.each<[string, () => void]>([
    ['whole JSON without a token, since the tool has signed out', () => write({})],
    ['open to every user', () => write({ access_token: 'b' }, 0o666)],
  ])('that is %s keeps no tokens, also when it is half written later', (_, spoil) => {
    write({ access_token: 'a' })
    expect(read(0)).toMatchObject({ accessToken: 'a' })
    spoil()
    refused(/contains no bearer token|every user/)
    write('{"access_token":"b')
    refused(/not whole JSON/)
  })

  it('that does not exist is missing', () => {
    refused(/ENOENT/)
    expect(file.stamp(0)).toBe('none')
  })

  it('has another stamp with each change, also within one tick of the clock', () => {
    onCoarseClock()
    const stamps = new Set<string>()
    for (let n = 10; n < 30; n++) {
      write({ access_token: `a${n}` })
      stamps.add(file.stamp(0))
      expect(file.stamp(0)).toBe(file.stamp(0))
    }
    expect(stamps.size).toBe(20)
  })
})
