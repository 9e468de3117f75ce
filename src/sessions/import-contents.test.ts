import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fc, test } from '@fast-check/vitest'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { diskError, watchFileCalls } from '../../test/store/file-calls.ts'
import { openStore } from '../../test/store/open-store.ts'
import { ruleSet, now as start } from '../../test/support/material.ts'
import { temporaryHome } from '../../test/support/temporary-home.ts'
import { cookieHeader } from '../cookies/cookie-header.ts'
import { Jar, maxCookiesPerSite } from '../cookies/jar.ts'
import type { GivenCookie, Reading } from '../formats/format.ts'
import type { Home } from '../store/home.ts'
import { MemoryStore } from '../store/memory.ts'
import { recordPath } from '../store/record-path.ts'
import type { Json, Store } from '../store/store.ts'
import type { BundledCredential } from './bundled-credential.ts'
import type { Importable, ImportReport } from './import-contents.ts'
import type { Session } from './session.ts'
import { Sessions } from './sessions.ts'

const merge = { mode: 'merge' } as const
const replace = { mode: 'replace' } as const

const open = async (store: Store, name = 'default') =>
  new Sessions({ store, config: ruleSet([]), now: () => start }).get(name)

const cookie = (name: string, more: Partial<GivenCookie> = {}): GivenCookie => ({
  name,
  value: 'v',
  domain: 'app.example.com',
  hostOnly: true,
  path: '/',
  secure: true,
  httpOnly: false,
  sameSite: 'default',
  ...more,
})

const reading = (cookies: readonly GivenCookie[], more: Partial<Importable> = {}): Importable => ({
  cookies: cookies.map((each, index) => ({ where: `line ${index + 1}`, cookie: each })),
  origins: [],
  skipped: [],
  ...more,
})

const bundled = (name: string, record: Json): BundledCredential => {
  return { name, record, kind: 'bearer', hosts: [], options: {}, hasValue: true }
}

const values = async (session: Session) =>
  (await session.cookies.list()).map(({ domain, name, value }) => `${domain} ${name}=${value}`)

let session: Session
let store: Store
beforeEach(async () => {
  store = new MemoryStore()
  session = await open(store)
})

describe('an import', () => {
  it('takes away what it is told is gone and that alone, of a site of which nothing comes too', async () => {
    await session.importInto(
      reading([cookie('a'), cookie('b'), cookie('c', { domain: 'other.test' })]),
      merge,
    )
    const gone = [cookie('a'), cookie('c', { domain: 'other.test' }), cookie('b', { path: '/else' })]
    const report = await session.importInto(reading([]), { ...replace, gone })
    expect(report.cookies.removed).toBe(2)
    expect(await values(session)).toEqual(['app.example.com b=v'])
  })

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

  it('replaces what the session holds of the sites that come, and of no other', async () => {
    await session.importInto(
      reading([cookie('a'), cookie('b'), cookie('c', { domain: 'other.test' })]),
      merge,
    )
    const report = await session.importInto(reading([cookie('a'), cookie('d')]), replace)
    expect(report.cookies).toMatchObject({ added: 1, changed: 0, unchanged: 1, removed: 1 })
    expect(await values(session)).toEqual(['app.example.com a=v', 'app.example.com d=v', 'other.test c=v'])
  })

  it('that replaces leaves hosts known that it takes the cookies of', async () => {
    await session.importInto(reading([cookie('a')]), merge)
    await session.importInto(reading([cookie('b', { domain: 'www.example.com' })]), replace)
    expect(await session.cookies.list('app.example.com')).toEqual([])
    expect((await session.planConnect('app.example.com', 443, {})).known).toBe(true)
  })

  it('that replaces keeps a site of which nothing can come', async () => {
    await session.importInto(reading([cookie('a')]), merge)
    const report = await session.importInto(reading([cookie('a', { value: 'x\ny' })]), replace)
    expect(report.cookies).toMatchObject({ read: 1, added: 0, changed: 0, removed: 0 })
    expect(await values(session)).toEqual(['app.example.com a=v'])
  })

  it('that replaces names the cookies that it removes, and no value', async () => {
    await session.importInto(reading([cookie('a', { value: 'hunter2', path: '/x' }), cookie('b')]), merge)
    const report = await session.importInto(reading([cookie('b')]), replace)
    expect(report.removed).toEqual([{ name: 'a', domain: 'app.example.com', path: '/x' }])
    expect(JSON.stringify(report)).not.toContain('hunter2')
  })

  it('that replaces keeps a live cookie that is expired in the file', async () => {
    await session.importInto(reading([cookie('a', { value: 'renewed' }), cookie('b'), cookie('c')]), merge)
    const given = reading([cookie('a', { expiresAt: start - 1 }), cookie('b')])
    const report = await session.importInto(given, replace)
    expect(report).toMatchObject({ heldBack: false, removed: [{ name: 'c' }] })
    expect(await values(session)).toEqual(['app.example.com a=renewed', 'app.example.com b=v'])
  })

  const pair = (key: string) => ({
    where: 'origins[0]',
    storage: {
      origin: 'https://a.test',
      localStorage: [[key, 'v']] as const,
      sessionStorage: [],
      indexedDB: [],
    },
  })
  it.each<[what: string, given: Importable]>([
    [
      'a line could not be read',
      reading([cookie('new')], { skipped: [{ where: 'line 9', reason: 'not a cookie' }] }),
    ],
    [
      'an attribute could not be read, and the cookie may be another one',
      { ...reading([]), cookies: [{ where: 'line 1', cookie: cookie('new'), flaws: ['no path'] }] },
    ],
    ['a cookie is refused', reading([cookie('new'), cookie('bad', { value: 'x\ny' })])],
    [
      'some web storage could not be read',
      reading([cookie('new')], { skipped: [{ where: 'origins[3]', reason: 'no origin', what: 'storage' }] }),
    ],
  ])('that replaces takes nothing away when %s', async (_, given) => {
    await session.importInto(reading([cookie('live')], { origins: [pair('live')] }), merge)
    const report = await session.importInto({ ...given, origins: [pair('new')] }, replace)
    expect(report).toMatchObject({ heldBack: true, removed: [], cookies: { added: 1, removed: 0 } })
    expect(await values(session)).toEqual(['app.example.com live=v', 'app.example.com new=v'])
    expect((await session.storage.get('https://a.test'))?.localStorage).toEqual([
      ['live', 'v'],
      ['new', 'v'],
    ])
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

  it('that replaces does not count a credential that stays out as unreadable', async () => {
    await session.importInto(reading([cookie('a')]), merge)
    const skipped = [
      { where: 'tool', reason: 'it reads a file of this machine', what: 'credential' },
    ] as const
    const report = await session.importInto(reading([cookie('b')], { skipped }), replace)
    expect(report).toMatchObject({ heldBack: false, removed: [{ name: 'a' }] })
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

  it('replaces nothing of other hosts than those that were asked for', async () => {
    await session.importInto(
      reading([cookie('held'), cookie('held', { domain: 'admin.example.com' })]),
      merge,
    )
    const given = reading([cookie('new'), cookie('new', { domain: 'admin.example.com' })])
    const report = await session.importInto(given, { ...replace, hosts: ['app.example.com'] })
    expect(await values(session)).toEqual(['admin.example.com held=v', 'app.example.com new=v'])
    expect(report.cookies).toMatchObject({ added: 1, elsewhere: 1, removed: 1 })
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
      const fresh = await open(new MemoryStore())
      const { cookies, skipped } = await fresh.importInto(reading(given), replaces ? replace : merge)
      expect(cookies.added + cookies.changed + cookies.unchanged + cookies.elsewhere + skipped.length).toBe(
        cookies.read,
      )
      expect(await fresh.cookies.list()).toHaveLength(cookies.added)
      expect(cookieHeader(await fresh.cookies.list())).toMatch(/^[\t\x20-\x7e\x80-\xff]*$/)
    },
  )
})

describe('hostile imports', () => {
  const hostile: readonly (readonly [what: string, cookie: GivenCookie])[] = [
    ['a line break and a header in the value', cookie('a', { value: 'x\r\nX-Injected: 1' })],
    ['a bare LF', cookie('a', { value: 'x\nSet-Cookie: b=1' })],
    ['a bare CR', cookie('a', { value: 'x\rb' })],
    ['a NUL', cookie('a', { value: 'x\0b' })],
    ['an ESC', cookie('a', { value: '\x1b[2J' })],
    ['a DEL', cookie('a', { value: 'x\x7f' })],
    ['a control character that bricks a host', cookie('a', { value: '\x01' })],
    ['the same in a name', cookie('a\r\nX: 1')],
    ['the same in a path', cookie('a', { path: '/\r\nX: 1' })],
    ['the same in a domain', cookie('a', { domain: 'app.example.com\r\nX: 1' })],
    ['a semicolon in the value', cookie('a', { value: 'x; admin=1' })],
    ['a semicolon in the name', cookie('a; b')],
    ['an equals sign in the name', cookie('a=b')],
    ['blanks that a server would cut', cookie('a', { value: ' x ' })],
    ['a character that is not a byte', cookie('a', { value: '\u010a' })],
    ['5,000 bytes', cookie('a', { value: 'x'.repeat(5000) })],
    ['a domain that is a public suffix', cookie('a', { domain: 'co.uk', hostOnly: false })],
    ['a domain that is a top-level domain', cookie('a', { domain: 'com', hostOnly: false })],
    ['a __Host- name for a domain', cookie('__Host-a', { domain: 'example.com', hostOnly: false })],
    ['a __Secure- name that is not', cookie('__Secure-a', { secure: false })],
    ['a nameless cookie posing as a prefixed one', cookie('', { value: '__Host-a=1' })],
    ['a domain cookie for an address', cookie('a', { domain: '127.0.0.1', hostOnly: false })],
  ]

  it.each(hostile)('%s: refused, and the host goes on as before', async (_, given) => {
    await session.importInto(reading([cookie('good', { value: '1' })]), merge)
    const report = await session.importInto(reading([given]), merge)
    expect(report.cookies.added).toBe(0)
    expect(report.skipped).toHaveLength(1)
    expect(report.skipped[0]?.reason).not.toContain(given.value)
    const request = {
      scheme: 'https',
      host: 'app.example.com',
      port: 443,
      path: '/',
      method: 'GET',
      site: 'same-site',
    } as const
    const { cookies } = await session.plan(request, {})
    expect(cookieHeader(cookies.attached)).toBe('good=1')
  })

  it('are 22', () => expect(hostile).toHaveLength(22))

  it.each([
    '__proto__',
    'constructor',
    '..',
    '../../../../tmp/x',
    '/etc/passwd',
    'a/../b',
    'a\0b',
    'C:\\x',
    '.',
    '',
    'a..b',
    'evil.test@app.example.com',
    'app.example.com/x',
  ])('a domain %j makes no record and nothing outside the store', async (domain) => {
    const home = temporaryHome()
    const { store } = await openStore(home)
    const on = await open(store)
    const before = readdirSync(home.root, { recursive: true }).sort()
    const report = await on.importInto(reading([cookie('a', { domain })]), merge)
    expect(report.cookies.added).toBe(0)
    expect(report.skipped).toHaveLength(1)
    expect(await store.names('default', 'cookies')).toEqual([])
    expect(readdirSync(home.root, { recursive: true }).sort()).toEqual(before)
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
  })

  it('a cookie, a key and a path named __proto__ are names like any other', async () => {
    await session.importInto(
      reading([cookie('__proto__', { path: '/__proto__' })], {
        origins: [
          {
            where: 'o',
            storage: {
              origin: 'https://a.test',
              localStorage: [
                ['__proto__', 'x'],
                ['constructor', 'y'],
              ],
              sessionStorage: [],
              indexedDB: [],
            },
          },
        ],
      }),
      merge,
    )
    expect(await values(session)).toEqual(['app.example.com __proto__=v'])
    expect((await session.storage.get('https://a.test'))?.localStorage).toEqual([
      ['__proto__', 'x'],
      ['constructor', 'y'],
    ])
    expect(Object.keys({})).toEqual([])
  })
})

describe('an import into the records of a disk', () => {
  let unwatch = () => {}
  afterEach(() => unwatch())

  const names = ['a.test', 'b.test', 'd.test']
  const given = (value: string): Importable =>
    reading(
      names.map((domain) => cookie('sid', { domain, value })),
      {
        origins: [
          {
            where: 'o',
            storage: {
              origin: 'https://d.test',
              localStorage: [['k', value]],
              sessionStorage: [],
              indexedDB: [],
            },
          },
        ],
      },
    )
  const stage = async (): Promise<{ home: Home; on: Session }> => {
    const home = temporaryHome()
    const on = await open((await openStore(home)).store)
    // Two of the records are there and have to be put back, the others have to go again.
    await on.importInto(
      reading(names.slice(0, 2).map((domain) => cookie('sid', { domain, value: 'old' }))),
      merge,
    )
    return { home, on }
  }
  /** As another process finds it. */
  const held = async (home: Home) => {
    const fresh = await open((await openStore(home)).store)
    const storage = (await fresh.storage.list()).flatMap(({ localStorage }) =>
      localStorage.map(([, value]) => `storage ${value}`),
    )
    return [...(await values(fresh)), ...storage]
  }
  const before = ['a.test sid=old', 'b.test sid=old']
  const after = [...names.map((name) => `${name} sid=new`), 'storage new']

  it('leaves all of it or nothing when a single call that writes fails, whichever it is', async () => {
    const calls: string[] = []
    // Those that write. One that reads fails before the first of them, or as the lock does.
    const writes = (call: string) => !call.endsWith('Sync')
    const whole = await stage()
    unwatch = watchFileCalls(whole.home.root, { before: (call) => writes(call) && calls.push(call) })
    await whole.on.importInto(given('new'), merge)
    unwatch()
    expect(await held(whole.home)).toEqual(after)
    expect(calls.filter((call) => call === 'rename')).toHaveLength(4)

    for (const [failing, name] of calls.entries()) {
      const { home, on } = await stage()
      let n = 0
      unwatch = watchFileCalls(home.root, {
        before: (call) => {
          if (writes(call) && n++ === failing) throw diskError('ENOSPC', call)
        },
      })
      const failed = await on.importInto(given('new'), merge).then(
        () => undefined,
        (error) => error,
      )
      unwatch()
      const at = `${name}, call ${failing} of ${calls.length}`
      expect(await held(home), at).toEqual(failed === undefined ? after : before)
      await on.importInto(given('new'), merge)
      expect(await held(home), at).toEqual(after)
    }
  }, 240_000)

  it('on a disk that stays full takes away what was new, and names what it could not put back', async () => {
    const { home, on } = await stage()
    let renames = 0
    unwatch = watchFileCalls(home.root, {
      before: (call) => {
        if (call === 'rename' && ++renames > 2) throw diskError('ENOSPC', call)
      },
    })
    const report: ImportReport = await on.importInto(given('new'), merge)
    unwatch()
    expect(report.failed).toMatchObject({
      error: { code: 'not-saved' },
      written: ['the cookies of a.test', 'the cookies of b.test'],
    })
    expect(await held(home)).toEqual(['a.test sid=new', 'b.test sid=new'])
  })

  it('does not put back what another has changed since', async () => {
    const { home, on } = await stage()
    const other = await open((await openStore(home)).store)
    let captured: Promise<unknown> = Promise.resolve()
    const capture = () => other.cookies.set('https://a.test/', { name: 'fresh', value: '1' })
    const report = await new Promise<ImportReport>((resolve, reject) => {
      on.importInto(given('new'), {
        ...merge,
        onProgress: (done) => {
          if (done !== 1) return
          // Takes a moment in which the import goes on to a disk that fails.
          captured = capture()
          unwatch = watchFileCalls(join(home.sessions, 'default', 'sites', 'd.test'), {
            before: (call) => {
              if (call === 'rename' || call === 'open') throw diskError('EIO', call)
            },
          })
        },
      }).then(resolve, reject)
    })
    unwatch()
    await captured
    expect(report.failed?.written).toEqual(['the cookies of a.test'])
    expect(await held(home)).toEqual(['a.test sid=new', 'a.test fresh=1', 'b.test sid=old'])
  })

  it('writes nothing when a record of one of the sites is damaged', async () => {
    const { home, on } = await stage()
    writeFileSync(recordPath(home, { kind: 'cookies', session: 'default', name: 'b.test' }), 'rubbish')
    await expect(on.importInto(given('new'), merge)).rejects.toMatchObject({ code: 'record-damaged' })
    const { store } = await openStore(home)
    expect(await store.names('default', 'cookies')).toEqual(['a.test', 'b.test'])
    expect(await (await open(store)).cookies.list('a.test')).toMatchObject([{ value: 'old' }])
  })

  it('of many sites at once, from two processes, ends with all of one or the other on top', async () => {
    const home = temporaryHome()
    const many = Array.from({ length: 200 }, (_, index) => `s${index}.test`)
    const first = await open((await openStore(home)).store)
    const second = await open((await openStore(home)).store)
    const of = (names: readonly string[], name: string) =>
      reading(names.map((domain) => cookie(name, { domain })))
    const seen: number[] = []
    await Promise.all([
      first.importInto(of(many, 'one'), { ...merge, onProgress: (done) => seen.push(done) }),
      second.importInto(of(many.toReversed(), 'two'), merge),
    ])
    expect(seen.at(-1)).toBe(200)
    const fresh = await open((await openStore(home)).store)
    const all = await fresh.cookies.list()
    expect(all.filter(({ name }) => name === 'one')).toHaveLength(200)
    expect(all.filter(({ name }) => name === 'two')).toHaveLength(200)
  })
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
