import { inspect } from 'node:util'
import { beforeEach, describe, expect, it } from 'vitest'
import { requestTo, ruleSet } from '../../test/support/material.ts'
import { begin, SessionStage, second, sentBy, url } from '../../test/support/session-stage.ts'
import { pair } from '../../test/support/token-server.ts'
import type { Session } from './session.ts'
import { Sessions } from './sessions.ts'

let stage: SessionStage
beforeEach(async () => {
  stage = await SessionStage.set()
})

describe('a request', () => {
  it('goes with a fresh token, by the memoised plan, without a refresh', async () => {
    await stage.set(pair(1))
    expect(await stage.sent()).toBe('Bearer access-1')
    expect(await stage.planned()).toBe(await stage.planned())
    stage.now += 3299 * second
    expect(await stage.planned()).toBe(await stage.planned())
    await stage.settled()
    expect(stage.asked()).toEqual([])
  })

  it('does not wait for a token that is due: it takes the old one, and the next request the new one', async () => {
    await stage.set(pair(1))
    await stage.planned()
    stage.now += 3300 * second
    const free = Promise.withResolvers<void>()
    stage.server.deed = async () => {
      await free.promise
      return { body: pair(2) }
    }
    expect(await stage.sent()).toBe('Bearer access-1')
    await stage.server.came(1)
    expect(await stage.sent('https://api.test:8443/')).toBe('Bearer access-1')
    expect(await Promise.all(Array.from({ length: 20 }, () => stage.sent()))).toEqual(
      Array(20).fill('Bearer access-1'),
    )
    free.resolve()
    await stage.settled()
    expect(await stage.sent()).toBe('Bearer access-2')
    expect(stage.asked()).toEqual(['refresh-1'])
  })

  it('is one event with all that wait for its refresh, and a missing login is one event however many meet it', async () => {
    await stage.set(pair(1))
    const from = stage.sessions.events.last
    const told = () => {
      const { events } = stage.sessions
      const numbers = Array.from({ length: events.last - from }, (_, n) => from + n)
      return numbers.map((number) => events.after(number)?.event)
    }
    stage.now += 3700 * second
    stage.server.deed = async () => ({ body: pair(2) })
    await Promise.all(Array.from({ length: 20 }, () => stage.planned()))
    const event = { session: 'default', credential: 'api' }
    expect(told()).toEqual([{ ...event, type: 'refreshed' }])
    stage.now += 3700 * second
    stage.server.deed = async () => ({ status: 400, body: { error: 'invalid_grant' } })
    await Promise.all(Array.from({ length: 20 }, () => stage.planned()))
    stage.now += 3700 * second
    await stage.planned()
    await stage.session.tokens.refresh('api', { because: 'asked' })
    expect(told()).toEqual([
      { ...event, type: 'refreshed' },
      { ...event, type: 'needs-login' },
    ])
  })

  it('that waits for a refresh ends with its session, and the next session of the name has nothing of it', async () => {
    await stage.set(pair(1))
    stage.now += 3700 * second
    const never = Promise.withResolvers<never>()
    stage.server.deed = () => never.promise
    const waiting = stage.planned()
    await stage.server.came(1)
    await stage.sessions.remove('default')
    stage.session = await stage.sessions.get('default')
    // The refresh of the removed session has let go of the record.
    await stage.set(pair(5))
    await expect(waiting).rejects.toMatchObject({ code: 'session-missing' })
    await stage.settled()
    expect(await stage.sent()).toBe('Bearer access-5')
  })

  it('does not join a refresh of a removed session with its name', async () => {
    await stage.set(pair(1), { tokenEndpoint: undefined, issuer: new URL(stage.server.url).origin })
    stage.now += 3700 * second
    const free = Promise.withResolvers<void>()
    stage.server.deed = async () => {
      await free.promise
      return { status: 404, body: '' }
    }
    const waiting = stage.planned()
    await stage.server.came(1)
    // Another process removes it, so that the discovery goes on.
    await new Sessions({ store: stage.store, config: ruleSet(), now: () => stage.now }).remove('default')
    stage.session = await stage.sessions.get('default')
    await stage.set(pair(5))
    stage.now += 3700 * second
    stage.server.deed = async () => ({ body: pair(6) })
    expect(await stage.sent()).toBe('Bearer access-6')
    free.resolve()
    await expect(waiting).rejects.toMatchObject({ code: 'session-missing' })
    expect(await stage.sent()).toBe('Bearer access-6')
  })

  it('does not wait for a slow discovery either', async () => {
    await stage.set(pair(1), { tokenEndpoint: undefined, issuer: new URL(stage.server.url).origin })
    await stage.planned()
    stage.now += 3300 * second
    const free = Promise.withResolvers<void>()
    stage.server.deed = async () => {
      await free.promise
      return { status: 503, body: '' }
    }
    expect(await stage.sent()).toBe('Bearer access-1')
    await stage.server.came(1)
    expect(await stage.sent('https://api.test:8443/')).toBe('Bearer access-1')
    expect(await stage.session.tokens.read('api')).not.toHaveProperty('last') // it is still asked
    free.resolve()
    await stage.settled()
  })

  it('waits for one refresh when the token has expired, with all requests that come at once', async () => {
    await stage.set(pair(1))
    await stage.planned()
    stage.now += 3600 * second
    const all = await Promise.all(Array.from({ length: 50 }, (_, n) => stage.sent(`${url}${n}`)))
    expect(new Set(all)).toEqual(new Set(['Bearer access-2']))
    expect(stage.asked()).toEqual(['refresh-1'])
  })

  it('gets its first access token from a given refresh token', async () => {
    await stage.session.credentials.set('api', stage.definition(), 'refresh-1')
    expect((await stage.session.credentials.get('api')).present).toBe(false)
    expect(await stage.sent()).toBe('Bearer access-2')
    expect((await stage.session.credentials.get('api')).present).toBe(true)
  })

  it('gets a token in the name of the client', async () => {
    await stage.set({ client_secret: 's' }, { flow: 'client-credentials' })
    stage.server.deed = () => ({ body: { access_token: 'access-1', token_type: 'bearer', expires_in: 60 } })
    expect(await stage.sent()).toBe('Bearer access-1')
  })

  it.each<[string, Parameters<Session['plan']>[1], string]>([
    ['of a browser window', { browserWindow: true }, url],
    ['beyond --only', { only: [] }, url],
    ['that may not be made', { strict: true, only: [] }, url],
    ['to another host', {}, 'https://other.test/'],
  ])('%s refreshes nothing', async (_, scope, at) => {
    for (const give of [
      () => stage.set(pair(1)),
      () => stage.session.credentials.set('api', stage.definition(), 'refresh-1'),
    ]) {
      await give()
      stage.now += 3600 * second
      expect(sentBy(await stage.session.plan(requestTo(at), scope))).toBeUndefined()
      await stage.settled()
      expect(stage.asked()).toEqual([])
    }
  })

  it('goes on without a credential that is removed while it waits', async () => {
    await stage.set(pair(1))
    stage.now += 3600 * second
    const free = Promise.withResolvers<void>()
    stage.server.deed = async () => {
      await free.promise
      return { body: pair(2) }
    }
    const first = stage.sent()
    await stage.server.came(1)
    const removing = stage.session.credentials.remove('api')
    await stage.open()
    const plan = stage.planned()
    await new Promise((resolve) => setTimeout(resolve, 50))
    free.resolve()
    await Promise.all([first, removing])
    expect(sentBy(await plan)).toBeUndefined()
  })

  it('of another process shows its new tokens at once', async () => {
    await stage.set(pair(1))
    await stage.planned()
    stage.now += 3600 * second
    const here = stage.session
    await stage.open()
    await stage.sent()
    stage.session = here
    expect(await stage.sent()).toBe('Bearer access-2')
    expect(stage.asked()).toEqual(['refresh-1'])
  })
})

it('explain and lists refresh nothing, and keep no request from it', async () => {
  await stage.set(pair(1))
  stage.now += 3600 * second
  const explained = await stage.session.explain(url)
  expect(explained.credentials.attached[0]?.freshness).toMatchObject({ refreshable: true, refreshes: 0 })
  await stage.session.credentials.list()
  await stage.session.credentials.get('api')
  await stage.settled()
  expect(stage.asked()).toEqual([])
  expect(await stage.sent()).toBe('Bearer access-2')
})

it('a list shows how fresh tokens are and where they come from, and none of them', async () => {
  await stage.set({ ...pair(1), client_secret: 'secret-1' })
  stage.now += 3600 * second
  await stage.planned()
  const [api] = await stage.session.credentials.list()
  expect(api).toMatchObject({
    kind: 'oauth2',
    place: 'authorization',
    present: true,
    fingerprint: expect.stringMatching(/^[0-9a-f]{4}$/),
    definition: { tokenEndpoint: stage.server.url, clientId: 'c' },
    freshness: {
      expiresAt: stage.now + 3600 * second,
      dueAt: stage.now + 3300 * second,
      refreshable: true,
      refreshes: 1,
      last: { result: 'refreshed' },
    },
  })
  const shown = inspect(
    [api, await stage.session.credentials.get('api'), await stage.planned(), stage.session, stage.sessions],
    { depth: 9, showHidden: true },
  )
  expect(shown + JSON.stringify([api, await stage.planned()])).not.toMatch(/(access|refresh|secret)-\d/)
  expect((await stage.session.credentials.get('api')).value?.reveal()).toBe('access-2')
})

describe('tokens in use', () => {
  it('are those of a request, also by an old memoised plan', async () => {
    await stage.set(pair(1))
    expect(await stage.sessions.dueTokens(0)).toEqual([])
    await stage.session.explain(url)
    expect(await stage.sessions.dueTokens(0)).toEqual([])
    await stage.planned()
    expect(await stage.sessions.dueTokens(stage.now)).toHaveLength(1)
    stage.now += 1000 * second
    await stage.planned()
    expect(await stage.sessions.dueTokens(stage.now)).toMatchObject([{ dueAt: begin + 3300 * second }])
    expect(await stage.sessions.dueTokens(stage.now + 1)).toEqual([])
  })

  it('are found when another process has removed another session', async () => {
    const work = await stage.sessions.create({ name: 'work' })
    for (const session of [stage.session, work]) {
      await session.credentials.set('api', stage.definition(), JSON.stringify(pair(1)))
      await session.plan(requestTo(url), {})
    }
    expect(await stage.sessions.dueTokens(0)).toHaveLength(2)
    await stage.store.removeSession('work')
    expect(await stage.sessions.dueTokens(0)).toHaveLength(1)
  })

  it('are refreshed when they are due, in the background', async () => {
    await stage.set(pair(1))
    await stage.planned()
    stage.now += 3300 * second
    for (const due of await stage.sessions.dueTokens(0)) await due.refresh()
    expect(await stage.sent()).toBe('Bearer access-2')
    expect(stage.asked()).toEqual(['refresh-1'])
  })
})

it('a process does not end in the middle of a refresh', async () => {
  await stage.set(pair(1))
  const free = Promise.withResolvers<void>()
  stage.server.deed = async () => {
    await free.promise
    return { body: pair(2) }
  }
  stage.now += 3300 * second
  await stage.planned()
  await stage.server.came(1)
  const ending = stage.sessions.flush()
  free.resolve()
  await ending
  expect(await stage.session.tokens.read('api')).toMatchObject({ tokens: { accessToken: 'access-2' } })
})
