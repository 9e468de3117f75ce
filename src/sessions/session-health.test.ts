import { expect, it } from 'vitest'
import { MemoryStore } from '../store/memory.ts'
import { Sessions } from './sessions.ts'
import { withSign } from './site-health.ts'
import { doubtfulLogins } from './site-logins.ts'

const day = 86_400_000
const noon = Date.parse('2026-11-30T12:00:00Z')
const cookie = { name: 'sid', value: 'new' }

async function stage() {
  const store = new MemoryStore()
  const clock = { now: noon }
  const config = { rules: [], reveal: 'script', capture: [], intercept: 'known' } as const
  const session = await new Sessions({ store, config, now: () => clock.now }).get('default')
  const doubt = (site: string) =>
    session.health.update(site, () => ({ state: 'suspect', since: clock.now, credential: 'api' }))
  const stateOf = async (site: string) => (await session.health.read(site)).state
  return { store, clock, session, doubt, stateOf }
}

type Stage = Awaited<ReturnType<typeof stage>>

/** The ways to a new login, each of which is done when the session has it. */
const logins: [string, (stage: Stage) => Promise<unknown>][] = [
  ['cookie set', ({ session }) => session.cookies.set('https://site.test/', cookie)],
  [
    'token set',
    ({ session }) => session.credentials.set('api', { kind: 'bearer', hosts: ['site.test'] }, 'new'),
  ],
  [
    'import',
    async ({ session }) => {
      const expiresAt = noon + day
      const given = {
        ...cookie,
        domain: 'site.test',
        hostOnly: true,
        path: '/',
        secure: true,
        httpOnly: true,
      }
      const cookies = [{ where: 'line 1', cookie: { ...given, sameSite: 'lax', expiresAt } }]
      const reading = { cookies, origins: [], skipped: [], flawed: [] } as never
      expect((await session.importInto(reading, { mode: 'merge' })).cookies.added).toBe(1)
    },
  ],
]

it.each(logins)('%s ends a suspicion, also after somebody has set the clock back', async (_, login) => {
  const s = await stage()
  await s.doubt('site.test')
  s.clock.now -= day
  await login(s)
  expect(await s.stateOf('site.test')).toBe('ok')
})

it.each(logins)('%s does not fail because of the record of the health', async (_, login) => {
  const s = await stage()
  await s.store.update({ kind: 'health', session: 'default', name: 'site.test' }, () => 'newer')
  await login(s)
})

it('the cookies of a window end a suspicion unless they are older', async () => {
  const s = await stage()
  await s.doubt('site.test')
  await s.session.health.renewedAt('site.test', noon - 1)
  expect(await s.stateOf('site.test')).toBe('suspect')
  await s.session.health.renewedAt('site.test', noon)
  expect(await s.stateOf('site.test')).toBe('ok')
})

it('a sign counts after somebody has set the clock back behind the last probe', () => {
  const sign = { reason: 'site.test answered 401 with the cookies', url: 'https://site.test/' }
  const stateAt = (now: number) => withSign({ state: 'ok', verifiedAt: noon }, sign, now).state
  expect(stateAt(noon + 59_999)).toBe('ok')
  expect(stateAt(noon + 60_000)).toBe('suspect')
  expect(stateAt(noon - day)).toBe('suspect')
})

it('a record that cannot be read hides no other one, and is named', async () => {
  const s = await stage()
  await s.store.update({ kind: 'health', session: 'default', name: 'broken.test' }, () => 'newer')
  await s.session.health.update('site.test', () => ({ state: 'suspect', reason: 'site.test answered 401' }))
  const found = await doubtfulLogins(s.session, await s.session.health.sites())
  expect(found.map(({ reason }) => reason).sort()).toEqual([
    'hallpass cannot read the record of the login at broken.test',
    'site.test answered 401',
  ])
})

it('the site that another process removed does not come back with the time of its use', async () => {
  const s = await stage()
  const config = { rules: [], reveal: 'script', capture: [], intercept: 'known' } as const
  const other = await new Sessions({ store: s.store, config }).get('default')
  await s.session.cookies.set('https://site.test/', cookie)
  for (const host of ['site.test', 'api.test']) s.session.health.host(host)?.isWell(200)
  await other.cookies.remove('site.test')
  await s.session.health.saveUse()
  expect(await s.session.health.sites()).toEqual(['api.test'])
})

it('nothing is left of a site when its last cookie is removed with its host', async () => {
  const s = await stage()
  for (const host of ['app', 'www']) await s.session.cookies.set(`https://${host}.site.test/`, cookie)
  await s.doubt('site.test')
  await s.session.cookies.remove('www.site.test')
  expect(await s.stateOf('site.test')).toBe('suspect')
  await s.session.cookies.remove('app.site.test')
  expect(await s.session.health.sites()).toEqual([])
})

it('a thousand hosts that nothing goes to push out no host of the session', async () => {
  const { session } = await stage()
  await session.cookies.set('https://site.test/', cookie)
  const ask = { scheme: 'https', port: 443, path: '/', method: 'GET', site: 'same-site' } as const
  await session.plan({ ...ask, host: 'site.test' }, {})
  const watched = session.health.host('site.test')
  for (let i = 0; i <= 1000; i++) {
    await session.planConnect(`a${i}.evil.test`, 443, {})
    await session.plan({ ...ask, host: `a${i}.evil.test` }, {})
  }
  expect(session.health.host('site.test')).toBe(watched)
})
