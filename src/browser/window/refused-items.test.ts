import { expect, it } from 'vitest'
import type { GivenOrigin } from '../../formats/format.ts'
import { refusedItems, withRefused } from './refused-items.ts'

const storage = (localStorage: GivenOrigin['localStorage'], origin = 'https://a.test'): GivenOrigin => {
  return { origin, localStorage, sessionStorage: [], indexedDB: [] }
}
const stateOf = (...storages: readonly GivenOrigin[]) => ({
  cookies: [],
  ignored: { cookies: 0, sites: 0 },
  pages: new Map(storages.map((each) => [each.origin, { storage: each, unread: [] }])),
})
const refused = { cookies: [], origins: [storage([['large', 'x']])] }

it('an item that the browser refused stays, unless a page has stored its key since', () => {
  const here = (pairs: GivenOrigin['localStorage']) =>
    withRefused(stateOf(storage(pairs)), refused).pages.get('https://a.test')?.storage.localStorage
  expect(here([['a', '1']])).toEqual([
    ['a', '1'],
    ['large', 'x'],
  ])
  expect(here([['large', 'new']])).toEqual([['large', 'new']])
})

it('an origin that no page showed, and other origins, stay as they are', () => {
  const other = stateOf(storage([['a', '1']], 'https://b.test'))
  expect(withRefused(other, refused)).toEqual(other)
})

it('each refused item is named, without its value', () => {
  expect(refusedItems(refused)).toEqual([
    {
      where: '"large" in localStorage of https://a.test',
      reason: 'the browser refuses it: it stays only in the session',
      what: 'storage',
    },
  ])
})
