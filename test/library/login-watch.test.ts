import { expect, it } from 'vitest'
import { LoginChecks } from '../../src/library/login-checks.ts'
import { LoginWatch } from '../../src/library/login-watch.ts'
import { silentLog } from '../../src/log.ts'
import type { Probe } from '../../src/plan/probe.ts'
import { Sessions } from '../../src/sessions/sessions.ts'
import { withSign } from '../../src/sessions/site-health.ts'
import { MemoryStore } from '../../src/store/memory.ts'

const minute = 60_000

/** A session with a cookie of a site whose probe is counted. */
async function stage(
  probe: Probe,
  { ttl, dice = 0 }: { readonly ttl?: number; readonly dice?: number } = {},
) {
  let now = Date.parse('2026-11-30T12:00:00Z')
  const asked: string[] = []
  const answers = { status: 200 }
  const config = { rules: [], reveal: 'script', capture: [], intercept: 'known' } as const
  const sessions = new Sessions({ store: new MemoryStore(), config, now: () => now })
  const session = await sessions.create({ name: 'work', ...(ttl !== undefined && { ttlSeconds: ttl }) })
  await session.cookies.set('https://app.site.test/', { name: 'sid', value: '1' })
  const checks = new LoginChecks({
    probes: () => new Map([['app.site.test', probe]]),
    fetchWith: (options) => async (url) => {
      asked.push(`${options.session} ${options.only} ${url}`)
      return new Response('', answers)
    },
    now: () => now,
  })
  const warnings: string[] = []
  const log = { ...silentLog, warn: (text: string) => void warnings.push(text) }
  const parts = { sessions, checks, warnDays: () => 7, log, now: () => now, random: () => dice }
  const watch = new LoginWatch(parts)
  return {
    asked,
    answers,
    warnings,
    session,
    checks,
    parts,
    watch,
    later: (ms: number) => {
      now += ms
    },
    look: async (other = watch) => {
      await other.look()
      await other.settled()
    },
    doubt: () => {
      const host = session.health.host('app.site.test')
      if (host === undefined) throw new Error('no host')
      const sign = { reason: 'app.site.test answered 401 with the cookies', url: 'https://app.site.test/' }
      session.health.change(host, (before) => withSign(before, sign, now))
    },
    [Symbol.asyncDispose]: () => watch.stop(),
  }
}

it('asks as often as the configuration says, and no more often', async () => {
  await using s = await stage({ every: '10m' })
  await s.look()
  await s.look()
  expect(s.asked).toEqual(['work app.site.test https://app.site.test/'])
  s.later(10 * minute - 1)
  await s.look()
  expect(s.asked).toHaveLength(1)
  s.later(1)
  await s.look()
  expect(s.asked).toHaveLength(2)
})

it('asks later by a random part', async () => {
  await using s = await stage({ every: '10m' }, { dice: 0.5 })
  await s.look()
  s.later(10.5 * minute - 1)
  await s.look()
  expect(s.asked).toHaveLength(1)
  s.later(1)
  await s.look()
  expect(s.asked).toHaveLength(2)
})

it('does not ask again soon after another process did', async () => {
  await using s = await stage({ every: '10m' })
  await s.checks.check(s.session, 'site.test')
  s.later(9 * minute)
  await using other = { watch: new LoginWatch(s.parts), [Symbol.asyncDispose]: () => other.watch.stop() }
  await s.look(other.watch)
  expect(s.asked).toHaveLength(1)
})

it('asks by itself only where the configuration says so, and never for a session that ends: a probe would renew its life', async () => {
  for (const s of [await stage({}), await stage({ every: '10m' }, { ttl: 3600 })]) {
    await s.look()
    expect(s.asked).toEqual([])
    await s.watch.stop()
  }
})

it('asks at once when a login is in doubt, and at most once a minute', async () => {
  await using s = await stage({})
  s.answers.status = 401
  s.doubt()
  await s.watch.settled()
  expect(s.asked).toHaveLength(1)
  expect(await s.session.health.read('site.test')).toMatchObject({
    state: 'needs-login',
    reason: 'app.site.test answered its probe with 401',
    url: 'https://app.site.test/',
  })
  await s.session.health.update('site.test', () => ({ state: 'suspect' }))
  await s.look()
  expect(s.asked).toHaveLength(1)
  s.later(minute)
  s.answers.status = 200
  await s.look()
  expect(s.asked).toHaveLength(2)
  expect((await s.session.health.read('site.test')).state).toBe('ok')
})

it('does not believe a sign right after a probe found the login alive', async () => {
  await using s = await stage({})
  s.doubt()
  await s.watch.settled()
  expect((await s.session.health.read('site.test')).state).toBe('ok')
  s.doubt()
  await s.watch.settled()
  expect((await s.session.health.read('site.test')).state).toBe('ok')
  expect(s.asked).toHaveLength(1)
})

it('keeps the state when the site is broken', async () => {
  await using s = await stage({})
  s.answers.status = 503
  s.doubt()
  await s.watch.settled()
  expect((await s.session.health.read('site.test')).state).toBe('suspect')
})

it('finds a login dead without a request when all its cookies have expired', async () => {
  await using s = await stage({})
  await s.session.cookies.remove('site.test', 'sid')
  expect(await s.checks.sites(s.session)).toEqual([])
  await s.session.cookies.set('https://app.site.test/', { name: 'sid', value: '1', maxAgeSeconds: 60 })
  s.later(minute)
  expect(await s.checks.sites(s.session)).toEqual(['site.test'])
  expect((await s.checks.check(s.session, 'site.test'))?.verdict).toEqual({
    kind: 'dead',
    reason: 'the session has nothing that goes to app.site.test any more',
  })
  expect(s.asked).toEqual([])
})

it('logs once that a login ends, until it has another end', async () => {
  await using s = await stage({})
  const day = 1440 * minute
  const set = (days: number) =>
    s.session.cookies.set('https://app.site.test/', {
      name: 'sid',
      value: '1',
      httpOnly: true,
      maxAgeSeconds: days * 86_400,
    })
  await set(14)
  s.later(7 * day - 1)
  await s.look()
  expect(s.warnings).toEqual([])
  s.later(minute)
  await s.look()
  const text =
    'the login at site.test of the session "work" ends at 2026-12-14T12:00:00.000Z, with the cookie sid'
  expect(s.warnings).toEqual([text])
  s.later(minute)
  await s.look()
  await using other = { watch: new LoginWatch(s.parts), [Symbol.asyncDispose]: () => other.watch.stop() }
  s.later(minute)
  await s.look(other.watch)
  expect(s.warnings).toEqual([text])
  await set(14)
  s.later(8 * day)
  await s.look()
  expect(s.warnings).toHaveLength(2)
})
