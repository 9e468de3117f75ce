import { fc, test } from '@fast-check/vitest'
import { expect, it } from 'vitest'
import { namesHeader } from './names-header.ts'

it.each([
  [[], undefined],
  [['sid', 'csrftoken'], 'sid, csrftoken'],
  [['__Host-sid', 'a.b~c'], '__Host-sid, a.b~c'],
  [['a,b', 'c d', '%41', '+1'], 'a%2Cb, c%20d, %2541, %2B1'],
  [['\xe2\x82\xac'], '%E2%82%AC'],
  [[''], ''],
])('%j is %j', (names, value) => expect(namesHeader(names)).toBe(value))

it('counts the names that do not fit', () => {
  const value = namesHeader(Array.from({ length: 10_000 }, (_, index) => `cookie${index}`)) ?? ''
  expect(value.length).toBeLessThan(2200)
  const shown = value.split(', ').length - 1
  expect(value).toMatch(new RegExp(`, \\+${10_000 - shown}$`))
})

const byte = fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code))
test.prop([
  fc.array(
    fc.array(byte, { minLength: 1, maxLength: 6 }).map((bytes) => bytes.join('')),
    { minLength: 1, maxLength: 9 },
  ),
])('gives every name back, and never a second line', (names) => {
  const value = namesHeader(names) ?? ''
  expect(value).toMatch(/^[A-Za-z0-9._~%, -]*$/)
  expect(value.split(', ').map((name) => unescape(name))).toEqual(names)
})
