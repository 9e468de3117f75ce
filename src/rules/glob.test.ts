import { fc, test } from '@fast-check/vitest'
import { expect, it } from 'vitest'
import { type Glob, matchesGlob } from './glob.ts'

it.each<[glob: Glob, text: string, matches: boolean]>([
  [[], '', true],
  [[], 'a', false],
  [['/a'], '/a', true],
  [['/a'], '/ab', false],
  [['/', '**'], '/', true],
  [['/', '**'], '/a/b', true],
  [['/', '*'], '/', false],
  [['/', '*'], '/a', true],
  [['/', '*'], '/a/b', false],
  [['/', '*', '/', '*'], '/a/b', true],
  [['*', 'a', '*'], 'aaa', true],
  [['*', 'a', '*'], 'aa', false],
  [['**', '/x/', '*'], '/x/x/y', true],
  [['**', '/x/', '*'], '/x/y/x/', false],
])('%j and %j: %j', (glob, text, matches) => expect(matchesGlob(glob, text)).toBe(matches))

const meaning: Readonly<Record<string, string>> = { '*': '[^/]+', '**': '.*' }
const piece = fc.constantFrom('a', 'ab', '/', '/a', '*', '**')

test.prop([
  fc.array(piece, { maxLength: 6 }),
  fc.string({ unit: fc.constantFrom('a', 'b', '/'), maxLength: 10 }),
])('agrees with the regular expression that it stands for', (glob, text) => {
  const expression = new RegExp(`^${glob.map((each) => meaning[each] ?? each).join('')}$`)
  expect(matchesGlob(glob, text)).toBe(expression.test(text))
})
