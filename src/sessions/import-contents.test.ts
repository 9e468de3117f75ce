import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import {
  cookie,
  merge,
  openSession,
  reading,
  replace,
  session,
  store,
  values,
} from '../../test/support/import-material.ts'
import { ruleSet, now as start } from '../../test/support/material.ts'
import { cookieHeader } from '../cookies/cookie-header.ts'
import { Jar, maxCookiesPerSite } from '../cookies/jar.ts'
import type { GivenCookie, Reading } from '../formats/format.ts'
import { MemoryStore } from '../store/memory.ts'
import type { Json } from '../store/store.ts'
import type { BundledCredential } from './bundled-credential.ts'
import { Sessions } from './sessions.ts'

const bundled = (name: string, record: Json): BundledCredential => {
  return { name, record, kind: 'bearer', hosts: [], options: {}, hasValue: true }
}

describe('an import', () => {
  it('says which credentials it takes the place of', async () => {
    const sealed = (value: string) => bundled('api', { kind: 'bearer', hosts: ['a.test'], value })
    const report = (value: string) => session.importInto(reading([], { credentials: [sealed(value)] }), merge)
    expect((await report('one')).credentials).toEqual({ names: ['api'], replaced: [] })
    expect((await report('one')).credentials).toEqual({ names: ['api'], replaced: [] })
    expect((await report('two')).credentials).toEqual({ names: ['api'], replaced: ['api'] })
  })

  it('takes an origin that comes in several places as one', async () => {
    const at = (key: string, value: string) => ({
      where: key,
      storage: {
        origin: 'https://a.test',
        localStorage: [[key, value]] as const,
        sessionStorage: [],
        indexedDB: [],
      },
    })
    const report = await session.importInto(
      reading([], { origins: [at('a', '1'), at('b', '1'), at('a', '2')] }),
      replace,
    )
    expect(report.storage).toMatchObject({ origins: 1, keys: 2 })
    expect((await session.storage.get('https://a.test'))?.localStorage).toEqual([
      ['a', '2'],
      ['b', '1'],
    ])
  })

  it('takes in cookies of several sites, beside those that are there', async () => {
    await session.importInto(reading([cookie('a', { value: 'old' }), cookie('b')]), merge)
    const report = await session.importInto(
      reading([cookie('a', { value: 'new' }), cookie('b'), cookie('c', { domain: 'other.test' })]),
      merge,
    )
    expect(report).toEqual({
      cookies: { read: 3, added: 1, changed: 1, unchanged: 1, elsewhere: 0, removed: 0 },
      storage: { origins: 0, keys: 0, elsewhere: 0 },
      credentials: { names: [], replaced: [] },
      sites: ['example.com', 'other.test'],
      skipped: [],
      removed: [],
      heldBack: false,
      flawed: [],
    })
    expect(await values(session)).toEqual(['app.example.com a=new', 'app.example.com b=v', 'other.test c=v'])
  })

  it('lists the attributes that could not be read, of the cookies that came in', async () => {
    const cookies = ['a', 'b', 'a'].map((name, index) => {
      return { where: `line ${index}`, cookie: cookie(name), flaws: [`flaw ${index}`] }
    })
    const elsewhere = { where: 'line 9', cookie: cookie('c', { domain: 'b.test' }), flaws: ['flaw 9'] }
    const given = { ...reading([]), cookies: [...cookies, elsewhere] }
    const { flawed } = await session.importInto(given, { ...merge, hosts: ['example.com'] })
    expect(flawed).toEqual([
      { where: 'line 1', reason: 'flaw 1' },
      { where: 'line 2', reason: 'flaw 2' },
    ])
  })

  it.each([merge, replace])('that is only tried says the same and changes nothing: %j', async ({ mode }) => {
    await session.importInto(reading([cookie('a'), cookie('b')]), merge)
    const given = reading([cookie('a', { value: 'x' }), cookie('z')], {
      origins: [
        {
          where: 'origins[0]',
          storage: {
            origin: 'https://a.test',
            localStorage: [['k', 'v']],
            sessionStorage: [],
            indexedDB: [],
          },
        },
      ],
    })
    const before = await values(session)
    const tried = await session.importInto(given, { mode, dryRun: true })
    expect(await values(session)).toEqual(before)
    expect(await session.storage.list()).toEqual([])
    expect(await session.importInto(given, { mode })).toEqual(tried)
  })

  it('skips what has expired, and does not take a live cookie away by it', async () => {
    await session.importInto(reading([cookie('a')]), merge)
    const report = await session.importInto(reading([cookie('a', { expiresAt: start - 1 })]), merge)
    expect(report.skipped).toEqual([{ where: 'line 1', reason: 'expired' }])
    expect(await values(session)).toEqual(['app.example.com a=v'])
  })

  it('takes the later of two that are one cookie, and counts the other', async () => {
    const report = await session.importInto(
      reading([
        cookie('a', { value: '1' }),
        cookie('b'),
        cookie('a', { value: '2' }),
        cookie('a', { hostOnly: false }),
      ]),
      merge,
    )
    expect(report.skipped).toEqual([{ where: 'line 1', reason: 'line 3 has the same cookie again' }])
    expect(report.cookies).toMatchObject({ read: 4, added: 3 })
    expect(await values(session)).toEqual([
      'app.example.com b=v',
      'app.example.com a=2',
      'app.example.com a=v',
    ])
  })

  it('keeps within what one site may have, the Secure ones before the others, and counts the rest', async () => {
    await session.importInto(reading([cookie('held', { secure: false })]), merge)
    const many = Array.from({ length: maxCookiesPerSite + 70 }, (_, index) =>
      cookie(`c${index}`, { secure: index % 2 === 0 }),
    )
    const report = await session.importInto(reading(many), merge)
    expect(report.cookies).toMatchObject({ added: maxCookiesPerSite, removed: 1 })
    expect(report.skipped).toHaveLength(70)
    const held = await session.cookies.list()
    expect(held).toHaveLength(maxCookiesPerSite)
    expect(held.filter(({ secure }) => secure)).toHaveLength((maxCookiesPerSite + 70) / 2)
  })

  it('takes only what belongs to the hosts that were asked for', async () => {
    const given = reading(
      [
        cookie('a'),
        cookie('b', { domain: 'example.com', hostOnly: false }),
        cookie('c', { domain: 'example.com' }),
        cookie('d', { domain: 'deep.app.example.com' }),
        cookie('e', { domain: 'badapp.example.com' }),
        cookie('f', { domain: 'app.example.com.evil.test' }),
      ],
      {
        origins: ['https://app.example.com', 'https://evil.test'].map((origin) => {
          return {
            where: origin,
            storage: { origin, localStorage: [['k', 'v']], sessionStorage: [], indexedDB: [] },
          }
        }),
        credentials: [bundled('api', {})],
      },
    )
    const report = await session.importInto(given, { ...merge, hosts: ['app.example.com'] })
    expect((await session.cookies.list()).map(({ name }) => name)).toEqual(['a', 'b', 'd'])
    expect(report.cookies).toMatchObject({ read: 6, elsewhere: 3 })
    expect(report.storage).toEqual({ origins: 1, keys: 1, elsewhere: 1 })
    expect(report.skipped).toEqual([
      { where: 'api', reason: 'credentials come with the whole bundle alone', what: 'credential' },
    ])
    expect(await store.names('default', 'credential')).toEqual([])
  })

  it('goes into no session that has expired or is gone', async () => {
    const sessions = new Sessions({ store, config: ruleSet([]), now: () => start })
    const gone = await sessions.create({ name: 'gone' })
    await sessions.remove('gone')
    await expect(gone.importInto(reading([cookie('a')]), merge)).rejects.toMatchObject({
      code: 'session-missing',
    })
    expect(await store.names('gone', 'cookies')).toEqual([])
  })

  const text = fc.oneof(
    fc.constantFrom('', 'a', 'sid', '__Host-a', '__proto__', 'a;b', 'a\nb', ' a', 'x'.repeat(5000)),
    fc.string({ maxLength: 5 }),
  )
  const anyCookie: fc.Arbitrary<GivenCookie> = fc.record({
    name: text,
    value: text,
    domain: fc.oneof(
      fc.constantFrom('a.test', 'b.a.test', 'co.uk', 'x.co.uk', '__proto__', '127.0.0.1', '..', 'a b'),
      text,
    ),
    hostOnly: fc.boolean(),
    path: fc.oneof(fc.constantFrom('/', '/x'), text),
    secure: fc.boolean(),
    httpOnly: fc.boolean(),
    sameSite: fc.constantFrom('strict', 'lax', 'none', 'default'),
    partitioned: fc.boolean(),
    expiresAt: fc.oneof(fc.constant(start + 1000), fc.double(), fc.integer()),
  })
  test.prop([fc.array(anyCookie, { maxLength: 12 }), fc.boolean()])(
    'accounts for each cookie that was read',
    async (given, replaces) => {
      const fresh = await openSession(new MemoryStore())
      const { cookies, skipped } = await fresh.importInto(reading(given), replaces ? replace : merge)
      expect(cookies.added + cookies.changed + cookies.unchanged + cookies.elsewhere + skipped.length).toBe(
        cookies.read,
      )
      expect(await fresh.cookies.list()).toHaveLength(cookies.added)
      expect(cookieHeader(await fresh.cookies.list())).toMatch(/^[\t\x20-\x7e\x80-\xff]*$/)
    },
  )
})

it('an import of what a jar holds is that jar again', async () => {
  const jar = new Jar()
  const url = { scheme: 'https', host: 'app.example.com', port: 443, path: '/a/b' } as const
  for (const line of [
    'a=1',
    'b=2; Path=/; Secure; SameSite=None; Partitioned',
    '=x',
    'c=3; Domain=example.com; Max-Age=60',
  ])
    jar.set(line, { url, now: start })
  const cookies: Reading['cookies'] = jar.all().map((each, index) => ({ where: `${index}`, cookie: each }))
  await session.importInto({ cookies, origins: [], skipped: [] }, merge)
  expect(await session.cookies.list()).toEqual(jar.all())
})
