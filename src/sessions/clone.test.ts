import { beforeEach, describe, expect, it } from 'vitest'
import { requestTo, ruleSet } from '../../test/support/material.ts'
import { SessionStage, second, sentBy } from '../../test/support/session-stage.ts'
import { pair } from '../../test/support/token-server.ts'
import type { Session } from './session.ts'
import { Sessions } from './sessions.ts'

let stage: SessionStage
beforeEach(async () => {
  stage = await SessionStage.set()
})

const url = 'https://api.test/'
const sent = async (session: Session) => sentBy(await session.plan(requestTo(url), {}))

describe('a clone', () => {
  it('has the cookies, web storage, credentials, traits and fields of its original, which stays as it is', async () => {
    const { sessions } = stage
    const work = await sessions.create({
      name: 'work',
      ttlSeconds: 60,
      renew: false,
      locale: 'de-CH',
      fields: { owner: 'ada' },
    })
    await work.cookies.set(url, { name: 'sid', value: '1' })
    await work.credentials.set('key', { kind: 'header', header: 'X-Key', hosts: ['api.test'] }, 'x')
    const storage = {
      origin: 'https://api.test',
      localStorage: [['a', 'b']],
      sessionStorage: [],
      indexedDB: [],
    }
    await work.importInto(
      { cookies: [], origins: [{ where: '', storage: storage as never }], skipped: [] },
      { mode: 'merge' },
    )
    stage.now += 30 * second
    const clone = await sessions.clone('work', 'copy')
    expect(await clone.cookies.list()).toEqual(await work.cookies.list())
    expect(await clone.storage.list()).toEqual(await work.storage.list())
    expect((await clone.credentials.get('key')).value?.reveal()).toBe('x')
    expect(clone.metadata).toMatchObject({
      locale: 'de-CH',
      fields: { owner: 'ada' },
      ttlSeconds: 60,
      renew: false,
      expiresAt: new Date(stage.now + 60 * second).toISOString(),
    })
    await clone.cookies.set(url, { name: 'sid', value: '2' })
    await clone.credentials.remove('key')
    expect((await work.cookies.find(url, 'sid'))?.value).toBe('1')
    expect((await work.credentials.get('key')).value?.reveal()).toBe('x')
    expect(clone.id).not.toBe(work.id)
  })

  it('of a named session is named, or temporary without a name', async () => {
    const { sessions } = stage
    expect((await sessions.clone('default', 'copy')).metadata).not.toHaveProperty('expiresAt')
    const temporary = await sessions.clone('default')
    expect(temporary.name).toMatch(/^sess_/)
    expect(temporary.metadata.ttlSeconds).toBe(86_400)
  })

  it('never sends the refresh token of its original, so the server refreshes once and ends no login', async () => {
    await stage.set(pair(1))
    const clone = await stage.sessions.clone('default', 'copy')
    expect(await sent(clone)).toBe('Bearer access-1')
    stage.now += 3700 * second
    stage.server.deed = () => ({ body: pair(2) })
    await Promise.all([sent(clone).catch(() => undefined), stage.planned()])
    expect(await stage.sent()).toBe('Bearer access-2')
    await sent(clone).catch(() => undefined)
    const outcome = await clone.tokens.refresh('api', { because: 'asked' })
    expect(outcome.kind).toBe('not-refreshable')
    await stage.settled()
    expect(stage.asked()).toEqual(['refresh-1'])
  })

  it('signs in for itself, and then each refreshes its own tokens', async () => {
    await stage.set(pair(1))
    const clone = await stage.sessions.clone('default', 'copy')
    await clone.credentials.set('api', undefined, JSON.stringify(pair(8)))
    stage.now += 3700 * second
    stage.server.deed = () => ({ body: pair(9) })
    expect(await sent(clone)).toBe('Bearer access-9')
    stage.server.deed = () => ({ body: pair(2) })
    expect(await stage.sent()).toBe('Bearer access-2')
    expect(stage.asked()).toEqual(['refresh-8', 'refresh-1'])
  })

  it('of a client that asks in its own name refreshes by itself', async () => {
    const { session, sessions, server } = stage
    await session.credentials.set(
      'api',
      stage.definition({ flow: 'client-credentials' }),
      JSON.stringify({ ...pair(1), client_secret: 'secret' }),
    )
    const clone = await sessions.clone('default')
    stage.now += 3700 * second
    server.deed = () => ({ body: { access_token: 'access-3', token_type: 'Bearer', expires_in: 3600 } })
    expect(await sent(clone)).toBe('Bearer access-3')
    expect(server.asked.map((form) => form.get('grant_type'))).toEqual(['client_credentials'])
  })

  it.each([
    ['gone', 'copy', 'session-missing'],
    ['default', 'default', 'name-invalid'],
    ['default', 'work', 'name-invalid'],
    ['default', '../x', 'name-invalid'],
    ['default', 'sess_mine', 'name-invalid'],
  ])('of %s as %s is not made', async (from, to, code) => {
    await stage.sessions.create({ name: 'work' })
    await expect(stage.sessions.clone(from, to)).rejects.toMatchObject({ code })
    expect(await stage.store.sessions()).toEqual(['default', 'work'])
  })

  it('never takes the place of its original', async () => {
    const { store, sessions } = stage
    const { name } = await sessions.create()
    await (await sessions.get(name)).cookies.set(url, { name: 'sid', value: '1' })
    const full = new Sessions({ store, config: { ...ruleSet(), maxSessions: 2 }, now: () => stage.now })
    await expect(full.clone(name, 'copy')).rejects.toThrow('there are 2 sessions, and maxSessions is 2')
    expect(await store.sessions()).toEqual(['default', name])
    stage.now += 60 * second
    const { name: idle } = await sessions.create()
    const roomy = new Sessions({ store, config: { ...ruleSet(), maxSessions: 3 }, now: () => stage.now })
    expect((await (await roomy.clone(name, 'copy')).cookies.find(url, 'sid'))?.value).toBe('1')
    expect(await store.sessions()).toEqual(['copy', 'default', name])
    expect(await store.sessions()).not.toContain(idle)
  })

  it('of a session with a damaged record is not made', async () => {
    await stage.set(pair(1))
    await stage.store.update({ kind: 'credential', session: 'default', name: 'api' }, () => 'rubbish')
    await expect(stage.sessions.clone('default', 'copy')).rejects.toMatchObject({ code: 'record-damaged' })
    expect(await stage.store.sessions()).toEqual(['default'])
  })

  it('that a kill left half made expires by itself', async () => {
    await stage.set(pair(1))
    const { store } = stage
    const update = store.update.bind(store)
    let seen: string | undefined
    store.update = async (id, change) => {
      if (id.session === 'copy') seen = (await store.readSession('copy'))?.expiresAt
      return update(id, change)
    }
    const clone = await stage.sessions.clone('default', 'copy')
    expect(seen).toBe(new Date(stage.now + 600 * second).toISOString())
    expect(clone.metadata).not.toHaveProperty('expiresAt')
  })

  it.each([
    ['touched', undefined, (copy: Session) => copy.touch(), undefined],
    ['touched', 7200, (copy: Session) => copy.touch(), 7201],
    ['extended', 60, (copy: Session) => copy.extend({ additionalSeconds: 60 }), 660],
  ])('that is %s during the copy stays so, with a TTL of %s', async (_, ttlSeconds, use, lives) => {
    const { store, sessions } = stage
    const work = await sessions.create({ name: 'work', ttlSeconds })
    await work.cookies.set(url, { name: 'sid', value: '1' })
    const made = stage.now
    const update = store.update.bind(store)
    store.update = async (id, change) => {
      stage.now = made + second
      if (id.session === 'copy') await use(await sessions.get('copy'))
      return update(id, change)
    }
    const { metadata } = await sessions.clone('work', 'copy')
    expect(metadata.expiresAt).toBe(lives && new Date(made + lives * second).toISOString())
    if (_ === 'touched') expect(metadata.lastUsedAt).toBe(new Date(made + second).toISOString())
  })
})
