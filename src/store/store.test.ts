import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { openStore } from '../../test/store/open-store.ts'
import { temporaryHome } from '../../test/support/temporary-home.ts'
import { MemoryStore } from './memory.ts'
import { caKeyId } from './seal.ts'
import type { Json, RecordId, SessionMetadata, Store } from './store.ts'

const stores: Readonly<Record<string, () => Promise<Store>>> = {
  file: async () => (await openStore(temporaryHome())).store,
  memory: async () => new MemoryStore(),
}

const createdAt = '2026-11-21T08:00:00.000Z'
const cookies: RecordId = { kind: 'cookies', session: 'work', name: 'example.com' }
const hostileNames = [
  '__proto__',
  'constructor',
  '..',
  '.',
  '../x',
  '/etc/passwd',
  'a/b',
  'a\\b',
  'a\0b',
  '',
  'A',
  'é',
]

describe.each(Object.entries(stores))('the %s store', (_, open) => {
  let store: Store
  beforeEach(async () => {
    store = await open()
    await store.addSession({ name: 'work', id: 'one', createdAt })
  })

  const count = (value: Json | undefined): Json => (typeof value === 'number' ? value + 1 : 1)

  it('reads nothing before the first write, and then the written value', async () => {
    expect(await store.read(cookies)).toBeUndefined()
    expect(await store.update(cookies, () => ({ sid: 'ä€😀', list: [1, null, true] }))).toBe(1)
    expect(await store.read(cookies)).toEqual({ version: 1, value: { sid: 'ä€😀', list: [1, null, true] } })
  })

  it.each<[string, Json]>([
    ['null', null],
    ['false', false],
    ['zero', 0],
    ['an empty text', ''],
    ['a key named __proto__', JSON.parse('{"__proto__":{"polluted":true}}')],
    ['a megabyte', 'x'.repeat(1024 * 1024)],
  ])('keeps %s as it is', async (_name, value) => {
    await store.update(cookies, () => value)
    expect(JSON.stringify((await store.read(cookies))?.value)).toBe(JSON.stringify(value))
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
  })

  it('gives a change the present value and counts versions', async () => {
    for (const version of [1, 2, 3]) expect(await store.update(cookies, count)).toBe(version)
    expect(await store.read(cookies)).toEqual({ version: 3, value: 3 })
  })

  it('writes nothing when the change changes nothing', async () => {
    await store.update(cookies, () => ({ a: 1 }))
    const stamp = store.stamp(cookies)
    expect(await store.update(cookies, () => ({ a: 1 }))).toBe(1)
    expect(store.stamp(cookies)).toBe(stamp)
  })

  it('loses no change of many at once', async () => {
    await Promise.all(Array.from({ length: 200 }, () => store.update(cookies, count)))
    expect((await store.read(cookies))?.value).toBe(200)
  })

  it('rejects a change that throws and makes the others', async () => {
    const results = await Promise.allSettled([
      store.update(cookies, count),
      store.update(cookies, () => {
        throw new Error('no')
      }),
      store.update(cookies, count),
    ])
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect((await store.read(cookies))?.value).toBe(2)
  })

  it('deletes a record when the change says undefined', async () => {
    await store.update(cookies, () => 1)
    expect(await store.update(cookies, () => undefined)).toBe(2)
    expect(await store.read(cookies)).toBeUndefined()
    expect(store.stamp(cookies)).toBeUndefined()
    expect(await store.names('work', 'cookies')).toEqual([])
    expect(await store.update(cookies, () => undefined)).toBe(0)
  })

  it('hands out values that a reader cannot change for the next one', async () => {
    const given = { list: [{ name: 'sid' }] }
    await store.update(cookies, () => given)
    given.list.push({ name: 'later' })
    const { value } = (await store.read(cookies)) as unknown as { value: typeof given }
    expect(() => value.list.push({ name: 'intruder' })).toThrow(TypeError)
    expect((await store.read(cookies))?.value).toEqual({ list: [{ name: 'sid' }] })
  })

  it('keeps kinds, sites, credentials and sessions apart', async () => {
    await store.addSession({ name: 'other', id: 'one', createdAt })
    const ids: RecordId[] = [
      cookies,
      { ...cookies, kind: 'storage' },
      { ...cookies, name: 'example.org' },
      { ...cookies, session: 'other' },
      { kind: 'credential', session: 'work', name: 'example.com' },
      { kind: 'undo', session: 'work', name: '' },
      caKeyId,
    ]
    for (const [index, id] of ids.entries()) await store.update(id, () => index)
    for (const [index, id] of ids.entries()) expect((await store.read(id))?.value).toBe(index)
    expect(await store.names('work', 'cookies')).toEqual(['example.com', 'example.org'])
    expect(await store.names('work', 'storage')).toEqual(['example.com'])
    expect(await store.names('work', 'credential')).toEqual(['example.com'])
    expect(await store.names('other', 'credential')).toEqual([])
    expect(await store.names('nobody', 'cookies')).toEqual([])
  })

  it('takes sites that are hosts or addresses', async () => {
    for (const name of [
      'localhost',
      '127.0.0.1',
      '::1',
      'xn--bcher-kva.example',
      'my_host',
      `${'a.'.repeat(120)}example`,
    ]) {
      await store.update({ ...cookies, name }, () => name)
      expect((await store.read({ ...cookies, name }))?.value).toBe(name)
    }
  })

  it.each(hostileNames)('refuses %j wherever a name is asked for', async (name) => {
    const refused = expect.objectContaining({ code: 'name-invalid' })
    const ids: RecordId[] = [
      { kind: 'cookies', session: 'work', name },
      { kind: 'storage', session: 'work', name },
      { kind: 'credential', session: 'work', name },
      { kind: 'cookies', session: name, name: 'example.com' },
      { kind: 'undo', session: name, name: '' },
      { kind: 'ca', session: '', name },
    ]
    for (const id of ids) {
      await expect(store.read(id)).rejects.toEqual(refused)
      await expect(store.update(id, () => 1)).rejects.toEqual(refused)
      expect(() => store.stamp(id)).toThrow(refused)
    }
    await expect(store.names(name, 'cookies')).rejects.toEqual(refused)
    expect(() => store.credentialsStamp(name)).toThrow(refused)
    await expect(store.readSession(name)).rejects.toEqual(refused)
    await expect(store.addSession({ name, id: 'one', createdAt })).rejects.toEqual(refused)
    await expect(store.removeSession(name)).rejects.toEqual(refused)
  })

  it('changes the stamp with every change and with nothing else', async () => {
    expect(store.stamp(cookies)).toBeUndefined()
    const seen = new Set<string | undefined>()
    for (let n = 0; n < 50; n++) {
      await store.update(cookies, () => n % 2)
      const stamp = store.stamp(cookies)
      expect(seen.has(stamp)).toBe(false)
      seen.add(stamp)
      await store.read(cookies)
      await store.update({ ...cookies, name: 'example.org' }, () => n)
      expect(store.stamp(cookies)).toBe(stamp)
    }
  })

  it('changes the stamp of the credentials when a credential is added, changed or removed', async () => {
    const api: RecordId = { kind: 'credential', session: 'work', name: 'api' }
    const steps = [
      () => store.update(api, () => 1),
      () => store.update(api, () => 2),
      () => store.update({ ...api, name: 'second' }, () => 1),
      () => store.update(api, () => undefined),
      () => store.update(api, () => 1),
    ]
    const stamps = [store.credentialsStamp('work')]
    for (const step of steps) {
      await step()
      stamps.push(store.credentialsStamp('work'))
      expect(store.credentialsStamp('work')).toBe(stamps.at(-1))
    }
    expect(new Set(stamps).size).toBe(stamps.length)
  })

  it('reads back the metadata of a session', async () => {
    const session: SessionMetadata = {
      name: 'work',
      id: 'two',
      createdAt,
      expiresAt: createdAt,
      lastUsedAt: createdAt,
    }
    await store.removeSession('work')
    expect(await store.addSession(session)).toEqual(session)
    expect(JSON.stringify(await store.readSession('work'))).toBe(JSON.stringify(session))
    expect(await store.readSession('nobody')).toBeUndefined()
    expect(await store.sessions()).toEqual(['work'])
  })

  it('makes no second session of a name, and says which one has it', async () => {
    const again = await store.addSession({ name: 'work', id: 'two', createdAt: 'later' })
    expect(again).toEqual({ name: 'work', id: 'one', createdAt })
    expect(await store.readSession('work')).toEqual(again)
    expect(store.sessionId('work')).toBe('one')
    expect(store.sessionId('nobody')).toBeUndefined()
  })

  it('removes a session only when it is the one that is meant, and says whether it did', async () => {
    expect(await store.removeSession('work', ({ id }) => id === 'two')).toBe(false)
    expect(store.sessionId('work')).toBe('one')
    expect(await store.removeSession('work', ({ id }) => id === 'one')).toBe(true)
    expect(await store.sessions()).toEqual([])
    expect(await store.removeSession('work', () => true)).toBe(false)
    expect(await store.removeSession('work')).toBe(false)
  })

  it('removes a session with everything in it, and nothing else', async () => {
    await store.addSession({ name: 'other', id: 'one', createdAt })
    await store.update(cookies, () => 1)
    await store.update({ ...cookies, session: 'other' }, () => 2)
    await store.removeSession('work')
    await store.removeSession('work')
    expect(await store.sessions()).toEqual(['other'])
    expect(await store.read(cookies)).toBeUndefined()
    expect(await store.readSession('work')).toBeUndefined()
    await store.addSession({ name: 'work', id: 'one', createdAt })
    expect(await store.read(cookies)).toBeUndefined()
    expect((await store.read({ ...cookies, session: 'other' }))?.value).toBe(2)
  })

  describe('a held record', () => {
    const turn = () => new Promise((resolve) => setTimeout(resolve, 5))

    it('is read as it is, and a saved value is there at once for every reader', async () => {
      await store.update(cookies, () => 'old')
      const result = await store.exclusive(cookies, async ({ value, save }) => {
        expect(value).toBe('old')
        const stamp = store.stamp(cookies)
        await save('noted')
        await turn()
        expect((await store.read(cookies))?.value).toBe('noted')
        expect(store.stamp(cookies)).not.toBe(stamp)
        await save('new')
        return 'done'
      })
      expect(result).toBe('done')
      expect(await store.read(cookies)).toEqual({ version: 3, value: 'new' })
    })

    it('is undefined without a record, and saving makes the record', async () => {
      await store.exclusive(cookies, async ({ value, save }) => {
        expect(value).toBeUndefined()
        await save({ a: 1 })
      })
      expect((await store.read(cookies))?.value).toEqual({ a: 1 })
    })

    it('lets readers through and no change of others between its reading and its saving', async () => {
      const held = Array.from({ length: 10 }, () =>
        store.exclusive(cookies, async ({ value, save }) => {
          await turn()
          await store.read(cookies)
          await save(count(value))
        }),
      )
      const updates = Array.from({ length: 50 }, () => store.update(cookies, count))
      await turn()
      const more = Array.from({ length: 50 }, () => store.update(cookies, count))
      await Promise.all([...held, ...updates, ...more])
      expect((await store.read(cookies))?.value).toBe(110)
    })

    it('has one holder after another, in the order of their calls', async () => {
      const seen: string[] = []
      const hold = (name: string) =>
        store.exclusive(cookies, async () => {
          seen.push(`${name} in`)
          await turn()
          seen.push(`${name} out`)
        })
      await Promise.all(['a', 'b', 'c'].map(hold))
      expect(seen).toEqual(['a', 'b', 'c'].flatMap((name) => [`${name} in`, `${name} out`]))
    })

    it('is free again when the work fails, and keeps the values saved before', async () => {
      const failed = store.exclusive(cookies, async ({ save }) => {
        await save('noted')
        throw new Error('no')
      })
      await expect(failed).rejects.toThrow('no')
      expect(await store.exclusive(cookies, async ({ value }) => value)).toBe('noted')
    })

    it('is waited for half a minute, and who gives up leaves the others their turn', async () => {
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
      onTestFinished(() => void vi.useRealTimers())
      const free = Promise.withResolvers<void>()
      const first = store.exclusive(cookies, async ({ value, save }) => {
        await free.promise
        await save(count(value))
      })
      const late = expect(store.exclusive(cookies, async () => 'in')).rejects.toMatchObject({
        code: 'lock-timeout',
      })
      await vi.advanceTimersByTimeAsync(30_000)
      await late
      const third = store.exclusive(cookies, async ({ value, save }) => save(count(value)))
      const update = store.update(cookies, count)
      expect(await store.read(cookies)).toBeUndefined()
      free.resolve()
      await Promise.all([first, third, update])
      expect((await store.read(cookies))?.value).toBe(3)
    })

    it('is waited for behind a queue that takes longer than half a minute', async () => {
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
      onTestFinished(() => void vi.useRealTimers())
      const gates = [0, 1, 2].map(() => Promise.withResolvers<void>())
      const held = gates.map((gate) => store.exclusive(cookies, () => gate.promise))
      const last = store.exclusive(cookies, async () => 'in')
      for (const [n, gate] of gates.entries()) {
        await vi.advanceTimersByTimeAsync(20_000)
        gate.resolve()
        await held[n]
      }
      expect(await last).toBe('in')
    })

    it('does not block another record', async () => {
      await store.exclusive(cookies, async () => {
        await store.update({ ...cookies, name: 'example.org' }, () => 1)
        await store.exclusive({ ...cookies, name: 'example.net' }, async () => undefined)
      })
    })

    it('is not saved into a session that was removed meanwhile', async () => {
      const saving = store.exclusive(cookies, async ({ save }) => {
        await store.removeSession('work')
        await save(1)
      })
      await expect(saving).rejects.toMatchObject({ code: 'session-missing' })
      expect(await store.sessions()).toEqual([])
    })

    it('is not saved into another session that got the name meanwhile', async () => {
      const saving = store.exclusive(cookies, async ({ save }) => {
        await store.removeSession('work')
        await store.addSession({ name: 'work', id: 'two', createdAt })
        await save(1)
      })
      await expect(saving).rejects.toMatchObject({ code: 'session-missing' })
      expect(await store.read(cookies)).toBeUndefined()
    })
  })

  it('changes the metadata of a session without losing a change that comes at the same time', async () => {
    const add = (key: string) =>
      store.updateSession('work', (session) => ({
        ...session,
        lastUsedAt: `${session.lastUsedAt ?? ''}${key}`,
      }))
    await Promise.all(Array.from('abcdefgh').map(add))
    const { lastUsedAt = '' } = (await store.readSession('work')) ?? {}
    expect([...lastUsedAt].sort().join('')).toBe('abcdefgh')
  })

  it('does not bring a removed session back by changing its metadata', async () => {
    await store.removeSession('work')
    await store.updateSession('work', (session) => ({ ...session, lastUsedAt: createdAt }))
    expect(await store.sessions()).toEqual([])
  })

  it('does not bring a removed session back when something is captured late', async () => {
    await store.removeSession('work')
    await expect(store.update(cookies, () => 1)).rejects.toMatchObject({ code: 'session-missing' })
    await store.addSession({ name: 'work', id: 'one', createdAt })
    expect(await store.read(cookies)).toBeUndefined()
  })
})
