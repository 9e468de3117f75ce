import { fc, test } from '@fast-check/vitest'
import { beforeEach, describe, expect, it } from 'vitest'
import { openStore } from '../../test/store/open-store.ts'
import { ruleSet, now as start } from '../../test/support/material.ts'
import { temporaryHome } from '../../test/support/temporary-home.ts'
import type { GivenOrigin, Pairs } from '../formats/format.ts'
import { MemoryStore } from '../store/memory.ts'
import type { Store } from '../store/store.ts'
import {
  maxKeysPerOrigin,
  maxOriginBytes,
  maxOriginsPerSite,
  maxSiteBytes,
  mergeOrigin,
} from './origin-storage.ts'
import type { Session } from './session.ts'
import { Sessions } from './sessions.ts'

let now = start
const open = async (store: Store) =>
  new Sessions({ store, config: ruleSet([]), now: () => now }).get('default')

const local = (origin: string, ...pairs: Pairs): GivenOrigin => ({
  origin,
  localStorage: pairs,
  sessionStorage: [],
  indexedDB: [],
})
const put = (session: Session, ...storages: GivenOrigin[]) => take(session, 'merge', storages)
const take = (session: Session, mode: 'merge' | 'replace', storages: readonly GivenOrigin[]) =>
  session.importInto(
    {
      cookies: [],
      skipped: [],
      origins: storages.map((storage, index) => ({ where: `origins[${index}]`, storage })),
    },
    { mode },
  )

let session: Session
let store: MemoryStore
beforeEach(async () => {
  now = start
  store = new MemoryStore()
  session = await open(store)
})

describe('web storage', () => {
  it('is kept by origin, in one record for each site, with its time', async () => {
    await put(
      session,
      local('https://app.example.com', ['a', '1']),
      local('https://app.example.com:8443', ['b', '2']),
      local('http://other.test', ['c', '3']),
    )
    expect(await store.names('default', 'storage')).toEqual(['example.com', 'other.test'])
    expect(await session.storage.get('https://app.example.com:443/path?x')).toEqual({
      ...local('https://app.example.com', ['a', '1']),
      capturedAt: start,
    })
    expect(await session.storage.get('http://app.example.com')).toBeUndefined()
    expect(await session.storage.get('not an origin')).toBeUndefined()
    const origins = async (place?: string) => (await session.storage.list(place)).map(({ origin }) => origin)
    expect(await origins()).toEqual([
      'https://app.example.com',
      'https://app.example.com:8443',
      'http://other.test',
    ])
    expect(await origins('app.example.com')).toEqual([
      'https://app.example.com',
      'https://app.example.com:8443',
    ])
    expect(await origins('https://app.example.com')).toEqual(['https://app.example.com'])
    expect(await origins('badapp.example.com')).toEqual([])
    expect(await origins('__proto__')).toEqual([])
  })

  it('is merged key by key, or replaced by origin', async () => {
    await put(session, local('https://a.test', ['a', '1'], ['b', '2']), local('https://b.a.test', ['x', 'y']))
    now = start + 5
    await put(session, local('https://a.test', ['b', '3'], ['c', '4']))
    expect(await session.storage.get('https://a.test')).toEqual({
      ...local('https://a.test', ['a', '1'], ['b', '3'], ['c', '4']),
      capturedAt: now,
    })
    await take(session, 'replace', [local('https://a.test', ['c', '5'])])
    expect(await session.storage.get('https://a.test')).toMatchObject(local('https://a.test', ['c', '5']))
    expect(await session.storage.get('https://b.a.test')).toMatchObject({ capturedAt: start })
  })

  it('that did not change is not written again', async () => {
    await put(session, local('https://a.test', ['a', '1']))
    const stamp = store.stamp({ kind: 'storage', session: 'default', name: 'a.test' })
    now = start + 5
    await put(session, local('https://a.test', ['a', '1']))
    expect(store.stamp({ kind: 'storage', session: 'default', name: 'a.test' })).toBe(stamp)
  })

  it('is removed by origin, or by host with the hosts below it', async () => {
    const fill = () =>
      put(
        session,
        local('https://a.test', ['a', '1']),
        local('https://b.a.test', ['b', '2'], ['c', '3']),
        local('http://a.test', ['d', '4']),
      )
    await fill()
    expect(await session.storage.clear('https://a.test')).toBe(1)
    expect((await session.storage.list()).map(({ origin }) => origin)).toEqual([
      'https://b.a.test',
      'http://a.test',
    ])
    expect(await session.storage.clear('b.a.test')).toBe(2)
    expect(await session.storage.clear('nothing.test')).toBe(0)
    await fill()
    expect(await session.storage.clear('a.test')).toBe(4)
    await fill()
    await put(session, local('https://b.test', ['e', '5']))
    expect(await session.storage.clear()).toBe(5)
    expect(await session.storage.clear()).toBe(0)
    expect(await store.names('default', 'storage')).toEqual([])
  })

  it('survives on disk and is sealed there', async () => {
    const home = temporaryHome()
    await put(await open((await openStore(home)).store), local('https://a.test', ['key', 'hunter2\ud800\0']))
    const fresh = await open((await openStore(home)).store)
    expect(await fresh.storage.get('https://a.test')).toMatchObject(
      local('https://a.test', ['key', 'hunter2\ud800\0']),
    )
  })

  const damaged: readonly unknown[] = [
    7,
    { origins: 7 },
    { origins: [7] },
    { origins: [{ origin: 'file://', localStorage: [], sessionStorage: [], capturedAt: 1 }] },
    { origins: [{ origin: 'https://a.test/', localStorage: [], sessionStorage: [], capturedAt: 1 }] },
    { origins: [{ origin: 'https://a.test', localStorage: [['a']], sessionStorage: [], capturedAt: 1 }] },
    { origins: [{ origin: 'https://a.test', localStorage: [['a', 7]], sessionStorage: [], capturedAt: 1 }] },
    { origins: [{ origin: 'https://a.test', localStorage: [], sessionStorage: [] }] },
  ]
  it.each(damaged)('that differs from the written form is damaged, and stays: %j', async (value) => {
    const id = { kind: 'storage', session: 'default', name: 'a.test' } as const
    await store.update(id, () => value as never)
    await expect(session.storage.get('https://a.test')).rejects.toMatchObject({ code: 'record-damaged' })
    await expect(put(session, local('https://a.test', ['a', '1']))).rejects.toMatchObject({
      code: 'record-damaged',
    })
    expect((await store.read(id))?.value).toEqual(value)
  })
})

describe('storage that finds no room', () => {
  it('of one origin is named, and the rest comes in', async () => {
    const big = 'x'.repeat(maxOriginBytes - 100)
    const report = await put(
      session,
      local('https://a.test', ['small', '1'], ['big', big], ['more', 'y'.repeat(200)], ['last', '2']),
    )
    expect((await session.storage.get('https://a.test'))?.localStorage.map(([key]) => key)).toEqual([
      'small',
      'big',
      'last',
    ])
    expect(report.storage).toMatchObject({ keys: 3 })
    expect(report.skipped).toEqual([
      {
        where: 'origins[0].localStorage',
        reason: '1 key: no room: 10 MiB of one origin and 10000 keys are the most',
        what: 'storage',
      },
    ])
    // A value that is there goes on when a larger one does not fit in its place.
    await put(session, local('https://a.test', ['small', 'z'.repeat(300)]))
    expect((await session.storage.get('https://a.test'))?.localStorage[0]).toEqual(['small', '1'])
  })

  it('of many keys', async () => {
    const many = Array.from({ length: maxKeysPerOrigin + 3 }, (_, index) => [`k${index}`, ''] as const)
    const report = await put(session, local('https://a.test', ...many))
    expect(report.storage.keys).toBe(maxKeysPerOrigin)
    expect(report.skipped[0]?.reason).toMatch(/^3 keys: no room/)
  })

  it('of many origins of a site, and of all of them together', async () => {
    const many = Array.from({ length: maxOriginsPerSite + 2 }, (_, index) =>
      local(`https://h${index}.a.test`, ['k', 'v']),
    )
    const report = await put(session, ...many)
    expect(report.storage.origins).toBe(maxOriginsPerSite)
    expect(report.skipped).toHaveLength(2)
    const five = Array.from({ length: 5 }, (_, index) =>
      local(`https://h${index}.b.test`, ['k', 'x'.repeat(maxOriginBytes - 50)]),
    )
    const together = await put(session, ...five)
    expect(together.storage.origins).toBe(4)
    expect(together.skipped[0]?.reason).toContain(`${maxSiteBytes / 1024 / 1024} MiB of one site`)
  })

  it('is still read again from the disk at its largest', async () => {
    const home = temporaryHome()
    const on = await open((await openStore(home)).store)
    // The costliest characters in JSON.
    const key = '\0'.repeat(Math.floor((maxOriginBytes - 100) / 6))
    await put(on, ...[0, 1, 2, 3].map((index) => local(`https://h${index}.a.test`, [key, ''])))
    const fresh = await open((await openStore(home)).store)
    expect(await fresh.storage.list()).toHaveLength(4)
  })

  const pairs = fc.array(fc.tuple(fc.string({ maxLength: 3 }), fc.string({ maxLength: 40 })), {
    maxLength: 12,
  })
  test.prop([pairs, pairs, fc.integer({ min: 0, max: 300 })])(
    'is all that is missing, whatever the limit',
    (before, given, roomBytes) => {
      const unique = (list: typeof pairs extends fc.Arbitrary<infer T> ? T : never) => [...new Map(list)]
      const held = { ...local('https://a.test', ...unique(before)), capturedAt: 1 }
      const storage = local('https://a.test', ...unique(given))
      const merged = mergeOrigin(held, storage, { now: 2, roomBytes })
      const after = new Map(merged.storage.localStorage)
      const missing = storage.localStorage.filter(([key, value]) => after.get(key) !== value)
      const named = merged.noRoom.reduce((sum, { keys }) => sum + keys, 0)
      expect(missing.length).toBeLessThanOrEqual(named)
      for (const [key, value] of held.localStorage) {
        if (!storage.localStorage.some(([other]) => other === key)) expect(after.get(key)).toBe(value)
      }
    },
  )
})
