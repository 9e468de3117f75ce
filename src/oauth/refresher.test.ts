import { beforeEach, describe, expect, it } from 'vitest'
import { loopbackFetch, pair, startTokenServer, type TokenServer } from '../../test/support/token-server.ts'
import type { OAuth2Definition, OAuth2Value } from '../credentials/oauth2.ts'
import { HallpassError } from '../errors.ts'
import { type Log, silentLog } from '../log.ts'
import { Secret } from '../secret.ts'
import { MemoryStore } from '../store/memory.ts'
import type { Json } from '../store/store.ts'
import {
  type HeldTokens,
  Refresher,
  type RefreshOutcome,
  type RefreshReason,
  type TokenRecord,
} from './refresher.ts'

const id = { kind: 'credential', session: 'default', name: 'api' } as const
const begin = Date.UTC(2026, 0, 1)
const hour = 3_600_000

let server: TokenServer
let store: MemoryStore
let now: number
let definition: OAuth2Definition
let lines: string[]
let scrubbed: string[]
let saves: OAuth2Value[]
let diskFull: boolean

/** A record of the store, as the refresher sees it. Several of them stand for several processes. */
const record = (): TokenRecord => ({
  read: async () => (await store.read(id))?.value as unknown as OAuth2Value | undefined,
  exclusive: (work) =>
    store.exclusive(id, async ({ value, save }) => {
      const saving = async (next: OAuth2Value) => {
        if (diskFull) throw new HallpassError('not-saved', 'ENOSPC')
        saves.push(next)
        await save(JSON.parse(JSON.stringify(next)) as Json)
      }
      const held: HeldTokens = {
        value: value as unknown as OAuth2Value,
        unsaved: false,
        save: saving,
        keep: (next) =>
          saving(next).then(
            () => 'saved',
            () => 'kept',
          ),
      }
      return work(held)
    }),
})
const process = (deadlineMs?: number) => {
  const say = (message: string, fields?: unknown) => void lines.push(`${message} ${JSON.stringify(fields)}`)
  const log: Log = {
    ...silentLog,
    info: say,
    warn: say,
    error: say,
    scrub: (secret) => void scrubbed.push(secret.reveal()),
  }
  return new Refresher({ fetch: loopbackFetch(deadlineMs), now: () => now, log })
}
let refresher: Refresher
const refresh = (why: RefreshReason = { because: 'expired' }, by = refresher): Promise<RefreshOutcome> =>
  by.refresh(
    { id: 'one/api', label: 'default/api', ended: new AbortController().signal },
    record(),
    definition,
    why,
  )
const rejected = (token: string): RefreshReason => ({ because: 'rejected', accessToken: new Secret(token) })
const sealed = async () => (await store.read(id))?.value as unknown as OAuth2Value
const seal = (value: Partial<OAuth2Value>) =>
  store.update(id, () => ({ refreshes: 0, ...value }) as unknown as Json)
const tokens = (number: number) => ({
  accessToken: `access-${number}`,
  refreshToken: `refresh-${number}`,
  receivedAt: begin,
  expiresAt: begin + hour,
})
const sent = () => server.asked.map((form) => form.get('refresh_token'))

beforeEach(async () => {
  server = await startTokenServer()
  store = new MemoryStore()
  await store.addSession({ name: 'default', id: 'one', createdAt: '' })
  now = begin + hour
  definition = { kind: 'oauth2', tokenEndpoint: server.url, clientId: 'c', clientAuth: 'none' }
  lines = []
  scrubbed = []
  saves = []
  diskFull = false
  refresher = process()
  await seal({ tokens: tokens(1) })
})

describe('a refresh', () => {
  it('brings a new pair, which counts from its receipt', async () => {
    expect(await refresh()).toEqual({ kind: 'refreshed' })
    expect(Object.fromEntries(server.asked[0] ?? [])).toEqual({
      grant_type: 'refresh_token',
      refresh_token: 'refresh-1',
      client_id: 'c',
    })
    expect(await sealed()).toEqual({
      tokens: { ...tokens(2), receivedAt: now, expiresAt: now + hour },
      refreshes: 1,
      last: { at: now, result: 'refreshed', failures: 0 },
    })
  })

  it('is noted in the record before the request, and the pair is saved before it is used', async () => {
    let noted: OAuth2Value | undefined
    server.deed = async () => {
      noted = await sealed()
      return { body: pair(2) }
    }
    await refresh()
    expect(noted).toMatchObject({ attempt: { since: now }, tokens: tokens(1) })
    expect(saves.map(({ attempt, tokens }) => [attempt !== undefined, tokens?.accessToken])).toEqual([
      [true, 'access-1'],
      [false, 'access-2'],
    ])
  })

  it('keeps the refresh token and the scope of a server that sends no new ones', async () => {
    await seal({ tokens: { ...tokens(1), scope: 'a b' } })
    server.deed = () => ({ body: { access_token: 'access-2', token_type: 'bearer' } })
    await refresh()
    expect((await sealed()).tokens).toEqual({
      accessToken: 'access-2',
      refreshToken: 'refresh-1',
      scope: 'a b',
      receivedAt: now,
    })
  })

  it('keeps the client secret, and forgets earlier failures', async () => {
    await seal({
      tokens: tokens(1),
      clientSecret: 's',
      attempt: { since: begin },
      last: { at: begin, result: 'failed', failures: 7 },
    })
    await refresh()
    expect(await sealed()).toEqual({
      clientSecret: 's',
      tokens: { ...tokens(2), receivedAt: now, expiresAt: now + hour },
      refreshes: 1,
      last: { at: now, result: 'refreshed', failures: 0 },
    })
  })

  it('asks for the resource that the tokens are for', async () => {
    definition = { ...definition, resource: 'https://api.test/' }
    await refresh()
    expect(server.asked[0]?.get('resource')).toBe('https://api.test/')
  })

  it('keeps a pair whose ID token looks expired by a wrong clock', async () => {
    const claims = { iss: new URL(server.url).origin, aud: 'c', sub: 'u', iat: 1, exp: 2 }
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    server.deed = () => ({ body: pair(2, { id_token: `${part({ alg: 'RS256' })}.${part(claims)}.c2ln` }) })
    expect(await refresh()).toEqual({ kind: 'refreshed' })
  })

  it('by a client in its own name needs no refresh token, and sends none', async () => {
    definition = {
      ...definition,
      flow: 'client-credentials',
      scopes: ['a', 'b'],
      audience: 'x',
      clientAuth: 'client_secret_post',
    }
    await seal({ clientSecret: 's' })
    server.deed = () => ({ body: { access_token: 'access-1', token_type: 'bearer', expires_in: 60 } })
    expect(await refresh()).toEqual({ kind: 'refreshed' })
    expect(Object.fromEntries(server.asked[0] ?? [])).toEqual({
      grant_type: 'client_credentials',
      client_id: 'c',
      client_secret: 's',
      scope: 'a b',
      audience: 'x',
    })
    server.deed = () => 'reset'
    now += hour
    expect(await refresh()).toMatchObject({ kind: 'waiting' })
    expect(await sealed()).not.toHaveProperty('attempt')
  })

  it('gives tokens and secrets to the scrubber of the log before they can be logged', async () => {
    await seal({ tokens: tokens(1), clientSecret: 'secret-1' })
    let then: string[] = []
    server.deed = () => {
      then = [...scrubbed]
      return { status: 400, body: { error: 'invalid_request', error_description: 'no refresh-1' } }
    }
    await refresh()
    expect(then).toEqual(['access-1', 'refresh-1', 'secret-1'])
    now += hour
    server.deed = () => ({ body: pair(2) })
    await refresh()
    expect(scrubbed).toEqual(expect.arrayContaining(['access-2', 'refresh-2']))
    expect(lines.join()).not.toMatch(/access-|secret-1/)
  })
})

describe('one refresh', () => {
  it('serves all callers in one process', async () => {
    const outcomes = await Promise.all(Array.from({ length: 50 }, () => refresh()))
    expect(sent()).toEqual(['refresh-1'])
    expect(new Set(outcomes.map(({ kind }) => kind))).toEqual(new Set(['refreshed']))
  })

  it('serves all holders of the record, one after another', async () => {
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, () => refresh({ because: 'expired' }, process())),
    )
    expect(sent()).toEqual(['refresh-1'])
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
      const held = store.exclusive(id, async ({ save }) => {
        await free.promise
        const fresh = { tokens: { ...tokens(5), receivedAt: now, expiresAt: now + hour }, refreshes: 1 }
        await save(fresh as unknown as Json)
      })
      const waiting = refresh(why)
      await new Promise((resolve) => setTimeout(resolve, 20))
      free.resolve()
      await held
      expect(await waiting).toEqual({ kind: 'adopted' })
      expect(sent()).toEqual([])
    },
  )

  it('is joined by a rejection of the old token, and followed by one for a rejection of the new', async () => {
    const first = refresh()
    const second = refresh(rejected('access-1'))
    const third = refresh(rejected('access-2'))
    expect(await Promise.all([first, second, third])).toEqual(Array(3).fill({ kind: 'refreshed' }))
    expect(sent()).toEqual(['refresh-1', 'refresh-2'])
  })

  it('is not made for a token that is not due, has not expired, or was not rejected', async () => {
    now = begin
    expect(await refresh({ because: 'due' })).toEqual({ kind: 'adopted' })
    expect(await refresh({ because: 'expired' })).toEqual({ kind: 'adopted' })
    expect(await refresh(rejected('access-0'))).toEqual({ kind: 'adopted' })
    expect(sent()).toEqual([])
    expect(await refresh({ because: 'asked' })).toEqual({ kind: 'refreshed' })
    expect(await refresh(rejected('access-2'))).toEqual({ kind: 'refreshed' })
  })
})

describe('invalid_grant', () => {
  beforeEach(() => {
    server.deed = () => ({ status: 400, body: { error: 'invalid_grant', error_description: 'used' } })
  })

  it('means that only a login helps. The tokens stay, and nobody asks again', async () => {
    expect(await refresh()).toEqual({ kind: 'needs-login', reason: 'invalid_grant (used)' })
    expect(await sealed()).toEqual({
      tokens: tokens(1),
      refreshes: 0,
      needsLogin: { since: now, reason: 'invalid_grant (used)' },
      last: { at: now, result: 'needs-login', reason: 'invalid_grant (used)', failures: 0 },
    })
    now += hour
    for (const why of [{ because: 'expired' }, { because: 'asked' }, rejected('access-1')] as const)
      expect(await refresh(why, process())).toMatchObject({ kind: 'needs-login' })
    expect(sent()).toEqual(['refresh-1'])
    expect(lines.join()).toContain('needs login')
  })

  it('does not count beside a newer pair that somebody saved', async () => {
    server.deed = async () => {
      // Past the lock, as on a file system that has none.
      const value = { tokens: tokens(7), refreshes: 1 } as unknown as Json
      Object.assign(store, { read: async () => ({ version: 9, value }) })
      return { status: 400, body: { error: 'invalid_grant' } }
    }
    expect(await refresh()).toEqual({ kind: 'adopted' })
    expect(saves.at(-1)).not.toHaveProperty('needsLogin')
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
    server.deed = deed
    const outcome = await refresh()
    expect(outcome).toMatchObject({
      kind: 'waiting',
      retryAt: expect.any(Number),
      reason: expect.any(String),
    })
    const value = await sealed()
    expect(value).toMatchObject({ tokens: tokens(1), last: { result: 'failed', failures: 1 } })
    expect(value).not.toHaveProperty('attempt')
    for (const why of [{ because: 'expired' }, { because: 'asked' }, rejected('access-1')] as const)
      expect(await refresh(why, process())).toEqual(outcome)
    expect(sent()).toEqual(['refresh-1'])

    now = outcome.kind === 'waiting' ? outcome.retryAt : now
    const second = await refresh()
    expect((await sealed()).last).toMatchObject({ failures: 2 })
    server.deed = () => ({ body: pair(2) })
    now = second.kind === 'waiting' ? second.retryAt : now
    expect(await refresh()).toEqual({ kind: 'refreshed' })
    expect((await sealed()).last).toMatchObject({ failures: 0 })
  })
})

describe('refusals in unknown words', () => {
  const refusal = { status: 400, body: { code: 'E17', message: 'no' } }
  /** Refreshes at the time of each next try. */
  const fail = async (times: number) => {
    for (let n = 0; n < times; n++) {
      await refresh()
      now = (await sealed()).last?.retryAt ?? now
    }
  }

  it('mean a login after the third, and the server is still asked at the times of the back-off', async () => {
    server.deed = () => refusal
    await fail(2)
    expect(await sealed()).not.toHaveProperty('needsLogin')
    expect(await refresh()).toEqual({ kind: 'needs-login', reason: 'E17 (no)' })
    expect(await sealed()).toMatchObject({ needsLogin: { since: now, reason: 'E17 (no)' } })
    expect(await refresh({ because: 'asked' }, process())).toMatchObject({ kind: 'needs-login' })
    expect(sent()).toHaveLength(3)

    now = (await sealed()).last?.retryAt ?? now
    server.deed = () => ({ body: pair(2) })
    expect(await refresh()).toEqual({ kind: 'refreshed' })
    expect(await sealed()).not.toHaveProperty('needsLogin')
  })

  it('mean no login while the access token lives', async () => {
    now = begin + 60_000
    server.deed = () => refusal
    for (let n = 0; n < 4; n++) {
      expect(await refresh({ because: 'asked' })).toMatchObject({ kind: 'waiting' })
      now = (await sealed()).last?.retryAt ?? now
    }
    expect(await sealed()).not.toHaveProperty('needsLogin')
  })

  it.each<[string, TokenServer['deed']]>([
    ['429', () => ({ status: 429, body: { error: 'x' } })],
    ['408', () => ({ status: 408, body: { error: 'x' } })],
    ['503', () => ({ status: 503, body: { error: 'x' } })],
    ['temporarily_unavailable', () => ({ status: 400, body: { error: 'temporarily_unavailable' } })],
  ])('are not %s', async (_, deed) => {
    server.deed = deed
    await fail(4)
    expect(await refresh()).toMatchObject({ kind: 'waiting' })
    expect(await sealed()).not.toHaveProperty('needsLogin')
  })
})

describe.each(unknown)('%s, after which nobody knows whether the refresh token was used', (_, deed) => {
  beforeEach(() => {
    server.deed = deed
    refresher = process(200)
    now = begin + hour - 200_000
  })

  it('is left alone while the access token holds, then tried once more', async () => {
    expect(await refresh({ because: 'due' })).toMatchObject({ kind: 'waiting' })
    expect(await sealed()).toMatchObject({
      tokens: tokens(1),
      attempt: { since: now },
      last: { failures: 1 },
    })
    now += 100_000 // longer than any wait after one failure
    for (const why of [{ because: 'due' }, { because: 'asked' }] as const)
      expect(await refresh(why, process())).toMatchObject({ kind: 'waiting', retryAt: begin + hour })
    expect(sent()).toEqual(['refresh-1'])

    server.deed = () => ({ status: 400, body: { error: 'invalid_grant' } })
    now = begin + hour
    expect(await refresh()).toMatchObject({ kind: 'needs-login' })
    expect(await sealed()).toMatchObject({ tokens: tokens(1) })
  })

  it('is tried once more when an origin rejects the access token', async () => {
    await refresh({ because: 'due' })
    now += 100_000
    server.deed = () => ({ body: pair(2) })
    expect(await refresh(rejected('access-1'))).toEqual({ kind: 'refreshed' })
    expect(await sealed()).not.toHaveProperty('attempt')
  })
})

it('an unknown fate stays unknown after an answer that does not settle it', async () => {
  await seal({ tokens: tokens(1), attempt: { since: begin } })
  server.deed = () => ({ status: 503, body: '' })
  await refresh()
  expect(await sealed()).toMatchObject({ attempt: { since: begin } })
})

describe('a server that cannot be reached', () => {
  it('does not have the refresh token', async () => {
    await server.close()
    expect(await refresh()).toMatchObject({ kind: 'waiting', reason: expect.stringMatching(/refused/) })
    expect(await sealed()).toMatchObject({ tokens: tokens(1), last: { failures: 1 } })
    expect(await sealed()).not.toHaveProperty('attempt')
  })

  it('during discovery leads to the same wait', async () => {
    const { origin } = new URL(server.url)
    await server.close()
    definition = { kind: 'oauth2', issuer: origin, clientId: 'c' }
    expect(await refresh()).toMatchObject({ kind: 'waiting' })
    expect(saves.map(({ attempt, last }) => [attempt, last?.failures])).toEqual([[undefined, 1]])
  })
})

it('obeys Retry-After', async () => {
  server.deed = () => ({ status: 429, headers: { 'retry-after': '600' }, body: {} })
  expect(await refresh()).toMatchObject({ kind: 'waiting', retryAt: now + 600_000 })
  now += 599_999
  expect(await refresh()).toMatchObject({ kind: 'waiting' })
  expect(sent()).toHaveLength(1)
})

it('waits no longer when the clock was set back', async () => {
  server.deed = () => ({ status: 503, body: '' })
  await refresh({ because: 'asked' })
  now -= 30 * 60_000
  server.deed = () => ({ body: pair(2) })
  expect(await refresh({ because: 'asked' })).toEqual({ kind: 'refreshed' })
})

describe('a full disk', () => {
  it('that cannot take the note stops the refresh, and the next try comes after a wait', async () => {
    diskFull = true
    const outcome = await refresh()
    expect(outcome).toMatchObject({ kind: 'waiting', reason: 'ENOSPC' })
    expect(sent()).toEqual([])
    diskFull = false
    expect(await refresh()).toEqual(outcome)
    now = outcome.kind === 'waiting' ? outcome.retryAt : now
    expect(await refresh()).toEqual({ kind: 'refreshed' })
  })

  it('that cannot take the pair leaves it in memory, and the log says so', async () => {
    server.deed = () => {
      diskFull = true
      return { body: pair(2) }
    }
    expect(await refresh()).toEqual({ kind: 'refreshed' })
    expect(lines.join()).toContain('could not be saved')
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
    definition = { ...definition, ...more }
    await seal(value)
    expect(await refresh()).toMatchObject({ kind: 'not-refreshable', reason: expect.any(String) })
    expect([sent(), saves]).toEqual([[], []])
  })
})

it('is settled when no refresh is under way', async () => {
  const free = Promise.withResolvers<void>()
  server.deed = async () => {
    await free.promise
    return { body: pair(2) }
  }
  const refreshing = refresh()
  await server.came(1)
  let settled = false
  const settling = refresher.settled().then(() => {
    settled = true
  })
  await new Promise((resolve) => setTimeout(resolve, 10))
  expect(settled).toBe(false)
  free.resolve()
  await settling
  expect((await sealed()).tokens?.accessToken).toBe('access-2')
  await refreshing
})
