import { beforeEach, describe, expect, it } from 'vitest'
import { begin, hour, RefresherStage, rejected, tokens } from '../../test/support/refresher-stage.ts'
import { pair, type TokenServer } from '../../test/support/token-server.ts'
import type { Json } from '../store/store.ts'

let stage: RefresherStage
beforeEach(async () => {
  stage = await RefresherStage.set()
})

describe('invalid_grant', () => {
  beforeEach(() => {
    stage.server.deed = () => ({ status: 400, body: { error: 'invalid_grant', error_description: 'used' } })
  })

  it('means that only a login helps. The tokens stay, and nobody asks again', async () => {
    expect(await stage.refresh()).toEqual({ kind: 'needs-login', reason: 'invalid_grant (used)' })
    expect(await stage.sealed()).toEqual({
      tokens: tokens(1),
      refreshes: 0,
      needsLogin: { since: stage.now, reason: 'invalid_grant (used)' },
      last: { at: stage.now, result: 'needs-login', reason: 'invalid_grant (used)', failures: 0 },
    })
    stage.now += hour
    for (const why of [{ because: 'expired' }, { because: 'asked' }, rejected('access-1')] as const)
      expect(await stage.refresh(why, stage.process())).toMatchObject({ kind: 'needs-login' })
    expect(stage.sent()).toEqual(['refresh-1'])
    expect(stage.lines.join()).toContain('needs login')
  })

  it('does not count beside a newer pair that somebody saved', async () => {
    stage.server.deed = async () => {
      // Past the lock, as on a file system that has none.
      const value = { tokens: tokens(7), refreshes: 1 } as unknown as Json
      Object.assign(stage.store, { read: async () => ({ version: 9, value }) })
      return { status: 400, body: { error: 'invalid_grant' } }
    }
    expect(await stage.refresh()).toEqual({ kind: 'adopted' })
    expect(stage.saves.at(-1)).not.toHaveProperty('needsLogin')
  })
})

type Trouble = readonly [string, TokenServer['deed']]
const notUsed: readonly Trouble[] = [
  ['429', () => ({ status: 429, body: {} })],
  ['503', () => ({ status: 503, body: 'later' })],
  ['invalid_client', () => ({ status: 401, body: { error: 'invalid_client' } })],
  ['invalid_request', () => ({ status: 400, body: { error: 'invalid_request' } })],
  ['403 of a firewall', () => ({ status: 403, headers: { 'content-type': 'text/html' }, body: '<p>' })],
  ['a redirect', () => ({ status: 302, headers: { location: 'https://elsewhere.test/' }, body: '' })],
]
const unknown: readonly Trouble[] = [
  ['500', () => ({ status: 500, body: { error: 'server_error' } })],
  ['502', () => ({ status: 502, headers: { 'content-type': 'text/html' }, body: '<p>' })],
  ['a reset', () => 'reset'],
  ['silence', () => 'silence'],
  ['HTML', () => ({ headers: { 'content-type': 'text/html' }, body: '<p>' })],
  ['half of its JSON', () => ({ body: '{"access_token":"a' })],
  ['no token', () => ({ body: {} })],
  ['tokens of another type', () => ({ body: pair(2, { token_type: 'mac' }) })],
  ['tokens of a type that nobody here can use', () => ({ body: pair(2, { token_type: 'dpop' }) })],
  ['an access token that breaks the header line', () => ({ body: pair(2, { access_token: 'a\r\nb: c' }) })],
]

describe.each(notUsed)('%s, which does not use the refresh token', (_, deed) => {
  it('changes no token, and the next try comes after a wait, also in other processes', async () => {
    stage.server.deed = deed
    const outcome = await stage.refresh()
    expect(outcome).toMatchObject({
      kind: 'waiting',
      retryAt: expect.any(Number),
      reason: expect.any(String),
    })
    const value = await stage.sealed()
    expect(value).toMatchObject({ tokens: tokens(1), last: { result: 'failed', failures: 1 } })
    expect(value).not.toHaveProperty('attempt')
    for (const why of [{ because: 'expired' }, { because: 'asked' }, rejected('access-1')] as const)
      expect(await stage.refresh(why, stage.process())).toEqual(outcome)
    expect(stage.sent()).toEqual(['refresh-1'])

    stage.now = outcome.kind === 'waiting' ? outcome.retryAt : stage.now
    const second = await stage.refresh()
    expect((await stage.sealed()).last).toMatchObject({ failures: 2 })
    stage.server.deed = () => ({ body: pair(2) })
    stage.now = second.kind === 'waiting' ? second.retryAt : stage.now
    expect(await stage.refresh()).toEqual({ kind: 'refreshed' })
    expect((await stage.sealed()).last).toMatchObject({ failures: 0 })
  })
})

describe('refusals in unknown words', () => {
  const refusal = { status: 400, body: { code: 'E17', message: 'no' } }
  /** Refreshes at the time of each next try. */
  const fail = async (times: number) => {
    for (let n = 0; n < times; n++) {
      await stage.refresh()
      stage.now = (await stage.sealed()).last?.retryAt ?? stage.now
    }
  }

  it('mean a login after the third, and the server is still asked at the times of the back-off', async () => {
    stage.server.deed = () => refusal
    await fail(2)
    expect(await stage.sealed()).not.toHaveProperty('needsLogin')
    expect(await stage.refresh()).toEqual({ kind: 'needs-login', reason: 'E17 (no)' })
    expect(await stage.sealed()).toMatchObject({ needsLogin: { since: stage.now, reason: 'E17 (no)' } })
    expect(await stage.refresh({ because: 'asked' }, stage.process())).toMatchObject({ kind: 'needs-login' })
    expect(stage.sent()).toHaveLength(3)

    stage.now = (await stage.sealed()).last?.retryAt ?? stage.now
    stage.server.deed = () => ({ body: pair(2) })
    expect(await stage.refresh()).toEqual({ kind: 'refreshed' })
    expect(await stage.sealed()).not.toHaveProperty('needsLogin')
  })

  it('are counted apart from failures of other kinds', async () => {
    const busy = { status: 503, body: '' }
    for (const deed of [busy, busy, refusal, refusal, busy]) {
      stage.server.deed = () => deed
      await fail(1)
      expect(await stage.sealed()).not.toHaveProperty('needsLogin')
    }
    stage.server.deed = () => refusal
    expect(await stage.refresh()).toMatchObject({ kind: 'needs-login' })
    expect(await stage.sealed()).toMatchObject({ last: { failures: 6, refusals: 3 } })
  })

  it('mean no login while the access token lives', async () => {
    stage.now = begin + 60_000
    stage.server.deed = () => refusal
    for (let n = 0; n < 4; n++) {
      expect(await stage.refresh({ because: 'asked' })).toMatchObject({ kind: 'waiting' })
      stage.now = (await stage.sealed()).last?.retryAt ?? stage.now
    }
    expect(await stage.sealed()).not.toHaveProperty('needsLogin')
  })

  it.each<[string, TokenServer['deed']]>([
    ['429', () => ({ status: 429, body: { error: 'x' } })],
    ['408', () => ({ status: 408, body: { error: 'x' } })],
    ['503', () => ({ status: 503, body: { error: 'x' } })],
    ['temporarily_unavailable', () => ({ status: 400, body: { error: 'temporarily_unavailable' } })],
  ])('are not %s', async (_, deed) => {
    stage.server.deed = deed
    await fail(4)
    expect(await stage.refresh()).toMatchObject({ kind: 'waiting' })
    expect(await stage.sealed()).not.toHaveProperty('needsLogin')
  })
})

describe.each(unknown)('%s, after which nobody knows whether the refresh token was used', (_, deed) => {
  beforeEach(() => {
    stage.server.deed = deed
    stage.refresher = stage.process(200)
    stage.now = begin + hour - 200_000
  })

  it('is left alone while the access token holds, then tried once more', async () => {
    expect(await stage.refresh({ because: 'due' })).toMatchObject({ kind: 'waiting' })
    expect(await stage.sealed()).toMatchObject({
      tokens: tokens(1),
      attempt: { since: stage.now },
      last: { failures: 1 },
    })
    stage.now += 100_000 // longer than any wait after one failure
    for (const why of [{ because: 'due' }, { because: 'asked' }] as const)
      expect(await stage.refresh(why, stage.process())).toMatchObject({
        kind: 'waiting',
        retryAt: begin + hour,
      })
    expect(stage.sent()).toEqual(['refresh-1'])

    stage.server.deed = () => ({ status: 400, body: { error: 'invalid_grant' } })
    stage.now = begin + hour
    expect(await stage.refresh()).toMatchObject({ kind: 'needs-login' })
    expect(await stage.sealed()).toMatchObject({ tokens: tokens(1) })
  })

  it('is tried once more when an origin rejects the access token', async () => {
    await stage.refresh({ because: 'due' })
    stage.now += 100_000
    stage.server.deed = () => ({ body: pair(2) })
    expect(await stage.refresh(rejected('access-1'))).toEqual({ kind: 'refreshed' })
    expect(await stage.sealed()).not.toHaveProperty('attempt')
  })
})

it('an unknown fate stays unknown after an answer that does not settle it', async () => {
  await stage.seal({ tokens: tokens(1), attempt: { since: begin } })
  stage.server.deed = () => ({ status: 503, body: '' })
  await stage.refresh()
  expect(await stage.sealed()).toMatchObject({ attempt: { since: begin } })
})

describe('a server that cannot be reached', () => {
  it('does not have the refresh token', async () => {
    await stage.server.close()
    expect(await stage.refresh()).toMatchObject({ kind: 'waiting', reason: expect.stringMatching(/refused/) })
    expect(await stage.sealed()).toMatchObject({ tokens: tokens(1), last: { failures: 1 } })
    expect(await stage.sealed()).not.toHaveProperty('attempt')
  })

  it('during discovery leads to the same wait', async () => {
    const { origin } = new URL(stage.server.url)
    await stage.server.close()
    stage.definition = { kind: 'oauth2', issuer: origin, clientId: 'c' }
    expect(await stage.refresh()).toMatchObject({ kind: 'waiting' })
    expect(stage.saves.map(({ attempt, last }) => [attempt, last?.failures])).toEqual([[undefined, 1]])
  })
})

it('obeys Retry-After', async () => {
  stage.server.deed = () => ({ status: 429, headers: { 'retry-after': '600' }, body: {} })
  expect(await stage.refresh()).toMatchObject({ kind: 'waiting', retryAt: stage.now + 600_000 })
  stage.now += 599_999
  expect(await stage.refresh()).toMatchObject({ kind: 'waiting' })
  expect(stage.sent()).toHaveLength(1)
})

it('waits no longer when the clock was set back', async () => {
  stage.server.deed = () => ({ status: 503, body: '' })
  await stage.refresh({ because: 'asked' })
  stage.now -= 30 * 60_000
  stage.server.deed = () => ({ body: pair(2) })
  expect(await stage.refresh({ because: 'asked' })).toEqual({ kind: 'refreshed' })
})

describe('a full disk', () => {
  it('that cannot take the note stops the refresh, and the next try comes after a wait', async () => {
    stage.store.full = true
    const outcome = await stage.refresh()
    expect(outcome).toMatchObject({ kind: 'waiting', reason: 'ENOSPC' })
    expect(stage.sent()).toEqual([])
    stage.store.full = false
    expect(await stage.refresh()).toEqual(outcome)
    stage.now = outcome.kind === 'waiting' ? outcome.retryAt : stage.now
    expect(await stage.refresh()).toEqual({ kind: 'refreshed' })
  })

  it('that cannot take the pair leaves it in memory, and the log says so', async () => {
    stage.server.deed = () => {
      stage.store.full = true
      return { body: pair(2) }
    }
    expect(await stage.refresh()).toEqual({ kind: 'refreshed' })
    expect(stage.lines.join()).toContain('could not be saved')
  })
})
