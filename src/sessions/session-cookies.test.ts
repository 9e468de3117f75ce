import { expect, it } from 'vitest'
import { watchFileCalls } from '../../test/store/file-calls.ts'
import { openStore } from '../../test/store/open-store.ts'
import { now } from '../../test/support/material.ts'
import { temporaryHome } from '../../test/support/temporary-home.ts'
import { MemoryStore } from '../store/memory.ts'
import type { Store } from '../store/store.ts'
import { SessionCookies } from './session-cookies.ts'
import { SessionHealth } from './session-health.ts'
import { jarCache } from './site-jar.ts'

function cookiesIn(store: Store): SessionCookies {
  const clock = () => now
  return new SessionCookies(store, 'work', jarCache(), clock, new SessionHealth(store, 'work', clock))
}

it('has one jar for all hosts of a site, and none for a host that can be no site', () => {
  const cookies = cookiesIn(new MemoryStore())
  expect(cookies.jar('www.example.com')).toBe(cookies.jar('example.com'))
  expect(cookies.jar('EXAMPLE.com.')).toBe(cookies.jar('example.com'))
  expect(cookies.jar('other.test')).not.toBe(cookies.jar('example.com'))
  expect(cookies.jar('me.github.io')).not.toBe(cookies.jar('you.github.io'))
  for (const host of ['__proto__', 'constructor', '..', 'a/b', '', 'a b'])
    expect(cookies.jar(host)).toBeUndefined()
})

it('removes the cookies of all sites, and forgets the sites', async () => {
  const store = new MemoryStore()
  await store.addSession({ name: 'work', id: 'one', createdAt: '2026-11-21T08:00:00.000Z' })
  const cookies = cookiesIn(store)
  for (const host of ['a.example.com', 'b.example.com', '127.0.0.1', '[::1]', 'me.github.io'])
    await cookies.set(`https://${host}/`, { name: 'sid', value: '1' })
  expect(await cookies.clear()).toBe(5)
  expect(await store.names('work', 'cookies')).toEqual([])
  expect(await cookies.clear()).toBe(0)
})

it('holds a jar with an unsaved change, however many sites come after it', async () => {
  const home = temporaryHome()
  const { store } = await openStore(home)
  await store.addSession({ name: 'work', id: 'one', createdAt: '2026-11-21T08:00:00.000Z' })
  const cookies = cookiesIn(store)
  const url = { scheme: 'https', host: 'a.test', port: 443, path: '/' } as const
  const restore = watchFileCalls(home.root, {
    before(call) {
      if (call === 'writeFile')
        throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC', errno: -28, syscall: 'write' })
    },
  })
  try {
    const apply = (jar: { set: (line: string, context: { url: typeof url; now: number }) => unknown }) =>
      void jar.set('sid=1', { url, now })
    expect(await cookies.jar('a.test')?.keep([{ key: 'sid', apply }])).toBe('not-saved')
    for (let index = 0; index < 2000; index++) cookies.jar(`h${index}.test`)
    expect((await cookies.jar('a.test')?.read())?.all().map(({ name }) => name)).toEqual(['sid'])
  } finally {
    restore()
  }
  await cookies.flush()
  expect(await store.names('work', 'cookies')).toEqual(['a.test'])
})
