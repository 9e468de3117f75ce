import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { scratchFolder } from '../../test/store/scratch.ts'
import { requestTo, ruleSet } from '../../test/support/material.ts'
import { SmallStore } from '../../test/support/small-store.ts'
import {
  type Deed,
  loopbackFetch,
  pair,
  startTokenServer,
  type TokenServer,
} from '../../test/support/token-server.ts'
import { type CredentialDefinition, credentialDefinitionSchema } from '../credentials/kinds.ts'
import { Refresher } from '../oauth/refresher.ts'
import { applyPlan } from '../plan/apply.ts'
import type { Plan } from '../plan/plan.ts'
import type { Session } from './session.ts'
import { Sessions } from './sessions.ts'

const url = 'https://api.test/'
const second = 1000
const begin = Date.UTC(2026, 0, 1)

let server: TokenServer
let store: SmallStore
let now: number
let sessions: Sessions
let session: Session

const open = async (credentials: Readonly<Record<string, object>> = {}, by = store) => {
  const definitions = Object.entries(credentials).map(
    ([name, input]) => [name, credentialDefinitionSchema(z).parse(input)] as [string, CredentialDefinition],
  )
  const config = { ...ruleSet(), credentials: new Map(definitions) }
  const wait = async (ms: number) => {
    now += ms
  }
  const refresher = new Refresher({ fetch: loopbackFetch(), now: () => now, wait })
  sessions = new Sessions({ store: by, config, now: () => now, refresher })
  session = await sessions.get('default')
}
const definition = (more: object = {}) => ({
  kind: 'oauth2',
  hosts: ['api.test'],
  tokenEndpoint: server.url,
  clientId: 'c',
  ...more,
})
const set = (response: object, more: object = {}) =>
  session.credentials.set('api', definition(more), JSON.stringify(response))
const planned = (at = url) => session.plan(requestTo(at), {})
const sentBy = (plan: Plan) =>
  applyPlan(plan, { target: '/', fields: [] }).add.find(({ name }) => name === 'Authorization')?.value
const sent = async (at = url) => sentBy(await planned(at))
const asked = () => server.asked.map((form) => form.get('refresh_token'))
/** Resolves when nothing is under way. */
const settled = () => sessions.flush()

beforeEach(async () => {
  server = await startTokenServer()
  store = new SmallStore()
  now = begin
  await open()
})

describe('a request', () => {
  it('goes with a fresh token, by the memoised plan, without a refresh', async () => {
    await set(pair(1))
    expect(await sent()).toBe('Bearer access-1')
    expect(await planned()).toBe(await planned())
    now += 3299 * second
    expect(await planned()).toBe(await planned())
    await settled()
    expect(asked()).toEqual([])
  })

  it('does not wait for a token that is due: it takes the old one, and the next request the new one', async () => {
    await set(pair(1))
    await planned()
    now += 3300 * second
    const free = Promise.withResolvers<void>()
    server.deed = async () => {
      await free.promise
      return { body: pair(2) }
    }
    expect(await sent()).toBe('Bearer access-1')
    await server.came(1)
    expect(await sent('https://api.test:8443/')).toBe('Bearer access-1')
    expect(await Promise.all(Array.from({ length: 20 }, () => sent()))).toEqual(
      Array(20).fill('Bearer access-1'),
    )
    free.resolve()
    await settled()
    expect(await sent()).toBe('Bearer access-2')
    expect(asked()).toEqual(['refresh-1'])
  })

  it('that waits for a refresh ends with its session, and the next session of the name has nothing of it', async () => {
    await set(pair(1))
    now += 3700 * second
    const never = Promise.withResolvers<never>()
    server.deed = () => never.promise
    const waiting = planned()
    await server.came(1)
    await sessions.remove('default')
    session = await sessions.get('default')
    // The refresh of the removed session has let go of the record.
    await set(pair(5))
    await expect(waiting).rejects.toMatchObject({ code: 'session-missing' })
    await settled()
    expect(await sent()).toBe('Bearer access-5')
  })

  it('does not join a refresh of a removed session with its name', async () => {
    await set(pair(1), { tokenEndpoint: undefined, issuer: new URL(server.url).origin })
    now += 3700 * second
    const free = Promise.withResolvers<void>()
    server.deed = async () => {
      await free.promise
      return { status: 404, body: '' }
    }
    const waiting = planned()
    await server.came(1)
    // Another process removes it, so that the discovery goes on.
    await new Sessions({ store, config: ruleSet(), now: () => now }).remove('default')
    session = await sessions.get('default')
    await set(pair(5))
    now += 3700 * second
    server.deed = async () => ({ body: pair(6) })
    expect(await sent()).toBe('Bearer access-6')
    free.resolve()
    await expect(waiting).rejects.toMatchObject({ code: 'session-missing' })
    expect(await sent()).toBe('Bearer access-6')
  })

  it('does not wait for a slow discovery either', async () => {
    await set(pair(1), { tokenEndpoint: undefined, issuer: new URL(server.url).origin })
    await planned()
    now += 3300 * second
    const free = Promise.withResolvers<void>()
    server.deed = async () => {
      await free.promise
      return { status: 503, body: '' }
    }
    expect(await sent()).toBe('Bearer access-1')
    await server.came(1)
    expect(await sent('https://api.test:8443/')).toBe('Bearer access-1')
    expect(await session.tokens.read('api')).not.toHaveProperty('last') // it is still asked
    free.resolve()
    await settled()
  })

  it('waits for one refresh when the token has expired, with all requests that come at once', async () => {
    await set(pair(1))
    await planned()
    now += 3600 * second
    const all = await Promise.all(Array.from({ length: 50 }, (_, n) => sent(`${url}${n}`)))
    expect(new Set(all)).toEqual(new Set(['Bearer access-2']))
    expect(asked()).toEqual(['refresh-1'])
  })

  it('gets its first access token from a given refresh token', async () => {
    await session.credentials.set('api', definition(), 'refresh-1')
    expect((await session.credentials.get('api')).present).toBe(false)
    expect(await sent()).toBe('Bearer access-2')
    expect((await session.credentials.get('api')).present).toBe(true)
  })

  it('gets a token in the name of the client', async () => {
    await set({ client_secret: 's' }, { flow: 'client-credentials' })
    server.deed = () => ({ body: { access_token: 'access-1', token_type: 'bearer', expires_in: 60 } })
    expect(await sent()).toBe('Bearer access-1')
  })

  it.each<[string, Deed]>([
    ['is away for some seconds', { status: 503, body: '' }],
    ['says that it may be asked at once', { status: 503, headers: { 'retry-after': '0' }, body: '' }],
    ['cuts the connection', 'reset'],
  ])('waits for the next tries while the token server %s', async (_, deed) => {
    await set(pair(1))
    now += 3600 * second
    // Four waits take 2.8 to 3.75 s.
    const backAt = now + 2.5 * second
    server.deed = () => (now < backAt ? deed : { body: pair(2) })
    expect(await Promise.all([sent(), sent(`${url}2`)])).toEqual(Array(2).fill('Bearer access-2'))
    expect(asked()).toEqual(Array(5).fill('refresh-1'))
    expect(now).toBeLessThan(backAt + 2 * second)
  })

  it('waits at most ten seconds for a token server that stays away, and the next one does not wait', async () => {
    await set(pair(1))
    now += 3600 * second
    const began = now
    server.deed = () => ({ status: 503, body: '' })
    expect(await sent()).toBe('Bearer access-1')
    expect(now - began).toBeLessThanOrEqual(10 * second)
    const [tries, gaveUp] = [asked().length, now]
    expect(await sent()).toBe('Bearer access-1')
    expect([asked().length, now]).toEqual([tries, gaveUp])
  })

  it('goes with the expired token when there is no other, and tries again only after the wait', async () => {
    await set(pair(1))
    now += 3600 * second
    server.deed = () => ({ status: 503, headers: { 'retry-after': '60' }, body: '' })
    expect(await sent()).toBe('Bearer access-1')
    now += 59 * second
    expect(await sent()).toBe('Bearer access-1')
    expect(await planned()).toBe(await planned())
    expect(asked()).toHaveLength(1)
    server.deed = () => ({ body: pair(2) })
    now += second
    expect(await sent()).toBe('Bearer access-2')
  })

  it('tries again after the wait also when the full disk could not keep the failure', async () => {
    await set(pair(1))
    now += 3600 * second
    store.full = true
    expect(await sent()).toBe('Bearer access-1')
    store.full = false
    expect(await sent()).toBe('Bearer access-1')
    now += 8 * second
    expect(await sent()).toBe('Bearer access-2')
  })

  it('goes with tokens that are only in memory', async () => {
    await set(pair(1))
    await planned()
    now += 3600 * second
    server.deed = async () => {
      await session.credentials.list() // what was looked at a moment ago is not what holds
      store.full = true
      return { body: pair(2) }
    }
    expect(await sent()).toBe('Bearer access-2')
    expect(await sent()).toBe('Bearer access-2')
    store.full = false
    await settled()
    await open()
    expect(await sent()).toBe('Bearer access-2')
    expect(asked()).toEqual(['refresh-1'])
  })

  it('goes with the expired token when only a login helps, and asks no server', async () => {
    await set(pair(1))
    now += 3600 * second
    server.deed = () => ({ status: 400, body: { error: 'invalid_grant' } })
    const plan = await planned()
    expect(sentBy(plan)).toBe('Bearer access-1')
    expect(plan.credentials.attached[0]?.freshness).toMatchObject({ needsLogin: 'invalid_grant' })
    now += 3600 * second
    expect(await planned()).toBe(plan)
    expect(asked()).toHaveLength(1)
  })

  it.each<[string, Parameters<Session['plan']>[1], string]>([
    ['of a browser window', { browserWindow: true }, url],
    ['beyond --only', { only: [] }, url],
    ['that may not be made', { strict: true, only: [] }, url],
    ['to another host', {}, 'https://other.test/'],
  ])('%s refreshes nothing', async (_, scope, at) => {
    for (const give of [
      () => set(pair(1)),
      () => session.credentials.set('api', definition(), 'refresh-1'),
    ]) {
      await give()
      now += 3600 * second
      expect(sentBy(await session.plan(requestTo(at), scope))).toBeUndefined()
      await settled()
      expect(asked()).toEqual([])
    }
  })

  it('goes on without a credential that is removed while it waits', async () => {
    await set(pair(1))
    now += 3600 * second
    const free = Promise.withResolvers<void>()
    server.deed = async () => {
      await free.promise
      return { body: pair(2) }
    }
    const first = sent()
    await server.came(1)
    const removing = session.credentials.remove('api')
    await open()
    const plan = planned()
    await new Promise((resolve) => setTimeout(resolve, 50))
    free.resolve()
    await Promise.all([first, removing])
    expect(sentBy(await plan)).toBeUndefined()
  })

  it('of another process shows its new tokens at once', async () => {
    await set(pair(1))
    await planned()
    now += 3600 * second
    const here = session
    await open()
    await sent()
    session = here
    expect(await sent()).toBe('Bearer access-2')
    expect(asked()).toEqual(['refresh-1'])
  })
})

it('explain and lists refresh nothing, and keep no request from it', async () => {
  await set(pair(1))
  now += 3600 * second
  const explained = await session.explain(url)
  expect(explained.credentials.attached[0]?.freshness).toMatchObject({ refreshable: true, refreshes: 0 })
  await session.credentials.list()
  await session.credentials.get('api')
  await settled()
  expect(asked()).toEqual([])
  expect(await sent()).toBe('Bearer access-2')
})

it('a list shows how fresh tokens are and where they come from, and none of them', async () => {
  await set({ ...pair(1), client_secret: 'secret-1' })
  now += 3600 * second
  await planned()
  const [api] = await session.credentials.list()
  expect(api).toMatchObject({
    kind: 'oauth2',
    place: 'authorization',
    present: true,
    fingerprint: expect.stringMatching(/^[0-9a-f]{4}$/),
    definition: { tokenEndpoint: server.url, clientId: 'c' },
    freshness: {
      expiresAt: now + 3600 * second,
      dueAt: now + 3300 * second,
      refreshable: true,
      refreshes: 1,
      last: { result: 'refreshed' },
    },
  })
  const shown = inspect([api, await session.credentials.get('api'), await planned(), session, sessions], {
    depth: 9,
    showHidden: true,
  })
  expect(shown + JSON.stringify([api, await planned()])).not.toMatch(/(access|refresh|secret)-\d/)
  expect((await session.credentials.get('api')).value?.reveal()).toBe('access-2')
})

describe('a 401 of an origin', () => {
  const rejectedOf = async () => {
    const plan = await planned()
    return session.tokens.rejected(plan)
  }

  it('renews a token that should have held', async () => {
    await set(pair(1))
    expect(await rejectedOf()).toBe('retry')
    expect(await sent()).toBe('Bearer access-2')
  })

  it('renews it once for all requests that got it', async () => {
    await set(pair(1))
    const plan = await planned()
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => session.tokens.rejected(plan)))
    expect(outcomes).toEqual(Array(20).fill('retry'))
    expect(await session.tokens.rejected(plan)).toBe('retry')
    expect(asked()).toEqual(['refresh-1'])
  })

  it('needs a login when only that helps', async () => {
    await set(pair(1))
    server.deed = () => ({ status: 400, body: { error: 'invalid_grant' } })
    expect(await rejectedOf()).toBe('needs-login')
    expect(await rejectedOf()).toBe('needs-login')
    expect(asked()).toHaveLength(1)
  })

  it('is answered with the tokens of a login that ended meanwhile', async () => {
    await set(pair(1))
    server.deed = () => ({ status: 400, body: { error: 'invalid_grant' } })
    expect(await rejectedOf()).toBe('needs-login')
    const plan = await planned()
    await set(pair(5))
    expect(await session.tokens.rejected(plan)).toBe('retry')
  })

  it('needs a login when the token has expired and nothing can renew it', async () => {
    await set({ ...pair(1), refresh_token: undefined })
    expect(await rejectedOf()).toBe('no')
    now += 3600 * second
    expect(await rejectedOf()).toBe('needs-login')
  })

  it('is passed on when the server has trouble', async () => {
    await set(pair(1))
    server.deed = () => ({ status: 503, body: '' })
    expect(await rejectedOf()).toBe('no')
  })

  it('to new tokens does not lead to more of them for a while', async () => {
    await set(pair(1))
    expect(await rejectedOf()).toBe('retry')
    expect(await session.tokens.rejected(await planned(), true)).toBe('no')
    for (let n = 0; n < 5; n++) expect(await rejectedOf()).toBe('no')
    expect(asked()).toHaveLength(1)
    now += 60 * second
    expect(await rejectedOf()).toBe('retry')
  })

  it('leads to nothing for other kinds, and for a request without a token', async () => {
    await session.credentials.set('api', { kind: 'bearer', hosts: ['api.test'] }, 'x')
    expect(await rejectedOf()).toBe('no')
    expect(await session.tokens.rejected(await planned('https://other.test/'))).toBe('no')
  })
})

describe('tokens of a login', () => {
  const tokens = {
    accessToken: 'access-7',
    refreshToken: 'refresh-7',
    receivedAt: begin,
    expiresAt: begin + 3600 * second,
  }

  it('are kept with their definition, and made from the tokens before', async () => {
    await session.tokens.save('api', definition(), { tokens, clientSecret: 's', refreshes: 0 })
    expect(await sent()).toBe('Bearer access-7')
    await session.tokens.save('api', undefined, (before) => ({
      ...before,
      refreshes: (before?.refreshes ?? 0) + 5,
    }))
    expect(await session.tokens.read('api')).toEqual({ tokens, clientSecret: 's', refreshes: 5 })
    await expect(session.tokens.save('api', { kind: 'bearer' }, { refreshes: 0 })).rejects.toMatchObject({
      code: 'usage',
    })
  })

  it('are made from nothing when the tokens before came from another server', async () => {
    await session.tokens.save('api', definition(), { tokens, clientSecret: 's', refreshes: 0 })
    let before: unknown = 'not asked'
    await session.tokens.save('api', { issuer: 'https://other.test' }, (held) => {
      before = held
      return { refreshes: 0 }
    })
    expect(before).toBeUndefined()
  })

  it('are not overwritten by a refresh that was under way', async () => {
    await set(pair(1))
    const free = Promise.withResolvers<void>()
    server.deed = async () => {
      await free.promise
      return { body: pair(2) }
    }
    const refreshing = session.tokens.refresh('api', { because: 'asked' })
    await server.came(1)
    const saving = session.tokens.save('api', undefined, { tokens, refreshes: 0 })
    free.resolve()
    expect(await refreshing).toEqual({ kind: 'refreshed' })
    await saving
    expect(await sent()).toBe('Bearer access-7')
  })

  it('set by hand keep the client secret of the same definition, and never show it to another server', async () => {
    await set({ ...pair(1), client_secret: 's' })
    await session.credentials.set('api', undefined, 'refresh-5')
    expect(await session.tokens.read('api')).toMatchObject({
      clientSecret: 's',
      tokens: { refreshToken: 'refresh-5' },
    })
    await session.credentials.set('api', { clientId: 'other' }, 'refresh-5')
    expect(await session.tokens.read('api')).not.toHaveProperty('clientSecret')
    await set({ ...pair(1), client_secret: 's' })
    await session.credentials.set('api', { issuer: 'https://other.test' }, 'refresh-6')
    expect(await session.tokens.read('api')).not.toHaveProperty('clientSecret')
    expect((await session.credentials.get('api')).definition).not.toHaveProperty('tokenEndpoint')
  })
})

describe('tokens of a credential of the configuration', () => {
  it('are refreshed', async () => {
    await open({ api: definition() })
    await session.credentials.set('api', undefined, 'refresh-1')
    expect(await sent()).toBe('Bearer access-2')
  })

  it('are sent to no other server when the configuration changes', async () => {
    await open({ api: definition() })
    await session.credentials.set('api', undefined, JSON.stringify(pair(1)))
    const evil = await startTokenServer()
    await open({ api: definition({ tokenEndpoint: evil.url }) })
    now += 3600 * second
    expect(await sent()).toBe('Bearer access-1')
    expect(await session.tokens.rejected(await planned())).toBe('needs-login')
    expect(await session.tokens.refresh('api', { because: 'asked' })).toMatchObject({
      kind: 'not-refreshable',
      reason: expect.stringMatching(/another authorization server/),
    })
    expect(evil.asked).toEqual([])
  })
})

describe('the tokens of another tool', () => {
  let path: string
  const write = (value: object) => {
    writeFileSync(`${path}.new`, JSON.stringify(value))
    renameSync(`${path}.new`, path)
  }
  const owned = () => ({ kind: 'oauth2', hosts: ['api.test'], tokenFile: path })
  beforeEach(() => {
    path = join(scratchFolder(), 'auth.json')
  })

  it.each<[string, () => Promise<void>]>([
    ['the configuration', () => open({ api: owned() })],
    ['the session', () => session.credentials.set('api', owned(), undefined)],
  ])('in a file that %s names are used as they are, and again when they change', async (_, define) => {
    write({ tokens: pair(1) })
    await define()
    expect(await sent()).toBe('Bearer access-1')
    expect(await planned()).toBe(await planned())
    write({ tokens: pair(2) })
    await new Promise((resolve) => setImmediate(resolve))
    expect(await sent()).toBe('Bearer access-2')
    expect(await session.credentials.get('api')).toMatchObject({
      present: true,
      freshness: { refreshable: false },
    })
    now = Date.now() + 3600 * second
    const plan = await planned()
    expect(await session.tokens.rejected(plan)).not.toBe('retry')
    write({ tokens: pair(3) })
    expect(await session.tokens.rejected(plan)).toBe('retry')
    expect(server.asked).toEqual([])
  })

  it('are missing, with a reason, while the file is missing', async () => {
    await open({ api: owned() })
    const [api] = await session.credentials.list()
    expect(api).toMatchObject({ present: false, problem: expect.stringMatching(/ENOENT/) })
    write({ tokens: pair(1) })
    await new Promise((resolve) => setImmediate(resolve))
    expect(await sent()).toBe('Bearer access-1')
  })

  it('cannot be set by hand', async () => {
    await open({ api: owned() })
    await expect(session.credentials.set('api', undefined, 'refresh-1')).rejects.toMatchObject({
      code: 'usage',
    })
  })
})

describe('tokens in use', () => {
  it('are those of a request, also by an old memoised plan', async () => {
    await set(pair(1))
    expect(await sessions.dueTokens(0)).toEqual([])
    await session.explain(url)
    expect(await sessions.dueTokens(0)).toEqual([])
    await planned()
    expect(await sessions.dueTokens(now)).toHaveLength(1)
    now += 1000 * second
    await planned()
    expect(await sessions.dueTokens(now)).toMatchObject([{ dueAt: begin + 3300 * second }])
    expect(await sessions.dueTokens(now + 1)).toEqual([])
  })

  it('are refreshed when they are due, in the background', async () => {
    await set(pair(1))
    await planned()
    now += 3300 * second
    for (const due of await sessions.dueTokens(0)) await due.refresh()
    expect(await sent()).toBe('Bearer access-2')
    expect(asked()).toEqual(['refresh-1'])
  })
})

it('a process does not end in the middle of a refresh', async () => {
  await set(pair(1))
  const free = Promise.withResolvers<void>()
  server.deed = async () => {
    await free.promise
    return { body: pair(2) }
  }
  now += 3300 * second
  await planned()
  await server.came(1)
  const ending = sessions.flush()
  free.resolve()
  await ending
  expect(await session.tokens.read('api')).toMatchObject({ tokens: { accessToken: 'access-2' } })
})
