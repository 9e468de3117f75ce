import { readFileSync, writeFileSync } from 'node:fs'
import { beforeEach, describe, expect, it } from 'vitest'
import { scratchStore } from '../../test/store/scratch.ts'
import { ruleSet, now as start } from '../../test/support/material.ts'
import { MemoryStore } from '../store/memory.ts'
import { sessionFile } from '../store/record-path.ts'
import type { Store } from '../store/store.ts'
import type { CreateOptions } from './create-options.ts'
import { Sessions } from './sessions.ts'

let now = start
let store: MemoryStore
let sessions: Sessions
beforeEach(async () => {
  now = start
  store = new MemoryStore()
  sessions = new Sessions({ store, config: { ...ruleSet(), maxSessions: 5 }, now: () => now })
})
const names = async () => (await sessions.list()).map(({ name }) => name)

describe('the default session', () => {
  it('exists as soon as somebody asks for it', async () => {
    expect(await store.sessions()).toEqual([])
    expect((await sessions.get('default')).name).toBe('default')
    expect(await store.sessions()).toEqual(['default'])
  })

  it('is listed before anybody asks for it', async () => expect(await names()).toEqual(['default']))

  it('is empty after it was removed', async () => {
    const session = await sessions.get('default')
    await session.cookies.set('https://a.test/', { name: 'sid', value: '1' })
    await sessions.remove('default')
    const again = await sessions.get('default')
    expect(await again.cookies.list()).toEqual([])
  })

  it('cannot be made', async () =>
    await expect(sessions.create({ name: 'default' })).rejects.toMatchObject({ code: 'name-invalid' }))
})

describe('a session', () => {
  it('is the same object for everybody who asks for its name', async () => {
    const made = await sessions.create({ name: 'work' })
    expect(await sessions.get('work')).toBe(made)
    const createdAt = new Date(start).toISOString()
    expect(made.metadata).toEqual({ name: 'work', id: expect.stringMatching(/^[0-9a-f]{32}$/), createdAt })
  })

  it('shares nothing with another session', async () => {
    const one = await sessions.create({ name: 'one' })
    const two = await sessions.create({ name: 'two' })
    await one.cookies.set('https://a.test/', { name: 'sid', value: '1' })
    await one.credentials.set('api', { kind: 'bearer', hosts: ['a.test'] }, 'x')
    expect(await two.cookies.list()).toEqual([])
    expect(await two.credentials.list()).toEqual([])
  })

  it('that was not made is missing', async () =>
    await expect(sessions.get('work')).rejects.toMatchObject({ code: 'session-missing' }))

  it('cannot be made twice', async () => {
    await sessions.create({ name: 'work' })
    await expect(sessions.create({ name: 'work' })).rejects.toMatchObject({ code: 'name-invalid' })
  })

  it('is gone when another process removed it', async () => {
    const session = await sessions.create({ name: 'work' })
    await store.removeSession('work')
    await expect(sessions.get('work')).rejects.toMatchObject({ code: 'session-missing' })
    const capture = await session.capture({
      scheme: 'https',
      host: 'a.test',
      port: 443,
      path: '/',
      status: 200,
      setCookie: ['sid=1; HttpOnly'],
      clearSiteData: [],
      reveal: 'script',
    })
    expect(capture).toMatchObject({ captured: [], hidden: new Set([0]) })
    expect(await store.sessions()).not.toContain('work')
  })

  it.each(['__proto__', 'constructor', '..', 'a/b', '', 'A', 'sess_mine', 'a\0'])(
    'cannot be named %j',
    async (name) => {
      await expect(sessions.create({ name })).rejects.toMatchObject({ code: 'name-invalid' })
    },
  )

  it.each(['__proto__', '..', 'a/b', ''])('named %j cannot be asked for', async (name) => {
    await expect(sessions.get(name)).rejects.toMatchObject({ code: 'name-invalid' })
    await expect(sessions.remove(name)).rejects.toMatchObject({ code: 'name-invalid' })
  })

  it.each([0, -1, 1.5, Number.NaN, 1e12])(
    'cannot live for %j seconds',
    async (ttlSeconds) =>
      await expect(sessions.create({ ttlSeconds })).rejects.toMatchObject({ code: 'usage' }),
  )

  it.each([
    [{ colour: 'red' }, 'a session has no option "colour"'],
    [{ nmae: 'work' }, 'a session has no option "nmae" (did you mean "name"?)'],
    [{ ttlSeconds: '60' }, 'whole number of seconds'],
    [{ name: 7 }, 'the name of a session must be a text'],
    [{ locale: 7 }, 'the locale must be one BCP 47 tag'],
  ])('is not made with the options %j', async (options, message) => {
    await expect(sessions.create(options as CreateOptions)).rejects.toThrow(message)
    expect(await store.sessions()).toEqual([])
  })

  it('that does not exist cannot be removed', async () =>
    await expect(sessions.remove('work')).rejects.toMatchObject({ code: 'session-missing' }))
})

describe('a session with an end', () => {
  it('is missing after it, also for a caller that holds it, and leaves nothing behind', async () => {
    const session = await sessions.create({ name: 'work', ttlSeconds: 60, renew: false })
    await session.cookies.set('https://a.test/', { name: 'sid', value: '1' })
    const request = {
      scheme: 'https',
      host: 'a.test',
      port: 443,
      path: '/',
      method: 'GET',
      site: 'same-site',
    } as const
    now += 59_999
    expect((await session.plan(request, {})).cookies.attached).toHaveLength(1)
    now += 1
    const capture = await session.capture({
      ...request,
      status: 200,
      setCookie: ['sid=2; HttpOnly'],
      clearSiteData: [],
      reveal: 'script',
    })
    expect(capture).toMatchObject({ captured: [], hidden: new Set([0]) })
    const expired = {
      code: 'session-missing',
      message: 'the session "work" has expired',
      hint: 'hallpass session create work',
    }
    await expect(session.plan(request, {})).rejects.toMatchObject(expired)
    await expect(sessions.get('work')).rejects.toMatchObject(expired)
    expect(session.ended.reason).toMatchObject(expired)
    expect(await store.sessions()).not.toContain('work')
    await expect(session.plan(request, {})).rejects.toMatchObject(expired)
    await sessions.create({ name: 'work' })
  })

  it('is removed when sessions are listed', async () => {
    await sessions.create({ name: 'work', ttlSeconds: 60 })
    expect(await names()).toEqual(['default', 'work'])
    now += 60_000
    expect(await names()).toEqual(['default'])
    expect(await store.sessions()).toEqual(['default'])
  })

  it('and without a name is temporary, with an id that nobody guesses', async () => {
    const one = await sessions.create()
    const two = await sessions.create({ ttlSeconds: 5 })
    expect(one.name).toMatch(/^sess_[0-9a-f]{32}$/)
    expect(two.name).not.toBe(one.name)
    expect(one.metadata.expiresAt).toBe(new Date(start + 86_400_000).toISOString())
    expect(two.metadata.expiresAt).toBe(new Date(start + 5000).toISOString())
    now += 5000
    await expect(sessions.get(two.name)).rejects.toMatchObject({ hint: 'hallpass session create' })
  })
})

describe('a connection that outlives its session', () => {
  const request = {
    scheme: 'https',
    host: 'a.test',
    port: 443,
    path: '/',
    method: 'GET',
    site: 'same-site',
  } as const

  it('gets an error when another process removed it', async () => {
    const session = await sessions.create({ name: 'work' })
    await session.cookies.set('https://a.test/', { name: 'sid', value: '1' })
    await session.plan(request, {})
    await store.removeSession('work')
    await expect(session.plan(request, {})).rejects.toMatchObject({ code: 'session-missing' })
    expect(await store.sessions()).not.toContain('work')
  })

  it.each<[string, () => Promise<Store>]>([
    ['memory', async () => new MemoryStore()],
    ['file', async () => (await scratchStore()).store],
  ])('gets an error in place of a memoised plan without records, in the %s store', async (_, open) => {
    const both = await open()
    const session = await new Sessions({ store: both, config: ruleSet() }).get('default')
    await session.plan(request, {})
    const elsewhere = new Sessions({ store: both, config: ruleSet() })
    await elsewhere.remove('default')
    await elsewhere.get('default')
    await expect(session.plan(request, {})).rejects.toMatchObject({ code: 'session-missing' })
  })

  it('does not live on with the later end of another session of its name', async () => {
    const session = await sessions.create({ name: 'work', ttlSeconds: 60 })
    await store.removeSession('work')
    await store.addSession({ name: 'work', id: 'another', createdAt: new Date(now).toISOString() })
    now += 60_000
    await expect(session.plan(request, {})).rejects.toMatchObject({
      message: 'the session "work" has expired',
    })
    expect(session.metadata.expiresAt).toBe(new Date(now).toISOString())
  })

  it('gets an error when another process removed the default session, also after it was made again', async () => {
    const session = await sessions.get('default')
    await session.cookies.set('https://a.test/', { name: 'sid', value: '1' })
    await session.plan(request, {})
    await store.removeSession('default')
    await expect(session.plan(request, {})).rejects.toMatchObject({ code: 'session-missing' })
    const again = await sessions.get('default')
    expect(again).not.toBe(session)
    expect((await again.plan(request, {})).cookies.attached).toEqual([])
    await expect(session.plan(request, {})).rejects.toMatchObject({ code: 'session-missing' })
  })

  it('goes on when the session was given a longer life meanwhile', async () => {
    const session = await sessions.create({ name: 'work', ttlSeconds: 60 })
    const expiresAt = new Date(now + 120_000).toISOString()
    await store.updateSession('work', (held) => ({ ...held, expiresAt }))
    now += 60_000
    const plan = await session.plan(request, {})
    expect(plan.policy.allowed).toBe(true)
    expect(await session.plan(request, {})).toBe(plan)
    now += 60_000
    await expect(session.plan(request, {})).rejects.toMatchObject({ code: 'session-missing' })
  })
})

describe('too many sessions', () => {
  it('remove the temporary one that was used longest ago', async () => {
    const temporary = [await sessions.create(), await sessions.create(), await sessions.create()]
    now += 120_000
    const [first, second] = temporary
    first?.used()
    await sessions.create({ name: 'work' })
    await sessions.create({ name: 'more' })
    const left = await names()
    expect(left).toHaveLength(5)
    expect(left).toContain(first?.name)
    expect(left.includes(second?.name ?? '') && left.includes(temporary[2]?.name ?? '')).toBe(false)
  })

  it('remove no session in use while there is an idle one, though uses within a minute are not written', async () => {
    const busy = await sessions.create()
    busy.used()
    now += 1000
    const idle = await sessions.create()
    for (; now < start + 50_000; now += 1000) busy.used()
    for (const name of ['a', 'b', 'c']) await sessions.create({ name })
    expect(await names()).toEqual(['a', 'b', 'c', 'default', busy.name])
    expect(await store.sessions()).not.toContain(idle.name)
  })

  it('shrink to a limit that was lowered, but only if that makes room', async () => {
    for (let count = 0; count < 3; count++) await sessions.create()
    const lowered = (maxSessions: number) =>
      new Sessions({ store, config: { ...ruleSet(), maxSessions }, now: () => now })
    await expect(lowered(1).create()).rejects.toThrow('there are 4 sessions, and maxSessions is 1')
    expect(await names()).toHaveLength(4)
    const { name } = await lowered(2).create()
    expect(await names()).toEqual(['default', name])
  })

  it('are refused when no session is temporary', async () => {
    for (const name of ['a', 'b', 'c', 'd']) await sessions.create({ name })
    await expect(sessions.create({ name: 'e' })).rejects.toMatchObject({ code: 'failed' })
    expect(await names()).toEqual(['a', 'b', 'c', 'd', 'default'])
  })
})

describe('the counts of sessions', () => {
  const ended = () => ({ ...sessions.counts.ended, lives: sessions.counts.seconds.sum })

  it('count what was made, the default session too', async () => {
    await sessions.get('default')
    await sessions.create()
    await sessions.create({ name: 'work' })
    await expect(sessions.create({ name: 'work' })).rejects.toThrow()
    expect(sessions.counts.created).toBe(3)
  })

  it('count an expired session once, however many meet it, and how long it existed', async () => {
    await sessions.create({ name: 'work', ttlSeconds: 60 })
    now += 90_000
    await Promise.allSettled([sessions.get('work'), sessions.get('work'), sessions.list()])
    await sessions.prune()
    expect(ended()).toEqual({ expired: 1, evicted: 0, removed: 0, lives: 90 })
  })

  it('count what made room for another, and what somebody removed', async () => {
    await sessions.get('default')
    for (let count = 0; count < 5; count++) await sessions.create()
    const { name } = await sessions.create({ name: 'work' })
    now += 1_000
    await sessions.remove(name)
    await expect(sessions.remove(name)).rejects.toThrow()
    expect(ended()).toEqual({ expired: 0, evicted: 2, removed: 1, lives: 1 })
  })
})

it('notes when a session was used last, to the minute', async () => {
  const session = await sessions.get('default')
  session.used()
  now += 59_000
  session.used()
  expect((await store.readSession('default'))?.lastUsedAt).toBe(new Date(start).toISOString())
  now += 1000
  session.used()
  expect((await store.readSession('default'))?.lastUsedAt).toBe(new Date(now).toISOString())
})

it('does not note a late use of a removed session in the next one of its name', async () => {
  const session = await sessions.create({ name: 'work' })
  await store.removeSession('work')
  await store.addSession({ name: 'work', id: 'another', createdAt: new Date(now).toISOString() })
  session.used()
  expect((await store.readSession('work'))?.lastUsedAt).toBeUndefined()
})

it('an expired session that another process makes again meanwhile stays', async () => {
  const createdAt = new Date(now).toISOString()
  class Slow extends MemoryStore {
    override async readSession(name: string) {
      const found = await super.readSession(name)
      if (name === 'work' && found?.id === 'one') {
        await super.removeSession('work')
        await super.addSession({ name, id: 'two', createdAt })
      }
      return found
    }
  }
  const slow = new Slow()
  await slow.addSession({ name: 'work', id: 'one', createdAt, expiresAt: createdAt })
  const shared = new Sessions({ store: slow, config: ruleSet(), now: () => now })
  await expect(shared.get('work')).rejects.toMatchObject({ code: 'session-missing' })
  expect((await shared.get('work')).id).toBe('two')
})

it('can remove a session whose file is damaged, and the default one', async () => {
  const { store: files, home } = await scratchStore()
  const shared = new Sessions({ store: files, config: ruleSet(), now: () => now })
  await shared.get('default')
  for (const name of ['work', 'default']) {
    writeFileSync(sessionFile(home, name), '{')
    await expect(shared.get(name)).rejects.toMatchObject({ code: 'record-damaged' })
    await shared.remove(name)
  }
  expect((await shared.list()).map(({ name }) => name)).toEqual(['default'])
})

it('tells sessions without an id apart by the time of their making', async () => {
  const { store: files, home } = await scratchStore()
  const write = (minute: number) => {
    const createdAt = `2026-11-21T08:0${minute}:00.000Z`
    writeFileSync(sessionFile(home, 'work'), `${JSON.stringify({ name: 'work', createdAt })}\n`)
  }
  write(0)
  const shared = new Sessions({ store: files, config: ruleSet(), now: () => now })
  const session = await shared.get('work')
  await session.touch()
  expect(await shared.get('work')).toBe(session)
  write(1)
  expect(await shared.get('work')).not.toBe(session)
  expect(session.ended.aborted).toBe(true)
})

it('reads what an older and a newer hallpass wrote, and keeps what it does not know', async () => {
  const { store: files, home } = await scratchStore()
  const file = sessionFile(home, 'work')
  const createdAt = '2026-11-21T08:00:00.000Z'
  const newer = { name: 'work', id: 'x', createdAt, locale: 'de-CH', colour: { of: 'door' } }
  writeFileSync(file, JSON.stringify({ name: 'work', createdAt }))
  const shared = new Sessions({ store: files, config: ruleSet(), now: () => now })
  expect((await shared.get('work')).metadata).toEqual({ name: 'work', id: createdAt, createdAt })
  writeFileSync(file, JSON.stringify(newer))
  await (await shared.get('work')).touch()
  const lastUsedAt = new Date(now).toISOString()
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ ...newer, lastUsedAt })
})

it.each([
  { timeZone: 'Europe/Newtown' },
  { locale: 'de_CH' },
  { viewport: 'large' },
  { fields: [] },
  { userAgent: 'a\n' },
])('a session does without %j in its file, and the file keeps it', async (part) => {
  const { store: files, home } = await scratchStore()
  const file = sessionFile(home, 'work')
  const written = { name: 'work', id: 'x', createdAt: '2026-11-21T08:00:00.000Z', colour: 'red' }
  writeFileSync(file, JSON.stringify({ ...written, ...part }))
  const session = await new Sessions({ store: files, config: ruleSet(), now: () => now }).get('work')
  expect(session.metadata).toMatchObject(written)
  expect(Object.keys(session.metadata)).toEqual(Object.keys(written))
  await session.touch()
  await session.touch()
  const lastUsedAt = new Date(now).toISOString()
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ ...written, ...part, lastUsedAt })
})

it('a damaged session hides no other and stops no new one, but counts for the limit', async () => {
  const { store: files, home } = await scratchStore()
  const shared = new Sessions({ store: files, config: { ...ruleSet(), maxSessions: 4 }, now: () => now })
  await shared.create({ name: 'broken' })
  const file = sessionFile(home, 'broken')
  writeFileSync(file, '{')
  expect((await shared.list()).map(({ name }) => name)).toEqual(['default', 'work'])
  expect((await shared.listWithDamaged()).damaged).toEqual([
    { name: 'broken', problem: expect.stringContaining(file) },
  ])
  await shared.clone('work')
  const { name } = await shared.create()
  expect((await shared.list()).map(({ name }) => name)).toEqual(['default', name, 'work'])
})

it('noting the last use keeps a change of the metadata by another process', async () => {
  const { store: files } = await scratchStore()
  const shared = new Sessions({ store: files, config: ruleSet(), now: () => now })
  const session = await shared.get('work')
  for (let year = 2100; year < 2112; year++) {
    now += 61_000
    const expiresAt = `${year}-01-01T00:00:00.000Z`
    const change = files.updateSession('work', (held) => ({ ...held, expiresAt }))
    await Promise.all([session.touch(), change])
    const lastUsedAt = new Date(now).toISOString()
    expect(await files.readSession('work')).toMatchObject({ expiresAt, lastUsedAt })
  }
})
