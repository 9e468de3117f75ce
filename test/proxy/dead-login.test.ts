import { expect, it } from 'vitest'
import { Sessions } from '../../src/sessions/sessions.ts'
import { doubtfulLogins } from '../../src/sessions/site-logins.ts'
import { MemoryStore } from '../../src/store/memory.ts'
import type { Change, RecordId } from '../../src/store/store.ts'
import { onHead, rawOrigin, type TestOrigin } from '../support/origin.ts'
import { startTestProxy, type TestProxy } from '../support/proxy.ts'
import type { RawClient } from '../support/raw-client.ts'

class CountingStore extends MemoryStore {
  readonly healthWrites: RecordId[] = []
  override update(id: RecordId, change: Change): Promise<number> {
    if (id.kind === 'health') this.healthWrites.push(id)
    return super.update(id, change)
  }
}

const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
const unauthorized = 'HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno'
const forbidden = 'HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno'
const toLogin = 'HTTP/1.1 302 Found\r\nLocation: /login\r\nContent-Length: 0\r\n\r\n'

interface Scene extends AsyncDisposable {
  readonly origin: TestOrigin
  readonly proxy: TestProxy
  readonly store: CountingStore
  readonly client: RawClient
  /** Asks, and the origin answers so. Returns the header Hallpass-Session, and the rest of the answer. */
  ask(
    answer: string,
    request?: string,
  ): Promise<{ readonly login: string | undefined; readonly rest: string }>
}

async function scene(): Promise<Scene> {
  const store = new CountingStore()
  let answer = ok
  const origin = await rawOrigin((socket) => onHead(socket, () => socket.write(answer)), {
    hosts: ['app.site.test'],
  })
  const proxy = await startTestProxy({ store, resolve: { 'app.site.test': `127.0.0.1:${origin.port}` } })
  await proxy.session.cookies.set('https://app.site.test/', { name: 'sid', value: 'S', httpOnly: true })
  const client = await proxy.secure('app.site.test')
  return {
    origin,
    proxy,
    store,
    client,
    ask: async (next, request = 'GET /me') => {
      answer = next
      client.send(`${request} HTTP/1.1\r\nHost: app.site.test\r\n\r\n`)
      const { head, body } = await client.response()
      const [line, login] = /\r\nHallpass-Session: (.*)/.exec(head) ?? []
      return { login, rest: line === undefined ? head + body : (head + body).replace(line, '') }
    },
    [Symbol.asyncDispose]: async () => {
      await proxy[Symbol.asyncDispose]()
      await origin[Symbol.asyncDispose]()
    },
  }
}

const stateOf = async ({ proxy }: Scene) => (await proxy.session.health.read('site.test')).state

it.each([
  ['a 401', unauthorized],
  ['a 403', forbidden],
  ['a redirect to a login page', toLogin],
])('%s to cookies of the session makes the site suspect, and only a header says so', async (_, answer) => {
  await using s = await scene()
  expect(await s.ask(answer)).toEqual({ login: 'suspect', rest: answer })
  expect(await s.ask(answer)).toEqual({ login: 'suspect', rest: answer })
  expect(await stateOf(s)).toBe('suspect')
  expect(s.store.healthWrites).toHaveLength(1)
  expect(s.proxy.entries.map(({ note }) => note)).toEqual(Array(2).fill('perhaps the login has ended'))
})

it('an ordinary answer writes nothing, and the use of a site is written later', async () => {
  await using s = await scene()
  for (let i = 0; i < 5; i++) expect(await s.ask(ok)).toEqual({ login: undefined, rest: ok })
  expect(s.store.healthWrites).toEqual([])
  await s.proxy.sessions.saveUse()
  await s.proxy.sessions.saveUse()
  expect(s.store.healthWrites).toHaveLength(1)
  expect((await s.proxy.session.health.read('site.test')).lastUsedAt).toBeDefined()
})

it('a 403 among successes is about one page; three in a row are about the login', async () => {
  await using s = await scene()
  for (const answer of [ok, forbidden, forbidden, ok, forbidden, forbidden])
    expect((await s.ask(answer)).login).toBeUndefined()
  expect((await s.ask(forbidden)).login).toBe('suspect')
  expect((await s.ask(ok, 'GET /other')).login).toBeUndefined()
  expect(await stateOf(s)).toBe('ok')
})

it.each([
  ['about the speed', forbidden.replace('Forbidden', 'Forbidden\r\nRetry-After: 3'), 'GET /me'],
  ['about robots', forbidden.replace('Forbidden', 'Forbidden\r\nCF-Mitigated: challenge'), 'GET /me'],
  ['to forms', forbidden, 'POST /me'],
])('refusals %s do not count as refusals of the user', async (_, answer, request) => {
  await using s = await scene()
  await s.ask(ok)
  for (let i = 0; i < 3; i++) await s.ask(answer, request)
  expect((await s.ask(forbidden)).login).toBeUndefined()
})

it('a 401 where nothing was attached says nothing', async () => {
  await using s = await scene()
  await s.proxy.session.cookies.remove('site.test', 'sid')
  expect(await s.ask(unauthorized)).toEqual({ login: undefined, rest: unauthorized })
  expect(await stateOf(s)).toBe('ok')
})

it.each(['/me', '//me', '/api/{me}'])(
  'a success at the same path ends the suspicion, one at another path does not: %s',
  async (path) => {
    await using s = await scene()
    await s.ask(unauthorized, `GET ${path}`)
    await s.ask(ok, 'GET /')
    expect(await stateOf(s)).toBe('suspect')
    await s.ask(ok, `GET ${path}?again`)
    expect(await stateOf(s)).toBe('ok')
  },
)

it.each([
  ['a login form that brings an HttpOnly cookie ends it', 'POST /login', ok, 'ok'],
  ['a login page that brings a cookie for strangers does not', 'GET /login', ok, 'suspect'],
  ['the answer to a wrong password does not', 'POST /login', toLogin, 'suspect'],
  ['a form of a dead login does not', 'POST /api/items', toLogin, 'suspect'],
  ['a cookie against robots does not', 'POST /beacon', ok, 'suspect'],
])('%s', async (_, request, answer, state) => {
  await using s = await scene()
  await s.ask(unauthorized)
  await s.ask(answer.replace('\r\n\r\n', '\r\nSet-Cookie: sid=new; HttpOnly; Secure\r\n\r\n'), request)
  expect(await stateOf(s)).toBe(state)
})

it('cookies that a person sets or imports end it', async () => {
  await using s = await scene()
  const { cookies } = s.proxy.session
  await s.ask(unauthorized)
  await cookies.set('https://app.site.test/', { name: 'sid', value: 'new' })
  expect(await stateOf(s)).toBe('ok')
  await s.ask(unauthorized)
  expect(await stateOf(s)).toBe('suspect')
  const [cookie] = await cookies.list('site.test')
  if (cookie === undefined) throw new Error('no cookie')
  const given = { where: 'line 1', cookie: { ...cookie, value: 'newer' } }
  const reading = { cookies: [given], origins: [], skipped: [], flawed: [] } as never
  await s.proxy.session.importInto(reading, { mode: 'merge' })
  expect(await stateOf(s)).toBe('ok')
})

it('a second dead value of a credential is reported like the first, and then the dead cookie behind it', async () => {
  await using s = await scene()
  const { session } = s.proxy
  const told = async () => (await doubtfulLogins(session, ['site.test'])).map(({ reason }) => reason)
  for (const value of ['old', 'new']) {
    await session.credentials.set('api', { kind: 'bearer', hosts: ['app.site.test'] }, value)
    expect(await told()).toEqual([])
    await s.ask(unauthorized)
    expect(await told()).toEqual([expect.stringMatching(/answered 401 with the credential api$/)])
  }
  await session.credentials.remove('api')
  expect(await told()).toEqual([])
  await s.ask(unauthorized)
  expect(await told()).toEqual([expect.stringMatching(/answered 401 with the cookies$/)])
})

it('nothing of a site is left when its cookies are removed', async () => {
  await using s = await scene()
  await s.ask(unauthorized)
  await stateOf(s)
  await s.proxy.session.cookies.remove('site.test')
  expect(await s.store.names('default', 'health')).toEqual([])
})

it('a site that needs a login says so with each answer, in another process too', async () => {
  await using s = await scene()
  const config = { rules: [], reveal: 'script', capture: [], intercept: 'known' } as const
  const other = await new Sessions({ store: s.store, config }).get('default')
  await other.health.update('site.test', () => ({ state: 'needs-login', since: 1, reason: 'by hand' }))
  expect((await s.ask(toLogin)).login).not.toBe(undefined)
  for (const answer of [unauthorized, ok]) expect((await s.ask(answer)).login).toBe('needs-login')
  await other.health.update('site.test', () => ({ state: 'ok' }))
  expect((await s.ask(ok)).login).toBeUndefined()
})

it('a record that cannot be read holds up no request', async () => {
  await using s = await scene()
  await s.store.update({ kind: 'health', session: 'default', name: 'site.test' }, () => 'damaged')
  expect((await s.ask(unauthorized)).rest).toBe(unauthorized)
  await expect(stateOf(s)).rejects.toMatchObject({ code: 'record-damaged' })
})
