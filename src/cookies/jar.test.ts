import { describe, expect, test } from 'vitest'
import { at } from '../../test/support/request-url.ts'
import type { SiteContext } from './cookie.ts'
import { cookieHeader } from './cookie-header.ts'
import { Jar, maxCookiesPerSite, type SetOutcome } from './jar.ts'

const start = Date.UTC(2026, 0, 1)

/** Sets lines one second apart, all from one URL. */
function filled(url: string, ...lines: readonly string[]): Jar {
  const jar = new Jar()
  lines.forEach((line, index) => {
    jar.set(line, { url: at(url), now: start + index * 1000 })
  })
  return jar
}

function sent(jar: Jar, url: string, now = start + 60_000, site: SiteContext = 'same-site'): string {
  return cookieHeader(jar.select(at(url), { now, site }).attached)
}

describe('identity', () => {
  test.each<[lines: string[], header: string]>([
    [['a=1', 'a=2'], 'a=2'],
    [['a=1', 'b=2'], 'a=1; b=2'],
    [['a=1', 'A=2'], 'a=1; A=2'],
    [['a=1; Path=/', 'a=2; Path=/x'], 'a=2; a=1'],
    [['a=1; Path=/x', 'a=2; Path=/x/'], 'a=2; a=1'],
    // A host-only and a domain cookie of one name are two cookies.
    [['a=1; Path=/', 'a=2; Path=/; Domain=www.example.com'], 'a=1; a=2'],
    [['a=1; Path=/; Domain=www.example.com', 'a=2; Path=/'], 'a=1; a=2'],
    [['a=1; Path=/; Domain=example.com', 'a=2; Path=/; Domain=www.example.com'], 'a=1; a=2'],
    [['a=1; Path=/; Domain=example.com', 'a=2; Path=/; Domain=.EXAMPLE.com'], 'a=2'],
    [['a=1; Path=/; Secure', 'a=2; Path=/; Secure; Partitioned'], 'a=1; a=2'],
    [['a=1; Path=/', 'a=2; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=99'], 'a=2'],
    [['=1', '2'], '2'],
    [['1', '=2', 'a=3'], '2; a=3'],
    [['x', 'x='], 'x; x='],
    [['__proto__=1', 'constructor=2', 'hasOwnProperty=3'], '__proto__=1; constructor=2; hasOwnProperty=3'],
  ])('%j leave %j', (lines, header) => {
    expect(sent(filled('https://www.example.com/x/y', ...lines), 'https://www.example.com/x/y')).toBe(header)
  })

  test('no name reaches the prototype of anything', () => {
    const jar = filled(
      'https://example.com/',
      '__proto__=polluted; Path=/__proto__',
      'a=b; Domain=__proto__; Path=/constructor',
    )
    Jar.fromRecord(JSON.parse(JSON.stringify(jar.toRecord()))).remove({ host: '__proto__' })
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
    expect(Object.prototype).not.toHaveProperty('/__proto__')
    expect(jar.all()).toHaveLength(1)
  })
})

test('a host is the same with a trailing dot and in capitals', () => {
  const jar = filled('https://www.example.com/', 'a=1', 'b=1; Domain=example.com')
  const url = { ...at('https://x/'), host: 'WWW.Example.COM.' }
  expect(cookieHeader(jar.select(url, { now: start, site: 'same-site' }).attached)).toBe('a=1; b=1')
  expect(jar.clear(url)).toHaveLength(2)
})

describe('order', () => {
  test.each<[lines: string[], header: string]>([
    [['z=1', 'a=2', 'm=3'], 'z=1; a=2; m=3'],
    [['a=1; Path=/', 'b=2; Path=/x/y', 'c=3; Path=/x'], 'b=2; c=3; a=1'],
    [['a=1; Path=/x', 'b=2; Path=/x', 'c=3; Path=/x/y', 'd=4; Path=/x/y'], 'c=3; d=4; a=1; b=2'],
    [['a=1; Domain=example.com; Path=/x', 'b=2; Path=/', 'c=3; Path=/x'], 'a=1; c=3; b=2'],
    [['a=1', 'b=2', 'a=3'], 'a=3; b=2'],
    [['a=1; Max-Age=9', 'b=2', 'a=3; Max-Age=0', 'a=4'], 'b=2; a=4'],
  ])('%j go out as %j: longest path first, then the oldest', (lines, header) => {
    expect(sent(filled('https://www.example.com/x/y', ...lines), 'https://www.example.com/x/y')).toBe(header)
  })

  test('an overwritten cookie keeps its age, an expired one does not', () => {
    const jar = new Jar()
    const url = at('https://example.com/')
    jar.set('a=1; Max-Age=10', { url, now: start })
    jar.set('b=1', { url, now: start + 1000 })
    expect(jar.set('a=2; Max-Age=10', { url, now: start + 2000 })).toMatchObject({
      cookie: { createdAt: start, updatedAt: start + 2000 },
    })
    expect(sent(jar, 'https://example.com/', start + 3000)).toBe('a=2; b=1')
    expect(jar.set('a=3', { url, now: start + 20_000 })).toMatchObject({
      cookie: { createdAt: start + 20_000 },
    })
    expect(sent(jar, 'https://example.com/', start + 21_000)).toBe('b=1; a=3')
  })

  test('a successor is younger than a cookie that was set before it in the same instant', () => {
    const jar = new Jar()
    const url = at('https://example.com/')
    jar.set('a=1; Max-Age=1', { url, now: start })
    for (const line of ['b=1', 'a=2']) jar.set(line, { url, now: start + 2000 })
    expect(sent(jar, 'https://example.com/')).toBe('b=1; a=2')
  })

  test('an imported cookie has the age that it had', () => {
    const jar = filled('https://example.com/', 'a=1', 'b=1')
    const [old] = filled('https://example.com/', 'old=1').all()
    if (old === undefined) throw new Error('nothing stored')
    jar.put({ ...old, createdAt: start - 1 }, start + 5000)
    expect(sent(jar, 'https://example.com/')).toBe('old=1; a=1; b=1')
  })

  test('cookies of one instant keep the order of their lines, also through a record', () => {
    const jar = new Jar()
    const url = at('https://example.com/')
    for (const name of ['c', 'a', 'b']) jar.set(`${name}=1`, { url, now: start })
    jar.set('c=2', { url, now: start })
    const again = Jar.fromRecord(JSON.parse(JSON.stringify(jar.toRecord())))
    expect(sent(again, 'https://example.com/')).toBe('c=2; a=1; b=1')
  })
})

describe('deletion', () => {
  test.each<[line: string, header: string]>([
    ['a=; Max-Age=0; Path=/', 'a=domain'],
    ['a=; Max-Age=-1; Path=/', 'a=domain'],
    ['a=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Path=/', 'a=domain'],
    ['a=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=900; Path=/', 'a=domain; a='],
    ['a=; Max-Age=0; Path=/; Domain=example.com', 'a=host'],
    ['a=; Max-Age=0; Path=/x', 'a=domain; a=host'],
    ['a=; Max-Age=0; Path=/; Domain=www.example.com', 'a=domain; a=host'],
    ['A=; Max-Age=0; Path=/', 'a=domain; a=host'],
    ['a=; Max-Age=never; Path=/', 'a=domain; a='],
  ])('%j leaves %j', (line, header) => {
    const url = 'https://www.example.com/'
    expect(sent(filled(url, 'a=domain; Path=/; Domain=example.com', 'a=host; Path=/', line), url)).toBe(
      header,
    )
  })

  test('says whether there was something to delete', () => {
    const jar = filled('https://example.com/', 'a=1')
    const drop = () => jar.set('a=; Max-Age=0', { url: at('https://example.com/'), now: start })
    expect(drop()).toMatchObject({ kind: 'deleted', changed: true })
    expect(drop()).toMatchObject({ kind: 'deleted', changed: false })
  })
})

test('a line that changes nothing says so and leaves the record as it was', () => {
  const jar = filled('https://example.com/', 'a=1; Path=/; Secure; HttpOnly')
  const before = JSON.stringify(jar.toRecord())
  const set = (line: string) => jar.set(line, { url: at('https://example.com/'), now: start + 5000 })
  expect(set('a=1; Path=/; HttpOnly; Secure')).toMatchObject({ kind: 'stored', changed: false })
  expect(JSON.stringify(jar.toRecord())).toBe(before)
  for (const line of [
    'a=2; Path=/; Secure; HttpOnly',
    'a=2; Path=/; Secure',
    'a=2; Path=/',
    'a=2; Path=/; Max-Age=9',
  ]) {
    expect(set(line), line).toMatchObject({ kind: 'stored', changed: true })
  }
})

describe('plain http beside a Secure cookie', () => {
  const secure = 'a=secure; Secure; Path=/login; Domain=example.com'
  test.each<[line: string, from: string, kind: SetOutcome['kind']]>([
    ['a=evil; Path=/login; Domain=example.com', 'http://example.com/', 'refused'],
    ['a=evil; Path=/login/en; Domain=example.com', 'http://example.com/', 'refused'],
    ['a=evil; Path=/login', 'http://example.com/', 'refused'],
    ['a=evil; Path=/login', 'http://www.example.com/', 'refused'],
    ['a=evil; Path=/login; Domain=www.example.com', 'http://www.example.com/', 'refused'],
    ['a=evil; Max-Age=0; Path=/login; Domain=example.com', 'http://example.com/', 'refused'],
    ['a=evil; Path=/login; Domain=example.com; SameSite=Lax', 'http://www.example.com/login', 'refused'],
    ['a=evil', 'http://example.com/login/x', 'refused'],
    ['a=other; Path=/', 'http://example.com/', 'stored'],
    ['a=other; Path=/foo; Domain=example.com', 'http://example.com/', 'stored'],
    ['a=other; Path=/loginx', 'http://example.com/', 'stored'],
    ['A=other; Path=/login; Domain=example.com', 'http://example.com/', 'stored'],
    ['b=other; Path=/login; Domain=example.com', 'http://example.com/', 'stored'],
    ['a=new; Path=/login; Domain=example.com', 'https://example.com/', 'stored'],
    ['a=new; Max-Age=0; Path=/login; Domain=example.com', 'https://example.com/', 'deleted'],
  ])('%j from %s is %s', (line, from, kind) => {
    const jar = filled('https://example.com/', secure)
    expect(jar.set(line, { url: at(from), now: start + 1000 }).kind).toBe(kind)
    if (kind === 'refused') expect(sent(jar, 'https://example.com/login')).toBe('a=secure')
  })

  test('a Secure cookie of a host above or below guards too', () => {
    const jar = filled('https://www.example.com/', 'a=secure; Secure; Path=/')
    const set = (line: string) => jar.set(line, { url: at('http://example.com/'), now: start }).kind
    expect(set('a=evil; Path=/; Domain=example.com')).toBe('refused')
    expect(set('b=fine; Path=/; Domain=example.com')).toBe('stored')
  })

  test('an expired cookie guards nothing, nor does a cookie that is not Secure', () => {
    const jar = filled('https://example.com/', 'a=1; Secure; Max-Age=1', 'b=1')
    const set = (line: string) => jar.set(line, { url: at('http://example.com/'), now: start + 10_000 }).kind
    expect(set('a=2')).toBe('stored')
    expect(set('b=2')).toBe('stored')
  })

  test('http on the loopback counts as secure, as it does for browsers', () => {
    const jar = filled('http://localhost/', 'a=1; Secure')
    expect(jar.set('a=2', { url: at('http://localhost/'), now: start }).kind).toBe('stored')
  })
})

describe('eviction', () => {
  const url = at('https://example.com/')
  function crowded(attributes: (index: number) => string, from = start): Jar {
    const jar = new Jar()
    for (let index = 0; index < maxCookiesPerSite; index++) {
      jar.set(`c${index}=x; ${attributes(index)}`, { url, now: from + index })
    }
    return jar
  }
  const names = (jar: Jar) => new Set(jar.all().map((cookie) => cookie.name))
  const late = start + 3_600_000

  test('the 181st cookie pushes the oldest out', () => {
    const jar = crowded(() => '')
    jar.set('new=1', { url, now: late })
    expect(jar.all()).toHaveLength(maxCookiesPerSite)
    expect(names(jar).has('c0')).toBe(false)
    expect(names(jar).has('c1')).toBe(true)
  })

  test('the oldest is the cookie whose last change is longest ago', () => {
    const jar = crowded(() => '')
    jar.set('c0=again', { url, now: late })
    jar.set('new=1', { url, now: late + 1 })
    expect(names(jar).has('c0')).toBe(true)
    expect(names(jar).has('c1')).toBe(false)
  })

  test('expired cookies go first, also Secure and younger ones', () => {
    const jar = crowded((index) => (index === 100 ? 'Secure; Max-Age=1' : ''))
    jar.set('new=1', { url, now: late })
    expect(names(jar).has('c100')).toBe(false)
    expect(names(jar).has('c0')).toBe(true)
  })

  test('then cookies that are not Secure', () => {
    const jar = crowded((index) => (index === 100 ? '' : 'Secure'))
    jar.set('new=1; Secure', { url, now: late })
    expect(names(jar).has('c100')).toBe(false)
    expect(names(jar).has('c0')).toBe(true)
  })

  test('nobody on plain http floods Secure cookies out', () => {
    const jar = crowded(() => 'Secure')
    for (let index = 0; index < 200; index++) {
      const outcome = jar.set(`f${index}=1`, { url: at('http://example.com/'), now: late + index })
      expect(outcome).toMatchObject({ kind: 'refused', reason: expect.stringContaining('no room') })
    }
    expect(names(jar).has('c0')).toBe(true)
    expect(jar.all()).toHaveLength(maxCookiesPerSite)
  })

  test('the count is for a whole site, and each site has its own', () => {
    const jar = crowded(() => '')
    jar.set('other=1', { url: at('https://other.test/'), now: late })
    expect(names(jar).has('c0')).toBe(true)
    jar.set('sub=1', { url: at('https://deep.www.example.com/'), now: late })
    expect(names(jar).has('c0')).toBe(false)
    expect(names(jar).has('other')).toBe(true)
  })

  test('overwriting needs no room', () => {
    const jar = crowded(() => '')
    jar.set('c5=again', { url, now: late })
    expect(names(jar).has('c0')).toBe(true)
  })
})

describe('a jar knows', () => {
  test.each<[line: string, known: string[], unknown: string[]]>([
    ['a=1', ['www.example.com', 'WWW.EXAMPLE.COM.'], ['example.com', 'a.www.example.com', 'wwwwexample.com']],
    [
      'a=1; Domain=example.com',
      ['example.com', 'www.example.com', 'a.b.example.com'],
      ['badexample.com', 'example.org', 'com'],
    ],
  ])('%j makes the hosts known that it goes to', (line, known, unknown) => {
    const jar = filled('https://www.example.com/', line)
    for (const host of known) expect(jar.covers(host), host).toBe(true)
    for (const host of unknown) expect(jar.covers(host), host).toBe(false)
  })

  test('hosts stay known when the cookie is deleted, cleared or evicted', () => {
    const url = at('https://example.com/')
    const jar = filled('https://example.com/', 'a=1', 'a=; Max-Age=0')
    expect(jar.covers('example.com')).toBe(true)
    jar.set('a=1', { url, now: start })
    jar.clear(url)
    expect(jar.all()).toEqual([])
    expect(Jar.fromRecord(JSON.parse(JSON.stringify(jar.toRecord()))).covers('example.com')).toBe(true)
  })

  test('a refused cookie makes no host known, nor does a deletion without a cookie', () => {
    const jar = filled('https://example.com/', 'a=1; Domain=com', '__Host-a=1', 'a=; Max-Age=0')
    expect(jar.covers('example.com')).toBe(false)
    expect(jar.toRecord()).toEqual({ cookies: [], covers: [] })
  })

  test('a site with endless hosts cannot make the record endless, and hosts with cookies stay known', () => {
    const jar = new Jar()
    jar.set('keep=1; Secure', { url: at('https://first.example.com/'), now: start })
    for (let index = 0; index < 1500; index++) {
      jar.set('a=1', { url: at(`https://h${index}.example.com/`), now: start + index })
    }
    expect(jar.toRecord().covers.length).toBeLessThanOrEqual(1000)
    expect(jar.covers('first.example.com')).toBe(true)
    expect(jar.covers('h1499.example.com')).toBe(true)
  })
})

describe('removal by the user', () => {
  function both(): Jar {
    const jar = filled('https://www.example.com/', 'a=1', 'b=1', 'c=1; Domain=example.com')
    jar.set('a=1', { url: at('https://example.com/'), now: start })
    jar.set('a=1', { url: at('https://badexample.com/'), now: start })
    return jar
  }

  test.each<[filter: { host?: string; name?: string }, removed: number]>([
    [{ host: 'example.com' }, 4],
    [{ host: 'EXAMPLE.com.' }, 4],
    [{ host: 'www.example.com' }, 2],
    [{ host: 'example.com', name: 'a' }, 2],
    [{ host: 'www.example.com', name: 'a' }, 1],
    [{ name: 'a' }, 3],
    [{ name: 'A' }, 0],
    [{ host: 'ample.com' }, 0],
    [{ host: 'com' }, 5],
    [{}, 5],
  ])('%j removes %i', (filter, removed) => {
    const jar = both()
    expect(jar.remove(filter)).toBe(removed)
    expect(jar.all()).toHaveLength(5 - removed)
  })

  test('forgets the hosts with everything of them, but not with one name', () => {
    const single = filled('https://example.com/', 'a=1')
    expect(single.remove({ host: 'example.com', name: 'a' })).toBe(1)
    expect(single.covers('example.com')).toBe(true)
    const jar = both()
    jar.remove({ host: 'example.com' })
    expect(jar.covers('example.com')).toBe(false)
    expect(jar.covers('www.example.com')).toBe(false)
    expect(jar.covers('badexample.com')).toBe(true)
  })
})

describe('Clear-Site-Data', () => {
  test('takes the whole registrable domain, and no other', () => {
    const jar = filled('https://a.example.com/', 'a=1', 'b=1; Domain=example.com')
    jar.set('c=1', { url: at('https://b.example.com/'), now: start })
    jar.set('d=1', { url: at('https://example.com/'), now: start })
    jar.set('e=1', { url: at('https://badexample.com/'), now: start })
    const cleared = jar.clear(at('https://b.example.com/'))
    expect(cleared.map((cookie) => cookie.name)).toEqual(['a', 'b', 'c', 'd'])
    expect(jar.all().map((cookie) => cookie.name)).toEqual(['e'])
  })

  test('does nothing over plain http, where anyone could say it', () => {
    const jar = filled('https://example.com/', 'a=1; Secure', 'b=1')
    expect(jar.clear(at('http://example.com/'))).toEqual([])
    expect(jar.all()).toHaveLength(2)
  })
})
