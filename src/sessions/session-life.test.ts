import { beforeEach, describe, expect, it } from 'vitest'
import { scratchStore } from '../../test/store/scratch.ts'
import { ruleSet, now as start } from '../../test/support/material.ts'
import { MemoryStore } from '../store/memory.ts'
import type { Store } from '../store/store.ts'
import { Sessions } from './sessions.ts'

const hour = 3_600_000
const day = 24 * hour
const request = {
  scheme: 'https',
  host: 'a.test',
  port: 443,
  path: '/',
  method: 'GET',
  site: 'same-site',
} as const

let now: number
let seconds: number
let boot: string
let store: Store
let sessions: Sessions

const open = (config: object = {}) =>
  new Sessions({
    store,
    config: { ...ruleSet(), ...config },
    now: () => now,
    uptime: () => ({ boot, seconds }),
  })
/** Time that passes, on both clocks. */
const pass = (ms: number) => {
  now += ms
  seconds += ms / 1000
}
const endOf = async (name: string) => Date.parse((await store.readSession(name))?.expiresAt ?? '')
const expired = { code: 'session-missing', message: expect.stringMatching(/has expired$/) }

beforeEach(() => {
  now = start
  seconds = 1000
  boot = 'one'
  store = new MemoryStore()
  sessions = open()
})

describe('the life of a session', () => {
  it.each([
    ['a request', (session) => session.plan(request, {})],
    ['a CONNECT', (session) => session.planConnect('a.test', 443, {})],
    ['touch', (session) => session.touch()],
  ] satisfies [string, (session: Awaited<ReturnType<Sessions['get']>>) => Promise<unknown>][])(
    'begins again with %s',
    async (_, use) => {
      const { name } = await sessions.create({ ttlSeconds: 7200 })
      pass(hour)
      await use(await sessions.get(name))
      expect(await endOf(name)).toBe(now + 2 * hour)
      pass(2 * hour - 1)
      await sessions.get(name)
      pass(1)
      await expect(sessions.get(name)).rejects.toMatchObject(expired)
    },
  )

  it('begins again for a named session with a time to live, and is the whole TTL that was given', async () => {
    await sessions.create({ name: 'work', ttlSeconds: 3600 })
    pass(hour / 2)
    await (await sessions.get('work')).touch()
    expect(await endOf('work')).toBe(now + hour)
  })

  it.each([
    ['renew: false', {}, { renew: false }],
    ['sessionRenewal: false', { sessionRenewal: false }, {}],
  ])('ends on time with %s, however often it is used', async (_, config, options) => {
    const session = await open(config).create({ ttlSeconds: 7200, ...options })
    pass(2 * hour - 1)
    session.used()
    await session.touch()
    expect(await endOf(session.name)).toBe(start + 2 * hour)
    pass(1)
    await expect(session.touch()).rejects.toMatchObject(expired)
    await expect(session.plan(request, {})).rejects.toMatchObject(expired)
  })

  it('is that of the configuration for a temporary session', async () => {
    const { metadata } = await open({ sessionTtl: 600 }).create()
    expect(metadata).toMatchObject({ ttlSeconds: 600, renew: true })
    expect(await endOf(metadata.name)).toBe(now + 600_000)
    expect((await open({ sessionRenewal: false }).create({ renew: true })).metadata.renew).toBe(true)
  })

  it('is written once a minute at most, and ten times in a shorter life', async () => {
    let writes = 0
    const memory = new MemoryStore()
    const update = memory.updateSession.bind(memory)
    memory.updateSession = (name, change) => {
      writes++
      return update(name, change)
    }
    store = memory
    const long = await open().create({ ttlSeconds: 7200 })
    for (let second = 0; second < 120; second++) {
      long.used()
      pass(1000)
    }
    expect(writes).toBe(2)
    const short = await open().create({ ttlSeconds: 10 })
    for (let tenth = 0; tenth < 100; tenth++) {
      short.used()
      pass(100)
    }
    expect(writes).toBe(12)
    expect(await endOf(short.name)).toBeGreaterThan(now + 8_000)
  })

  it('does not begin again when it is over, also if nobody has noticed', async () => {
    const session = await sessions.create({ ttlSeconds: 60 })
    pass(60_000)
    session.used()
    await expect(session.touch()).rejects.toMatchObject(expired)
    await expect(session.extend({ additionalSeconds: 60 })).rejects.toMatchObject(expired)
    await expect(sessions.get(session.name)).rejects.toMatchObject(expired)
  })
})

describe('extend', () => {
  it('moves the end, and a use does not move it back', async () => {
    const session = await sessions.create({ ttlSeconds: 3600 })
    const { expiresAt } = await session.extend({ additionalSeconds: 7200 })
    expect(Date.parse(expiresAt ?? '')).toBe(start + 3 * hour)
    expect(await endOf(session.name)).toBe(start + 3 * hour)
    await session.touch()
    expect(await endOf(session.name)).toBe(start + 3 * hour)
    pass(3 * hour - 1)
    await sessions.get(session.name)
    pass(1)
    await expect(sessions.get(session.name)).rejects.toMatchObject(expired)
  })

  it.each([0, -1, 1.5, Number.NaN, 1e12, '60' as unknown as number])(
    'refuses %j seconds',
    async (additionalSeconds) => {
      const session = await sessions.create({ ttlSeconds: 3600 })
      await expect(session.extend({ additionalSeconds })).rejects.toMatchObject({ code: 'usage' })
      expect(await endOf(session.name)).toBe(start + hour)
    },
  )

  it('refuses a life of more than ten years, and a session that does not expire', async () => {
    const session = await sessions.create({ ttlSeconds: 3600 })
    const most = 10 * 366 * 86_400
    await expect(session.extend({ additionalSeconds: most })).rejects.toThrow('ten years at most')
    const kept = await sessions.create({ name: 'work' })
    await expect(kept.extend({ additionalSeconds: 60 })).rejects.toThrow('the session "work" does not expire')
  })

  it('and touch refuse a session that was removed, or made again under the name', async () => {
    const session = await sessions.create({ name: 'work', ttlSeconds: 3600 })
    await open().remove('work')
    await expect(session.touch()).rejects.toMatchObject({ code: 'session-missing' })
    await open().create({ name: 'work', ttlSeconds: 60 })
    await expect(session.extend({ additionalSeconds: 60 })).rejects.toMatchObject({ code: 'session-missing' })
    expect(await endOf('work')).toBe(start + 60_000)
  })
})

describe('when the clock of the machine is set', () => {
  it.each([day, -day])('by %i ms, no session that has time left is lost, in any process', async (ms) => {
    const session = await sessions.create({ ttlSeconds: 7200 })
    session.used()
    now += ms
    expect(await open().prune()).toEqual([])
    expect((await open().list()).map(({ name }) => name)).toContain(session.name)
    await (await open().get(session.name)).plan(request, {})
    // Uses under the wrong clock count when it is right again.
    pass(hour)
    ;(await open().get(session.name)).used()
    now -= ms
    pass(2 * hour - 1)
    expect(await open().prune()).toEqual([])
    await session.plan(request, {})
  })

  it('forward, a session still ends when its time has passed', async () => {
    const { name } = await sessions.create({ ttlSeconds: 7200, renew: false })
    now += day
    pass(2 * hour)
    await expect(open().get(name)).rejects.toMatchObject(expired)
  })

  it('forward by more than two days, or the machine was paused as long, the clock decides', async () => {
    const { name } = await sessions.create({ ttlSeconds: 7200 })
    now += 2 * hour + 2 * day
    await open().get(name)
    now += 1
    await expect(open().get(name)).rejects.toMatchObject(expired)
  })

  it('and the machine starts again, the clock decides', async () => {
    const { name } = await sessions.create({ ttlSeconds: 7200 })
    boot = 'two'
    seconds = 1
    await open().get(name)
    now += 2 * hour
    await expect(open().get(name)).rejects.toMatchObject(expired)
  })
})

describe('prune', () => {
  it('removes the expired sessions, and names them', async () => {
    await sessions.create({ name: 'kept' })
    await sessions.create({ name: 'later', ttlSeconds: 120 })
    const work = await sessions.create({ name: 'work', ttlSeconds: 60 })
    const temporary = await sessions.create({ ttlSeconds: 60 })
    pass(60_000)
    const names = (await open().prune()).map(({ name }) => name)
    expect(names).toEqual([temporary.name, 'work'])
    expect(await store.sessions()).toEqual(['kept', 'later'])
    expect(await sessions.prune()).toEqual([])
    // The process that held one notices by itself.
    await expect(work.plan(request, {})).rejects.toMatchObject(expired)
  })

  it('ends the sessions that this process holds', async () => {
    const work = await sessions.create({ name: 'work', ttlSeconds: 60 })
    pass(60_000)
    await sessions.prune()
    expect(work.ended.reason).toMatchObject(expired)
  })

  it('leaves a session that another process renews between the look and the removal', async () => {
    const { store: files } = await scratchStore()
    store = files
    const work = await open().create({ name: 'busy', ttlSeconds: 60 })
    const remove = files.removeSession.bind(files)
    pass(59_999)
    const late = open()
    files.removeSession = async (name, only) => {
      pass(-1)
      await work.touch()
      pass(1)
      return remove(name, only)
    }
    pass(1)
    expect(await late.prune()).toEqual([])
    expect((await late.get('busy')).metadata.lastUsedAt).toBeDefined()
  })
})
