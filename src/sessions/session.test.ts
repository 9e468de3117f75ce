import { inspect } from 'node:util'
import { beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { watchFileCalls } from '../../test/store/file-calls.ts'
import { openStore } from '../../test/store/open-store.ts'
import { type RuleSpec, ruleSet, scope, now as start } from '../../test/support/material.ts'
import { temporaryHome } from '../../test/support/temporary-home.ts'
import { credentialDefinitionSchema } from '../credentials/kinds.ts'
import type { CapturedResponse } from '../plan/capture.ts'
import type { Plan } from '../plan/plan.ts'
import { MemoryStore } from '../store/memory.ts'
import type { RecordId, Store } from '../store/store.ts'
import type { Session } from './session.ts'
import { Sessions } from './sessions.ts'

let now = start
beforeEach(() => {
  now = start
})

const open = async (store: Store, rules: readonly RuleSpec[] = []) =>
  new Sessions({ store, config: ruleSet(rules), now: () => now }).get('default')

const request = {
  scheme: 'https',
  host: 'app.example.com',
  port: 443,
  path: '/',
  method: 'GET',
  site: 'same-site',
} as const
const response = (setCookie: readonly string[], more: Partial<CapturedResponse> = {}): CapturedResponse => ({
  ...request,
  status: 200,
  setCookie,
  clearSiteData: [],
  reveal: 'script',
  ...more,
})
const attached = (plan: Plan) => [
  ...plan.cookies.attached.map(({ name, value }) => `${name}=${value}`),
  ...plan.credentials.attached.map(({ name }) => name),
]

/** Counts the reads of a real store. */
class CountingStore extends MemoryStore {
  reads = 0
  override async read(id: RecordId) {
    this.reads++
    return super.read(id)
  }
}

describe('a plan', () => {
  let store: CountingStore
  let session: Session
  beforeEach(async () => {
    store = new CountingStore()
    session = await open(store)
    await session.capture(response(['sid=1; HttpOnly; Path=/; Max-Age=100']))
  })

  it('is made once while nothing changes, for every path and query', async () => {
    const first = await session.plan(request, {})
    const { reads } = store
    for (const path of ['/', '/x?y=1', '/a/b']) {
      for (const method of ['GET', 'POST'])
        expect(await session.plan({ ...request, path, method }, {})).toBe(first)
    }
    expect(await session.plan(request, Object.freeze({}))).toBe(first)
    expect(store.reads).toBe(reads)
  })

  it('is another one for TRACE, which carries nothing', async () => {
    const trace = { ...request, method: 'TRACE' }
    expect(attached(await session.plan(request, {}))).toEqual(['sid=1'])
    expect(attached(await session.plan(trace, {}))).toEqual([])
    expect(await session.plan(trace, {})).toBe(await session.plan(trace, {}))
    expect(attached(await session.plan(request, {}))).toEqual(['sid=1'])
  })

  it('is another one for another host, port, scheme, site or scope', async () => {
    const first = await session.plan(request, {})
    const others = await Promise.all([
      session.plan({ ...request, host: 'www.example.com' }, {}),
      session.plan({ ...request, port: 8443 }, {}),
      session.plan({ ...request, scheme: 'http' }, {}),
      session.plan({ ...request, site: 'cross-site' }, {}),
      session.plan(request, scope({ only: ['other.test'] })),
    ])
    expect(new Set([first, ...others]).size).toBe(6)
    expect(others.map(attached)).toEqual([[], ['sid=1'], ['sid=1'], [], []])
    expect(attached(first)).toEqual(['sid=1'])
  })

  it('is another one for another path once a cookie has one', async () => {
    await session.capture(response(['beta=2; Path=/beta']))
    expect(attached(await session.plan(request, {}))).toEqual(['sid=1'])
    expect(attached(await session.plan({ ...request, path: '/beta/x?y' }, {}))).toEqual(['beta=2', 'sid=1'])
    expect(attached(await session.plan({ ...request, path: '/beta' }, {}))).toEqual(['beta=2', 'sid=1'])
    expect(attached(await session.plan(request, {}))).toEqual(['sid=1'])
  })

  it('is another one for another method or path where a rule lists the allowed requests', async () => {
    const ruled = await open(store, [{ hosts: ['app.example.com'], allow: ['GET /public/**'] }])
    const allowed = async (method: string, path: string) =>
      (await ruled.plan({ ...request, method, path }, {})).policy.allowed
    expect(await allowed('GET', '/public/a')).toBe(true)
    expect(await allowed('POST', '/public/a')).toBe(false)
    expect(await allowed('GET', '/private')).toBe(false)
    expect(await allowed('GET', '/public/a')).toBe(true)
  })

  it('ends when a cookie in it does', async () => {
    expect(attached(await session.plan(request, {}))).toEqual(['sid=1'])
    now += 100_000
    const after = await session.plan(request, {})
    expect(attached(after)).toEqual([])
    expect(after.cookies.withheld).toEqual([{ name: 'sid', reason: 'expired 0 s ago' }])
  })

  it('is made anew after a cookie or a credential came or went', async () => {
    const plan = () => session.plan(request, {}).then(attached)
    expect(await plan()).toEqual(['sid=1'])
    await session.capture(response(['sid=2; HttpOnly; Path=/']))
    expect(await plan()).toEqual(['sid=2'])
    await session.credentials.set('api', { kind: 'bearer', hosts: ['app.example.com'] }, 'x')
    expect(await plan()).toEqual(['sid=2', 'api'])
    await session.credentials.remove('api')
    expect(await plan()).toEqual(['sid=2'])
    await session.capture(response([], { clearSiteData: ['"cookies"'] }))
    expect(await plan()).toEqual([])
  })

  it('for endless hosts does not fill the memory', async () => {
    for (let index = 0; index < 3000; index++) await session.plan({ ...request, host: `h${index}.test` }, {})
    expect(attached(await session.plan(request, {}))).toEqual(['sid=1'])
  })

  it.each(['__proto__', 'constructor', 'a'.repeat(300), '', 'a b', '..'])(
    'for the host %j, which no record can be of, attaches nothing and captures nothing',
    async (host) => {
      expect(attached(await session.plan({ ...request, host }, {}))).toEqual([])
      expect((await session.planConnect(host, 443, {})).known).toBe(false)
      expect(await session.capture(response(['a=1'], { host }))).toMatchObject({ captured: [] })
    },
  )
})

describe('a change by another process', () => {
  it('holds for the very next request', async () => {
    const home = temporaryHome()
    const mine = await open((await openStore(home)).store)
    const theirs = await open((await openStore(home)).store)
    const plan = () => mine.plan(request, {}).then(attached)
    expect(await plan()).toEqual([])
    expect((await mine.planConnect('app.example.com', 443, {})).known).toBe(false)
    for (let round = 0; round < 20; round++) {
      await theirs.capture(response([`sid=${round}; Path=/`]))
      expect(await plan()).toEqual([`sid=${round}`])
      await theirs.credentials.set('api', { kind: 'bearer', hosts: ['app.example.com'] }, `token${round}`)
      const [credential] = (await mine.plan(request, {})).credentials.attached
      expect(credential?.source.from === 'value' && credential.source.value.reveal()).toBe(
        `Bearer token${round}`,
      )
      await theirs.credentials.remove('api')
      expect(await plan()).toEqual([`sid=${round}`])
    }
    expect((await mine.planConnect('app.example.com', 443, {})).known).toBe(true)
    await theirs.cookies.remove('example.com')
    expect(await plan()).toEqual([])
    expect((await mine.planConnect('app.example.com', 443, {})).known).toBe(false)
  })

  it('and a capture by this process at the same time are both kept', async () => {
    const home = temporaryHome()
    const sessions = await Promise.all([1, 2, 3].map(async () => open((await openStore(home)).store)))
    await Promise.all(
      sessions.flatMap((session, index) =>
        Array.from({ length: 10 }, (_, round) => session.capture(response([`c${index}x${round}=1; Path=/`]))),
      ),
    )
    for (const session of sessions) expect(attached(await session.plan(request, {}))).toHaveLength(30)
  })
})

describe('capture', () => {
  it('takes in nothing when the plan says so', async () => {
    const session = await open(new MemoryStore())
    const capture = await session.capture(response(['sid=1; HttpOnly'], { capture: false }))
    expect(capture).toEqual({ captured: [], deleted: [], hidden: new Set(), refused: [] })
    expect(await session.cookies.list()).toEqual([])
  })

  it('on a full disk warns, and the next request still has the cookie', async () => {
    const home = temporaryHome()
    const session = await open((await openStore(home)).store)
    const restore = watchFileCalls(home.root, {
      before(call) {
        if (call === 'writeFile')
          throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC', errno: -28, syscall: 'write' })
      },
    })
    try {
      const capture = await session.capture(response(['sid=1; HttpOnly']))
      expect(capture).toMatchObject({ captured: ['sid'], hidden: new Set([0]), warning: 'not-saved' })
      expect(attached(await session.plan(request, {}))).toEqual(['sid=1'])
      expect((await session.planConnect('app.example.com', 443, {})).known).toBe(true)
      expect((await session.cookies.list()).map(({ name }) => name)).toEqual(['sid'])
      expect(await session.capture(response(['sid=1; HttpOnly']))).toMatchObject({ warning: 'not-saved' })
    } finally {
      restore()
    }
    expect((await session.capture(response(['sid=1; HttpOnly']))).warning).toBeUndefined()
    const elsewhere = await open((await openStore(home)).store)
    expect(attached(await elsewhere.plan(request, {}))).toEqual(['sid=1'])
  })
})

describe('a damaged record', () => {
  const damage = async (store: Store, id: RecordId) => store.update(id, () => ({ nonsense: true }))
  const session = { session: 'default' } as const

  it('of cookies is an error only for its site, and is not overwritten', async () => {
    const store = new MemoryStore()
    const held = await open(store)
    const id = { ...session, kind: 'cookies', name: 'example.com' } as const
    await damage(store, id)
    await expect(held.plan(request, {})).rejects.toMatchObject({ code: 'record-damaged' })
    // A client reads the error only inside the connection.
    expect((await held.planConnect('app.example.com', 443, {})).known).toBe(true)
    expect(attached(await held.plan({ ...request, host: 'other.test' }, {}))).toEqual([])
    expect(await held.capture(response(['sid=1; HttpOnly']))).toMatchObject({
      warning: 'not-saved',
      hidden: new Set([0]),
    })
    expect((await store.read(id))?.value).toEqual({ nonsense: true })
  })

  it('of a credential is an error where a rule names it, and the others still work', async () => {
    const store = new MemoryStore()
    const held = await open(store, [{ hosts: ['app.example.com'], credential: 'bad' }])
    await held.credentials.set('good', { kind: 'bearer', hosts: ['other.test'] }, 'x')
    await damage(store, { ...session, kind: 'credential', name: 'bad' })
    await expect(held.plan(request, {})).rejects.toMatchObject({ code: 'record-damaged' })
    expect(attached(await held.plan({ ...request, host: 'other.test' }, {}))).toEqual(['good'])
    expect((await held.credentials.list()).map(({ name, problem }) => [name, problem === undefined])).toEqual(
      [
        ['bad', false],
        ['good', true],
      ],
    )
    await expect(held.credentials.get('bad')).rejects.toMatchObject({ code: 'record-damaged' })
    await held.credentials.remove('bad')
    expect(await held.credentials.list()).toHaveLength(1)
  })

  it('of a credential that the configuration defines is an error for its hosts', async () => {
    const store = new MemoryStore()
    const definition = credentialDefinitionSchema(z).parse({ kind: 'bearer', hosts: ['app.example.com'] })
    const config = { ...ruleSet(), credentials: new Map([['bad', definition]]) }
    const held = await new Sessions({ store, config, now: () => now }).get('default')
    await damage(store, { ...session, kind: 'credential', name: 'bad' })
    await expect(held.plan(request, {})).rejects.toMatchObject({ code: 'record-damaged' })
    expect(attached(await held.plan({ ...request, host: 'other.test' }, {}))).toEqual([])
    expect((await held.plan(request, scope({ only: ['other.test'] }))).policy.allowed).toBe(true)
  })
})

describe('explain', () => {
  it('shows the plan for a URL, and why the host is known, without values', async () => {
    const session = await open(new MemoryStore())
    await session.capture(response(['sid=1; HttpOnly; Path=/']))
    await session.credentials.set('api', { kind: 'query', hosts: ['*.example.com'], param: 'key' }, 's3cret')
    const told = await session.explain('https://app.example.com/me?key=own#x', { method: 'POST' })
    expect(told).toMatchObject({
      session: 'default',
      url: 'https://app.example.com/me?key=…',
      method: 'POST',
      known: true,
      knownWhy: 'the credential api is for it',
      policy: { allowed: true },
    })
    expect(attached(told)).toEqual(['sid=1', 'api'])
    expect(inspect(told, { depth: 9 })).not.toContain('s3cret')
    expect(await session.explain('https://other.test/')).toMatchObject({ known: false })
    await expect(session.explain('ftp://x/')).rejects.toMatchObject({ code: 'usage' })
  })
})

describe('single cookies', () => {
  let session: Session
  beforeEach(async () => {
    session = await open(new MemoryStore())
  })

  it('are set as given, for the whole host unless a path is given', async () => {
    const cookie = await session.cookies.set('https://app.example.com/a/b', {
      name: 'sid',
      value: 'a=b "c"',
      domain: 'example.com',
      maxAgeSeconds: 60,
      secure: true,
      httpOnly: true,
      sameSite: 'strict',
    })
    expect(cookie).toMatchObject({
      name: 'sid',
      value: 'a=b "c"',
      domain: 'example.com',
      hostOnly: false,
      path: '/',
      secure: true,
      httpOnly: true,
      sameSite: 'strict',
      expiresAt: start + 60_000,
    })
    expect(await session.cookies.find('https://www.example.com/x?y', 'sid')).toEqual(cookie)
    expect(await session.cookies.find('http://www.example.com/', 'sid')).toBeUndefined()
    expect(await session.cookies.find('https://www.example.com/', 'other')).toBeUndefined()
    expect(
      await session.cookies.set('https://app.example.com/', { name: '', value: 'nameless', path: '/x' }),
    ).toMatchObject({
      name: '',
      value: 'nameless',
      path: '/x',
      hostOnly: true,
    })
  })

  it.each([
    [{ name: 'a', value: 'x; Domain=evil.test' }, /";"/],
    [{ name: 'a=b', value: 'x' }, /"="/],
    [{ name: 'a;b', value: 'x' }, /";"/],
    [{ name: 'a', value: 'x', path: 'x' }, /must begin with/],
    [{ name: 'a', value: 'x', path: '/; Secure' }, /";"/],
    [{ name: 'a', value: 'x', domain: 'evil.test' }, /the cookie was refused/],
    [{ name: 'a', value: 'x', domain: 'com' }, /the cookie was refused/],
    [{ name: 'a', value: 'x\r\ny' }, /control character/],
    [{ name: 'a', value: '€' }, /not a byte/],
    [{ name: 'a', value: ' x' }, /space/],
    [{ name: 'a ', value: 'x' }, /space/],
    [{ name: 'a', value: 'x', maxAgeSeconds: 0 }, /expired already/],
    [{ name: 'a', value: 'x', maxAgeSeconds: 1.5 }, /whole number/],
    [{ name: '__Host-a', value: 'x' }, /the cookie was refused/],
    [{ name: '', value: '' }, /the cookie was refused/],
  ])('%j is refused', async (input, reason) => {
    await expect(session.cookies.set('https://app.example.com/', input)).rejects.toMatchObject({
      code: 'cookie-refused',
      message: expect.stringMatching(reason),
    })
    expect(await session.cookies.list()).toEqual([])
  })

  it('are listed by site or by host', async () => {
    await session.cookies.set('https://app.example.com/', { name: 'a', value: '1' })
    await session.cookies.set('https://www.example.com/', { name: 'b', value: '1' })
    await session.cookies.set('https://www.example.com/', { name: 'c', value: '1', domain: 'example.com' })
    await session.cookies.set('https://other.test/', { name: 'd', value: '1' })
    const names = async (site?: string) => (await session.cookies.list(site)).map(({ name }) => name)
    expect(await names()).toEqual(['a', 'b', 'c', 'd'])
    expect(await names('example.com')).toEqual(['a', 'b', 'c'])
    expect(await names('APP.example.com.')).toEqual(['a', 'c'])
    expect(await names('nothing.test')).toEqual([])
    expect(await names('__proto__')).toEqual([])
  })

  it('are removed by site, host or name, and a host without any is unknown again', async () => {
    await session.cookies.set('https://app.example.com/', { name: 'a', value: '1' })
    await session.cookies.set('https://app.example.com/', { name: 'b', value: '1' })
    await session.cookies.set('https://www.example.com/', { name: 'a', value: '1' })
    expect(await session.cookies.remove('app.example.com', 'a')).toBe(1)
    expect(await session.cookies.remove('app.example.com', 'a')).toBe(0)
    expect(await session.cookies.remove('example.com')).toBe(2)
    expect((await session.planConnect('app.example.com', 443, {})).known).toBe(false)
    expect(await session.cookies.remove('nothing.test')).toBe(0)
  })
})
