import { describe, expect, test } from 'vitest'
import { HallpassError } from '../errors.ts'
import type { Cookie } from './cookie.ts'
import { Jar } from './jar.ts'

const cookie: Cookie = {
  name: 'sid',
  value: 'canary-value',
  domain: 'example.com',
  hostOnly: true,
  path: '/',
  secure: true,
  httpOnly: true,
  sameSite: 'lax',
  partitioned: true,
  expiresAt: 1_900_000_000_000,
  createdAt: 1_700_000_000_000,
  updatedAt: 1_700_000_000_001,
}
const cover = { domain: 'example.com', hostOnly: true }
const record = { cookies: [cookie], covers: [cover] }

test('a record comes back as it was written', () => {
  expect(Jar.fromRecord(JSON.parse(JSON.stringify(record))).toRecord()).toEqual(record)
  expect(Jar.fromRecord({ cookies: [], covers: [] }).toRecord()).toEqual({ cookies: [], covers: [] })
})

describe('a record in any other form is refused', () => {
  const { createdAt, ...ageless } = cookie
  const damaged: [what: string, value: unknown][] = [
    ['nothing', undefined],
    ['null', null],
    ['a list', []],
    ['a text', '{}'],
    ['no lists', {}],
    ['no covers', { cookies: [] }],
    ['no cookies', { covers: [] }],
    ['a field too many', { ...record, more: 1 }],
    ['an own __proto__', JSON.parse('{"cookies":[],"covers":[],"__proto__":{"polluted":true}}')],
    ['cookies that are no list', { ...record, cookies: { 0: cookie } }],
    ['a cookie that is null', { ...record, cookies: [null] }],
    ['a cookie without its age', { ...record, cookies: [ageless] }],
    ['a cookie with a field too many', { ...record, cookies: [{ ...cookie, extra: 1 }] }],
    ['the same cookie twice', { ...record, cookies: [cookie, { ...cookie, value: 'x' }] }],
    ['a cover that is no host', { ...record, covers: [{ domain: '../x', hostOnly: true }] }],
    ['a cover with a field too many', { ...record, covers: [{ ...cover, path: '/' }] }],
  ]
  const fields: [field: keyof Cookie, value: unknown][] = [
    ['name', 1],
    ['name', 'a=b'],
    ['name', 'a\n'],
    ['value', null],
    ['value', 'b\r\nSet-Cookie: x=y'],
    ['value', 'b; admin=1'],
    ['value', '\u20ac'],
    ['value', 'x'.repeat(4097)],
    ['domain', ''],
    ['domain', '.example.com'],
    ['domain', 'EXAMPLE.com'],
    ['domain', '../../etc/passwd'],
    ['hostOnly', 'true'],
    ['path', 'x'],
    ['path', '/\0'],
    ['secure', 1],
    ['httpOnly', undefined],
    ['sameSite', 'Lax'],
    ['partitioned', null],
    ['expiresAt', '2030'],
    ['expiresAt', null],
    ['createdAt', Number.NaN],
    ['updatedAt', Infinity],
  ]
  const all = [
    ...damaged,
    ...fields.map(([field, value]) => {
      const what = `${field} = ${JSON.stringify(value)?.slice(0, 30)}`
      return [what, { ...record, cookies: [{ ...cookie, [field]: value }] }] as const
    }),
  ]
  test.each(all)('%s', (_what, value) => {
    let caught: unknown
    try {
      Jar.fromRecord(value)
    } catch (error) {
      caught = error
    }
    expect(caught).toBeInstanceOf(HallpassError)
    expect(caught).toHaveProperty('code', 'record-damaged')
    expect(String(caught)).not.toMatch(/canary|admin|Set-Cookie/)
  })
})
