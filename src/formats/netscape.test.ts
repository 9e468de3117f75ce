import { describe, expect, it, test } from 'vitest'
import { cookiesOf, read } from '../../test/formats/read-text.ts'
import type { Cookie } from '../cookies/cookie.ts'
import type { GivenCookie } from './format.ts'
import { toNetscape } from './netscape.ts'

const cookie: Cookie = {
  name: 'a',
  value: 'b',
  domain: 'example.com',
  hostOnly: true,
  path: '/',
  secure: false,
  httpOnly: false,
  sameSite: 'lax',
  createdAt: 1,
  updatedAt: 1,
}
const head = '# Netscape HTTP Cookie File\n'

test.each<[part: Partial<Cookie>, line: string]>([
  [{}, 'example.com\tFALSE\t/\tFALSE\t0\ta\tb'],
  [{ hostOnly: false }, '.example.com\tTRUE\t/\tFALSE\t0\ta\tb'],
  [{ secure: true, path: '/x y' }, 'example.com\tFALSE\t/x y\tTRUE\t0\ta\tb'],
  [{ httpOnly: true }, '#HttpOnly_example.com\tFALSE\t/\tFALSE\t0\ta\tb'],
  [{ httpOnly: true, hostOnly: false }, '#HttpOnly_.example.com\tTRUE\t/\tFALSE\t0\ta\tb'],
  [{ expiresAt: 1_900_000_000_999 }, 'example.com\tFALSE\t/\tFALSE\t1900000000\ta\tb'],
  // 0 would be read as a session cookie: an expired cookie must not come to life.
  [{ expiresAt: 5 }, 'example.com\tFALSE\t/\tFALSE\t1\ta\tb'],
  [{ name: '' }, 'example.com\tFALSE\t/\tFALSE\t0\t\tb'],
  [{ value: '' }, 'example.com\tFALSE\t/\tFALSE\t0\ta\t'],
  [{ value: '"x=y" \xff' }, 'example.com\tFALSE\t/\tFALSE\t0\ta\t"x=y" \xff'],
  [{ domain: '::1' }, '::1\tFALSE\t/\tFALSE\t0\ta\tb'],
])('%j is the line %j', (part, line) => expect(toNetscape([{ ...cookie, ...part }])).toBe(`${head}${line}\n`))

test('cookies keep their order, and a file can be without cookies', () => {
  expect(toNetscape([])).toBe(head)
  const text = toNetscape([
    { ...cookie, name: 'z' },
    { ...cookie, name: 'y' },
  ])
  expect(text.split('\n').map((line) => line.split('\t')[5])).toEqual([undefined, 'z', 'y', undefined])
})

test.each<Partial<Cookie>>([
  { value: 'b\nevil.test\tTRUE\t/\tFALSE\t0\tforged\t1' },
  { value: 'b\rx' },
  { value: 'b\tc' },
  { name: 'a\tb' },
  { path: '/\tx' },
  { domain: 'example.com\tTRUE' },
  { value: '\0' },
  { value: '\x7f' },
])('a cookie that would be more than one field or line is left out, and that is said: %j', (part) => {
  const text = toNetscape([cookie, { ...cookie, ...part }])
  expect(text).toBe(
    `${head}# left out, because this format cannot carry them: 1\nexample.com\tFALSE\t/\tFALSE\t0\ta\tb\n`,
  )
})

describe('reading a cookies.txt', () => {
  const a = { name: 'a', value: 'b', domain: 'example.com' }
  it.each<[what: string, line: string, cookie: Partial<GivenCookie>]>([
    ['curl', 'example.com\tFALSE\t/\tFALSE\t0\ta\tb', a],
    ['a domain', '.example.com\tTRUE\t/\tFALSE\t0\ta\tb', { ...a, hostOnly: false }],
    ['wget, a domain without its dot', 'example.com\tTRUE\t/\tFALSE\t0\ta\tb', { ...a, hostOnly: false }],
    ['wget, a port behind the host', 'example.com:8080\tFALSE\t/\tFALSE\t0\ta\tb', a],
    ['wget, IPv6', '[::1]:8080\tFALSE\t/\tFALSE\t0\ta\tb', { ...a, domain: '::1' }],
    [
      'curl, HttpOnly',
      '#HttpOnly_.example.com\tTRUE\t/\tTRUE\t0\ta\tb',
      { ...a, hostOnly: false, httpOnly: true, secure: true },
    ],
    ['Python, no expiry', '.example.com\tTRUE\t/\tFALSE\t\ta\tb', { ...a, hostOnly: false }],
    ['Python, localhost', 'localhost.local\tFALSE\t/\tFALSE\t\ta\tb', { ...a, domain: 'localhost' }],
    ['-1 for a session', 'example.com\tFALSE\t/\tFALSE\t-1\ta\tb', a],
    [
      'yt-dlp, part of a second',
      'example.com\tFALSE\t/\tFALSE\t1900000000.5\ta\tb',
      { ...a, expiresAt: 1_900_000_000_500 },
    ],
    [
      'milliseconds',
      'example.com\tFALSE\t/\tFALSE\t1900000000123\ta\tb',
      { ...a, expiresAt: 1_900_000_000_123 },
    ],
    [
      'curl and Python, the end of the year 9999',
      'example.com\tFALSE\t/\tFALSE\t253402300799\ta\tb',
      { ...a, expiresAt: 253_402_300_799_000 },
    ],
    ['small letters', 'example.com\tfalse\t/\ttrue\t0\ta\tb', { ...a, secure: true }],
    ['capital letters in the host', 'EXAMPLE.com.\tFALSE\t/\tFALSE\t0\ta\tb', a],
    [
      'a name of other letters',
      'bücher.example\tFALSE\t/\tFALSE\t0\ta\tb',
      { ...a, domain: 'xn--bcher-kva.example' },
    ],
    ['a TAB that an editor took away', 'example.com\tFALSE\t/\tFALSE\t0\ta', { ...a, value: '' }],
    ['blanks in place of TABs', 'example.com  FALSE  /  FALSE  0  a  b', a],
    ['a line end of Windows', 'example.com\tFALSE\t/\tFALSE\t0\ta\tb\r', a],
    ['no path', 'example.com\tFALSE\t\tFALSE\t0\ta\tb', a],
    ['a nameless cookie', 'example.com\tFALSE\t/\tFALSE\t0\t\tb', { ...a, name: '' }],
    ['quotes and blanks in the value', 'example.com\tFALSE\t/\tFALSE\t0\ta\t"x y"', { ...a, value: '"x y"' }],
  ])('reads %s', (_, line, cookie) => {
    const reading = read(`# Netscape HTTP Cookie File\n\n# curl wrote this\n$ another\n${line}\n`)
    expect(reading.skipped).toEqual([])
    expect(cookiesOf(reading)).toEqual([cookie])
    expect(reading.cookies[0]?.where).toBe('line 5')
  })

  it.each([
    [
      'example.com\tFALSE\t/\tFALSE\t0\ta\tb\tc',
      'a line has 7 columns separated by TABs, and this one has 8',
    ],
    ['example.com\tFALSE\t/\tFALSE', 'a line has 7 columns separated by TABs, and this one has 4'],
    ['hunter2', 'a line has 7 columns separated by TABs, and this one has 1'],
    ['a@b.test\tFALSE\t/\tFALSE\t0\ta\thunter2', 'column 1: the domain is not a host name'],
    ['..\tFALSE\t/\tFALSE\t0\ta\thunter2', 'column 1: the domain is not a host name'],
    ['a.test/x\tFALSE\t/\tFALSE\t0\ta\thunter2', 'column 1: the domain is not a host name'],
    ['a.test\tFALSE\t/\tmaybe\tsoon\ta\thunter2', 'more than one column cannot be read'],
    // The column of Secure is lost, and what follows is in the wrong place.
    ['a.test\tFALSE\t/\t0\ta\thunter2', 'a line has 7 columns separated by TABs, and this one has 6'],
  ])('skips %j and goes on', (line, reason) => {
    const reading = read(`# Netscape HTTP Cookie File\n${line}\nexample.com\tFALSE\t/\tFALSE\t0\ta\tb\n`)
    expect(reading.skipped).toEqual([{ where: 'line 2', reason }])
    expect(cookiesOf(reading)).toEqual([a])
  })

  it.each<[line: string, kept: Partial<GivenCookie>]>([
    ['a.test\tmaybe\t/\tFALSE\t0\ta\tb', {}],
    ['.a.test\tmaybe\t/\tFALSE\t0\ta\tb', { hostOnly: false }],
    ['a.test\tFALSE\tx\tFALSE\t0\ta\tb', {}],
    ['a.test\tFALSE\t/\t/\t0\ta\tb', { secure: true }],
    ['a.test\tFALSE\t/\tFALSE\tsoon\ta\tb', {}],
    ['a.test\tFALSE\t/\tFALSE\t99999999999999999\ta\tb', {}],
  ])('keeps %j, and names the column that it cannot read', (line, kept) => {
    const reading = read(`${line}\n`)
    expect(reading.skipped).toEqual([])
    expect(cookiesOf(reading)).toEqual([{ ...a, domain: 'a.test', ...kept }])
    expect(reading.cookies[0]?.flaws).toHaveLength(1)
  })

  it('that is something else altogether is one error, of the first line', () => {
    expect(() => read('hunter2\nhunter3\n', 'netscape')).toThrow(
      /^line 1: a line has 7 columns separated by TABs, and this one has 1$/,
    )
  })

  it('may be empty but for its head', () => {
    expect(read('# HTTP Cookie File\n')).toEqual({ cookies: [], origins: [], skipped: [] })
  })
})
