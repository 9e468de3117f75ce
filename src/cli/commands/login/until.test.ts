import { expect, it } from 'vitest'
import { matchesGlob } from '../../../rules/glob.ts'
import { parseUntil } from './until.ts'

it.each<[glob: string, url: string, is: boolean]>([
  ['https://app.test/home', 'https://app.test/home', true],
  ['https://app.test/home', 'https://app.test/home?x', false],
  ['https://app.test/home', 'https://app.test/homes', false],
  ['https://app.test/*', 'https://app.test/a/b?c#d', true],
  ['*/home?tab=1', 'https://app.test/home?tab=1', true],
  ['*/home?tab=1', 'https://app.test/homtab=1', false],
  ['https://app.test/*/done', 'https://app.test/x/y/done', true],
  ['https://app.test/a.c', 'https://app.test/abc', false],
  ['https://app.test/(a|b)+', 'https://app.test/a', false],
  ['*', 'about:blank', true],
])('url=%s ends at %s: %j', (glob, url, is) => {
  const until = parseUntil(`url=${glob}`)
  expect(until?.kind === 'url' && matchesGlob(until.glob, url)).toBe(is)
})

it('knows cookies by name, a window that is closed, and nothing', () => {
  expect(parseUntil('cookie=sid')).toEqual({ kind: 'cookie', name: 'sid' })
  expect(parseUntil('cookie=a=b')).toEqual({ kind: 'cookie', name: 'a=b' })
  expect(parseUntil('closed')).toEqual({ kind: 'closed' })
  expect(parseUntil(undefined)).toBeUndefined()
})

it.each(['', 'url', 'url=', 'cookie=', 'soon', 'closed=1', 'URL=x'])('refuses %j with the forms', (text) =>
  expect(() => parseUntil(text)).toThrow('--until must be url=GLOB, cookie=NAME or closed'),
)
