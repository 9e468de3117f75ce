import { expect, test } from 'vitest'
import type { Cookie } from '../cookies/cookie.ts'
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
  // 0 would be read as a session cookie: what has expired must not come to life.
  [{ expiresAt: 5 }, 'example.com\tFALSE\t/\tFALSE\t1\ta\tb'],
  [{ name: '' }, 'example.com\tFALSE\t/\tFALSE\t0\t\tb'],
  [{ value: '' }, 'example.com\tFALSE\t/\tFALSE\t0\ta\t'],
  [{ value: '"x=y" \xff' }, 'example.com\tFALSE\t/\tFALSE\t0\ta\t"x=y" \xff'],
  [{ domain: '::1' }, '::1\tFALSE\t/\tFALSE\t0\ta\tb'],
])('%j is the line %j', (part, line) => expect(toNetscape([{ ...cookie, ...part }])).toBe(`${head}${line}\n`))

test('cookies keep their order, and none make a file too', () => {
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
