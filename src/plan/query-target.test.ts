import { fc, test } from '@fast-check/vitest'
import { expect, it } from 'vitest'
import { hasQueryParam, setQueryParam } from './query-target.ts'

it.each([
  ['/p', '/p?key=v'],
  ['/p?', '/p?key=v'],
  ['/p?a=1', '/p?a=1&key=v'],
  ['/p?a=1&', '/p?a=1&&key=v'],
  ['/p?key=x', '/p?key=v'],
  ['/p?key', '/p?key=v'],
  ['/p?a=1&key=x&b=%41+c', '/p?a=1&key=v&b=%41+c'],
  ['/p?key=x&a&key=y', '/p?key=v&a'],
  ['/p?%6bey=x', '/p?key=v'],
  ['/p?KEY=x', '/p?KEY=x&key=v'],
  ['/p?keys=x&xkey=y', '/p?keys=x&xkey=y&key=v'],
  ['/p?%=x&%zz', '/p?%=x&%zz&key=v'],
  ['/p?a=?key=1', '/p?a=?key=1&key=v'],
  ['http://h/p?a', 'http://h/p?a&key=v'],
])('%s becomes %s', (target, edited) => expect(setQueryParam(target, 'key', 'v')).toBe(edited))

it('compares names as servers read them', () => {
  expect(setQueryParam('/p?api+key=1&api%20key=2', 'api key', 'v')).toBe('/p?api%20key=v')
  expect(hasQueryParam('/p?api%5Fkey', 'api_key')).toBe(true)
  expect(hasQueryParam('/p', 'p')).toBe(false)
})

const piece = fc.constantFrom(
  'key',
  'k%65y',
  'a',
  'a=1',
  'key=2',
  '',
  '=',
  '&',
  '%',
  '?',
  '/',
  'b=%26',
  '__proto__=1',
)
test.prop([
  fc.array(piece, { maxLength: 6 }),
  fc.string({ unit: 'grapheme' }).filter((text) => text.isWellFormed()),
])('a server finds the value once and everything else as it was', (pieces, value) => {
  const target = `/p?${pieces.join('&')}`
  const edited = setQueryParam(target, 'key', value)
  const before = new URLSearchParams(target.slice(3))
  const after = new URLSearchParams(edited.slice(3))
  expect(after.getAll('key')).toEqual([value])
  before.delete('key')
  after.delete('key')
  expect([...after]).toEqual([...before])
  expect(edited).toMatch(/^[\x21-\x7e]*$/)
})
