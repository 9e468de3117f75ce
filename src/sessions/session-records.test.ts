import { describe, expect, it } from 'vitest'
import { scratchStore } from '../../test/store/scratch.ts'
import { MemoryStore } from '../store/memory.ts'
import type { RecordId, Store } from '../store/store.ts'
import { SessionRecords } from './session-records.ts'

const createdAt = '2026-11-21T08:00:00.000Z'
const cookies: RecordId = { kind: 'cookies', session: 'work', name: 'example.com' }
const api: RecordId = { kind: 'credential', session: 'work', name: 'api' }

const stores: Readonly<Record<string, () => Promise<Store>>> = {
  memory: async () => new MemoryStore(),
  file: async () => (await scratchStore()).store,
}

describe.each(Object.entries(stores))('in the %s store, the records of a session', (_, open) => {
  const stage = async () => {
    const store = await open()
    const metadata = await store.addSession({ name: 'work', id: 'one', createdAt })
    const records = new SessionRecords(store, metadata)
    await records.update(cookies, () => 'old')
    return { store, records }
  }
  const madeAgain = async (store: Store) => {
    await store.removeSession('work')
    await store.addSession({ name: 'work', id: 'two', createdAt })
    await store.update(cookies, () => 'of another')
  }

  it('are those of the store', async () => {
    const { store, records } = await stage()
    expect((await records.read(cookies))?.value).toBe('old')
    await records.exclusive(cookies, async ({ value, save }) => save([value ?? null]))
    expect((await store.read(cookies))?.value).toEqual(['old'])
    expect(await records.names('work', 'cookies')).toEqual(['example.com'])
  })

  it.each<[string, (records: SessionRecords) => Promise<unknown>]>([
    ['read', (records) => records.read(cookies)],
    ['listed', (records) => records.names('work', 'cookies')],
    ['changed', (records) => records.update(cookies, () => 'late')],
    ['removed', (records) => records.update(cookies, () => undefined)],
    ['made', (records) => records.update(api, () => 'late')],
    ['held', (records) => records.exclusive(cookies, async ({ save }) => save('late'))],
  ])('cannot be %s when another session has the name', async (_, use) => {
    const { store, records } = await stage()
    await madeAgain(store)
    await expect(use(records)).rejects.toMatchObject({ code: 'session-missing' })
    expect((await store.read(cookies))?.value).toBe('of another')
    expect(await store.read(api)).toBeUndefined()
  })

  it('are not saved when another session gets the name under the lock', async () => {
    const { store, records } = await stage()
    const saving = records.exclusive(api, async ({ save }) => {
      await madeAgain(store)
      await save('late')
    })
    await expect(saving).rejects.toMatchObject({ code: 'session-missing' })
    expect(await store.read(api)).toBeUndefined()
  })

  it('fail alone when a change of the other session comes at the same time', async () => {
    const { store, records } = await stage()
    await madeAgain(store)
    const [late, own] = await Promise.allSettled([
      records.update(cookies, () => 'late'),
      store.update(cookies, (value) => `${value}, changed`),
    ])
    expect(late).toMatchObject({ status: 'rejected', reason: { code: 'session-missing' } })
    expect(own.status).toBe('fulfilled')
    expect((await store.read(cookies))?.value).toBe('of another, changed')
  })
})
