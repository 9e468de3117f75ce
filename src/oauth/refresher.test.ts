import { beforeEach, describe, expect, it } from 'vitest'
import { begin, hour, id, RefresherStage, rejected, tokens } from '../../test/support/refresher-stage.ts'
import { pair } from '../../test/support/token-server.ts'
import type { OAuth2Definition, OAuth2Value } from '../credentials/oauth2.ts'
import type { Json } from '../store/store.ts'
import type { RefreshReason } from './refresher.ts'

let stage: RefresherStage
beforeEach(async () => {
  stage = await RefresherStage.set()
})

describe('a refresh', () => {
  it('brings a new pair, which counts from its receipt', async () => {
    expect(await stage.refresh()).toEqual({ kind: 'refreshed' })
    expect(Object.fromEntries(stage.server.asked[0] ?? [])).toEqual({
      grant_type: 'refresh_token',
      refresh_token: 'refresh-1',
      client_id: 'c',
    })
    expect(await stage.sealed()).toEqual({
      tokens: { ...tokens(2), receivedAt: stage.now, expiresAt: stage.now + hour },
      refreshes: 1,
      last: { at: stage.now, result: 'refreshed', failures: 0 },
    })
  })

  it('is noted in the record before the request, and the pair is saved before it is used', async () => {
    let noted: OAuth2Value | undefined
    stage.server.deed = async () => {
      noted = await stage.sealed()
      return { body: pair(2) }
    }
    await stage.refresh()
    expect(noted).toMatchObject({ attempt: { since: stage.now }, tokens: tokens(1) })
    expect(stage.saves.map(({ attempt, tokens }) => [attempt !== undefined, tokens?.accessToken])).toEqual([
      [true, 'access-1'],
      [false, 'access-2'],
    ])
  })

  it('keeps the refresh token and the scope of a server that sends no new ones', async () => {
    await stage.seal({ tokens: { ...tokens(1), scope: 'a b' } })
    stage.server.deed = () => ({ body: { access_token: 'access-2', token_type: 'bearer' } })
    await stage.refresh()
    expect((await stage.sealed()).tokens).toEqual({
      accessToken: 'access-2',
      refreshToken: 'refresh-1',
      scope: 'a b',
      receivedAt: stage.now,
    })
  })

  it('keeps the client secret, and forgets earlier failures', async () => {
    await stage.seal({
      tokens: tokens(1),
      clientSecret: 's',
      attempt: { since: begin },
      last: { at: begin, result: 'failed', failures: 7 },
    })
    await stage.refresh()
    expect(await stage.sealed()).toEqual({
      clientSecret: 's',
      tokens: { ...tokens(2), receivedAt: stage.now, expiresAt: stage.now + hour },
      refreshes: 1,
      last: { at: stage.now, result: 'refreshed', failures: 0 },
    })
  })

  it('asks for the resource that the tokens are for', async () => {
    stage.definition = { ...stage.definition, resource: 'https://api.test/' }
    await stage.refresh()
    expect(stage.server.asked[0]?.get('resource')).toBe('https://api.test/')
  })

  it('keeps a pair whose ID token looks expired by a wrong clock', async () => {
    const claims = { iss: new URL(stage.server.url).origin, aud: 'c', sub: 'u', iat: 1, exp: 2 }
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    stage.server.deed = () => ({
      body: pair(2, { id_token: `${part({ alg: 'RS256' })}.${part(claims)}.c2ln` }),
    })
    expect(await stage.refresh()).toEqual({ kind: 'refreshed' })
  })

  it('by a client in its own name needs no refresh token, and sends none', async () => {
    stage.definition = {
      ...stage.definition,
      flow: 'client-credentials',
      scopes: ['a', 'b'],
      audience: 'x',
      clientAuth: 'client_secret_post',
    }
    await stage.seal({ clientSecret: 's' })
    stage.server.deed = () => ({ body: { access_token: 'access-1', token_type: 'bearer', expires_in: 60 } })
    expect(await stage.refresh()).toEqual({ kind: 'refreshed' })
    expect(Object.fromEntries(stage.server.asked[0] ?? [])).toEqual({
      grant_type: 'client_credentials',
      client_id: 'c',
      client_secret: 's',
      scope: 'a b',
      audience: 'x',
    })
    stage.server.deed = () => 'reset'
    stage.now += hour
    expect(await stage.refresh()).toMatchObject({ kind: 'waiting' })
    expect(await stage.sealed()).not.toHaveProperty('attempt')
  })

  it('gives tokens and secrets to the scrubber of the log before they can be logged', async () => {
    await stage.seal({ tokens: tokens(1), clientSecret: 'secret-1' })
    let then: string[] = []
    stage.server.deed = () => {
      then = [...stage.scrubbed]
      return { status: 400, body: { error: 'invalid_request', error_description: 'no refresh-1' } }
    }
    await stage.refresh()
    expect(then).toEqual(['access-1', 'refresh-1', 'secret-1'])
    stage.now += hour
    stage.server.deed = () => ({ body: pair(2) })
    await stage.refresh()
    expect(stage.scrubbed).toEqual(expect.arrayContaining(['access-2', 'refresh-2']))
    expect(stage.lines.join()).not.toMatch(/access-|secret-1/)
  })
})

describe('one refresh', () => {
  it('serves all callers in one process', async () => {
    const outcomes = await Promise.all(Array.from({ length: 50 }, () => stage.refresh()))
    expect(stage.sent()).toEqual(['refresh-1'])
    expect(new Set(outcomes.map(({ kind }) => kind))).toEqual(new Set(['refreshed']))
  })

  it('serves all holders of the record, one after another', async () => {
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, () => stage.refresh({ because: 'expired' }, stage.process())),
    )
    expect(stage.sent()).toEqual(['refresh-1'])
    expect(outcomes.map(({ kind }) => kind).sort()).toEqual([...Array(19).fill('adopted'), 'refreshed'])
  })

  it.each<[string, RefreshReason]>([
    ['had run out', { because: 'expired' }],
    ['was due', { because: 'due' }],
    ['was rejected', rejected('access-1')],
    ['was to be refreshed by command', { because: 'asked' }],
  ])(
    'that was made meanwhile is taken over by who waited for the lock because the token %s',
    async (_, why) => {
      const free = Promise.withResolvers<void>()
      const held = stage.store.exclusive(id, async ({ save }) => {
        await free.promise
        const fresh = {
          tokens: { ...tokens(5), receivedAt: stage.now, expiresAt: stage.now + hour },
          refreshes: 1,
        }
        await save(fresh as unknown as Json)
      })
      const waiting = stage.refresh(why)
      await new Promise((resolve) => setTimeout(resolve, 20))
      free.resolve()
      await held
      expect(await waiting).toEqual({ kind: 'adopted' })
      expect(stage.sent()).toEqual([])
    },
  )

  it('is joined by a rejection of the old token, and followed by one for a rejection of the new', async () => {
    const first = stage.refresh()
    const second = stage.refresh(rejected('access-1'))
    const third = stage.refresh(rejected('access-2'))
    expect(await Promise.all([first, second, third])).toEqual(Array(3).fill({ kind: 'refreshed' }))
    expect(stage.sent()).toEqual(['refresh-1', 'refresh-2'])
  })

  it('is not made for a token that is not due, has not expired, or was not rejected', async () => {
    stage.now = begin
    expect(await stage.refresh({ because: 'due' })).toEqual({ kind: 'adopted' })
    expect(await stage.refresh({ because: 'expired' })).toEqual({ kind: 'adopted' })
    expect(await stage.refresh(rejected('access-0'))).toEqual({ kind: 'adopted' })
    expect(stage.sent()).toEqual([])
    expect(await stage.refresh({ because: 'asked' })).toEqual({ kind: 'refreshed' })
    expect(await stage.refresh(rejected('access-2'))).toEqual({ kind: 'refreshed' })
  })
})

describe('a credential that cannot be refreshed', () => {
  it.each<[string, Partial<OAuth2Definition>, Partial<OAuth2Value>]>([
    ['without a refresh token', {}, { tokens: { ...tokens(1), refreshToken: undefined } }],
    ['without a client id', { clientId: undefined }, { tokens: tokens(1) }],
    ['of another tool', { tokenFile: '/t', tokenEndpoint: undefined }, { tokens: tokens(1) }],
    [
      'of a provider that nobody knows',
      { provider: 'nobody', tokenEndpoint: undefined },
      { tokens: tokens(1) },
    ],
    ['before any login', {}, {}],
  ])('%s says so, without a request or a write', async (_, more, value) => {
    stage.definition = { ...stage.definition, ...more }
    await stage.seal(value)
    expect(await stage.refresh()).toMatchObject({ kind: 'not-refreshable', reason: expect.any(String) })
    expect([stage.sent(), stage.saves]).toEqual([[], []])
  })
})

it('is settled when no refresh is under way', async () => {
  const free = Promise.withResolvers<void>()
  stage.server.deed = async () => {
    await free.promise
    return { body: pair(2) }
  }
  const refreshing = stage.refresh()
  await stage.server.came(1)
  let settled = false
  const settling = stage.refresher.settled().then(() => {
    settled = true
  })
  await new Promise((resolve) => setTimeout(resolve, 10))
  expect(settled).toBe(false)
  free.resolve()
  await settling
  expect((await stage.sealed()).tokens?.accessToken).toBe('access-2')
  await refreshing
})
