import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import type { RequestUrl } from './cookie.ts'
import { type Cookie, identityOf } from './cookie.ts'
import { cookieHeader, mergeCookies, parseCookieHeader } from './cookie-header.ts'
import { Jar } from './jar.ts'
import { hostMatches, isSecure, siteOf } from './site.ts'

const now = Date.UTC(2026, 0, 1)

/** Hosts that are easily taken for one another. */
const hosts = [
  'example.com',
  'www.example.com',
  'a.www.example.com',
  'badexample.com',
  'example.com.evil.test',
  'evil.test',
  'example.co.uk',
  'www.example.co.uk',
  'other.co.uk',
  'co.uk',
  'me.github.io',
  'you.github.io',
  'github.io',
  'localhost',
  'app.localhost',
  '127.0.0.1',
  '1.127.0.0.1',
  '::1',
]
const host = fc.constantFrom(...hosts)
const path = fc.constantFrom('/', '/x', '/x/', '/x/y', '/xy', '/X', '//', '/x/y/z', '/__proto__')
const url: fc.Arbitrary<RequestUrl> = fc.record({
  scheme: fc.constantFrom('https' as const, 'http' as const),
  host,
  port: fc.constantFrom(80, 443, 8443),
  path,
})

const byte = fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code))
const noise = fc.array(byte, { maxLength: 12 }).map((bytes) => bytes.join(''))
const word = fc.constantFrom('a', 'b', 'sid', '', '__Host-a', '__secure-b', '__proto__', 'constructor')
const attribute = fc.oneof(
  host.map((domain) => `Domain=${domain}`),
  host.map((domain) => `domain=.${domain.toUpperCase()}`),
  path.map((text) => `Path=${text}`),
  fc.constantFrom('Secure', 'HttpOnly', 'Partitioned', 'Max-Age=60', 'Max-Age=0', 'Expires=x', 'Path='),
  fc.constantFrom('SameSite=Lax', 'SameSite=None', 'SameSite=Strict', 'SameSite'),
  noise,
)
const line = fc.oneof(
  { weight: 9, arbitrary: fc.tuple(word, word, fc.array(attribute, { maxLength: 5 })).map(join) },
  { weight: 1, arbitrary: noise },
)
function join([name, value, attributes]: readonly [string, string, readonly string[]]): string {
  return [`${name}=${value}`, ...attributes].join('; ')
}
const visits = fc.array(fc.tuple(line, url), { maxLength: 30 })
const site = fc.constantFrom('same-site' as const, 'cross-site-navigation' as const, 'cross-site' as const)

function visited(all: readonly (readonly [string, RequestUrl])[], each = 1): Jar {
  const jar = new Jar()
  all.forEach(([text, from], index) => {
    jar.set(text, { url: from, now: now + index * each })
  })
  return jar
}

describe('for all that servers can set', () => {
  test.prop([visits, url, site])('nothing goes where it does not belong', (all, to, from) => {
    const { attached } = visited(all).select(to, { now: now + 1000, site: from })
    for (const cookie of attached) {
      expect(siteOf(cookie.domain)).toBe(siteOf(to.host))
      if (cookie.hostOnly) expect(cookie.domain).toBe(to.host)
      else expect(hostMatches(to.host, cookie.domain)).toBe(true)
      if (cookie.secure) expect(isSecure(to)).toBe(true)
      if (from === 'cross-site') expect(cookie.sameSite).toBe('none')
      expect(`${to.path}/`.startsWith(cookie.path.replace(/\/?$/, '/'))).toBe(true)
    }
  })

  test.prop([visits, url])('a site gets back only cookies of its own hosts', (all, to) => {
    const own = all.filter(([, from]) => siteOf(from.host) === siteOf(to.host))
    const values = (jar: Jar) => cookieHeader(jar.select(to, { now: now + 1000, site: 'same-site' }).attached)
    expect(values(visited(all))).toBe(values(visited(own)))
  })

  test.prop([visits, url])('every cookie of the site is attached or withheld, with a reason', (all, to) => {
    const jar = visited(all)
    const { attached, withheld } = jar.select(to, { now: now + 30_000, site: 'cross-site' })
    const ofSite = jar.all().filter((cookie) => siteOf(cookie.domain) === siteOf(to.host))
    const told = [...attached, ...withheld.map(({ cookie }) => cookie)]
    expect(new Set(told.map(identityOf))).toEqual(new Set(ofSite.map(identityOf)))
    expect(told).toHaveLength(ofSite.length)
    for (const { reason } of withheld) expect(reason).not.toBe('')
  })

  test.prop([visits, url])('longer paths come first, and among equals the older', (all, to) => {
    const { attached } = visited(all).select(to, { now: now + 1000, site: 'same-site' })
    attached.slice(1).forEach((cookie, index) => {
      const before = attached[index] ?? cookie
      const older = before.createdAt <= cookie.createdAt
      expect(
        before.path.length > cookie.path.length || (before.path.length === cookie.path.length && older),
      ).toBe(true)
    })
  })

  test.prop([visits, url])(
    'no control character but TAB leaves, and no byte is changed into text',
    (all, to) => {
      const header = cookieHeader(visited(all).select(to, { now, site: 'same-site' }).attached)
      expect(header).toMatch(/^[\t\x20-\x7e\x80-\xff]*$/)
    },
  )

  test.prop([visits])('a stored record reads back unchanged', (all) => {
    const jar = visited(all)
    const again = Jar.fromRecord(JSON.parse(JSON.stringify(jar.toRecord())))
    expect(again.toRecord()).toEqual(jar.toRecord())
    for (const name of hosts) expect(again.covers(name)).toBe(jar.covers(name))
  })

  test.prop([visits])('hosts that can get a cookie are known', (all) => {
    const jar = visited(all)
    for (const name of hosts) {
      const held = jar
        .all()
        .some((cookie) => cookie.domain === name || (!cookie.hostOnly && hostMatches(name, cookie.domain)))
      if (held) expect(jar.covers(name)).toBe(true)
    }
  })

  test.prop([visits, url])('http never takes a Secure cookie away', (all, to) => {
    const before = visited(all)
    const after = visited(all)
    const kept = (jar: Jar) =>
      jar
        .all()
        .filter((cookie) => cookie.secure)
        .map((cookie) => [identityOf(cookie), cookie.value])
    for (const [text] of all)
      after.set(text, { url: { ...to, scheme: 'http', host: 'www.example.com' }, now: now + 100 })
    expect(kept(after)).toEqual(kept(before))
  })
})

describe('order of arrival', () => {
  const unlike = fc.uniqueArray(fc.tuple(fc.constantFrom('a', 'b', 'c', 'd', 'e'), path), {
    selector: ([name, where]) => `${name} ${where.length}`,
  })
  const from: RequestUrl = { scheme: 'https', host: 'www.example.com', port: 443, path: '/x/y/z' }

  test.prop([unlike, fc.infiniteStream(fc.nat())])(
    'does not matter for cookies of different paths',
    (cookies, random) => {
      const lines = cookies
        .filter(([name]) => name === 'a')
        .map(([name, where]) => [`${name}=${where}; Path=${where}`, from] as const)
      const shuffled = lines
        .map((entry) => ({ entry, key: random.next().value }))
        .toSorted((a, b) => a.key - b.key)
        .map(({ entry }) => entry)
      const header = (jar: Jar) =>
        cookieHeader(jar.select(from, { now: now + 1000, site: 'same-site' }).attached)
      expect(header(visited(shuffled))).toBe(header(visited(lines)))
    },
  )

  test.prop([
    fc.uniqueArray(
      word.filter((name) => !name.startsWith('__')),
      { minLength: 1 },
    ),
  ])('is the order of sending for cookies of one path, however often they are set again', (names) => {
    const lines = names.map((name) => [`${name}=1`, from] as const)
    const again = [...lines, ...lines.toReversed()]
    const order = visited(again).select(from, { now: now + 1000, site: 'same-site' }).attached
    expect(order.map((cookie) => cookie.name)).toEqual(names)
  })

  test.prop([visits])('the last line about a cookie counts', (all) => {
    const jar = visited(all)
    const final: [string, Cookie][] = []
    const replay = new Jar()
    all.forEach(([text, where], index) => {
      const outcome = replay.set(text, { url: where, now: now + index })
      if (outcome.kind !== 'refused') final.push([identityOf(outcome.cookie), outcome.cookie])
    })
    const last = new Map(final)
    for (const cookie of jar.all()) expect(last.get(identityOf(cookie))?.value).toBe(cookie.value)
  })
})

describe('a ready cookie', () => {
  test.prop([visits])('that a server has set is taken as it is', (all) => {
    const jar = visited(all)
    const copy = new Jar()
    for (const cookie of jar.all()) {
      expect(copy.put(cookie, cookie.updatedAt)).toMatchObject({ kind: 'stored' })
    }
    expect(copy.all()).toEqual(jar.all())
  })

  test.prop([
    fc.record({ name: noise, value: noise, domain: fc.oneof(host, noise), path: fc.oneof(path, noise) }),
  ])('never writes a second cookie or line', (part) => {
    const jar = new Jar()
    const outcome = jar.put(
      {
        ...part,
        hostOnly: true,
        secure: false,
        httpOnly: false,
        sameSite: 'default',
        createdAt: now,
        updatedAt: now,
      },
      now,
    )
    const header = cookieHeader(jar.all())
    expect(parseCookieHeader(header)).toHaveLength(outcome.kind === 'stored' ? 1 : 0)
    expect(header).toMatch(/^[\t\x20-\x7e\x80-\xff]*$/)
  })
})

describe('the merge with the cookies of a client', () => {
  const text = fc.constantFrom('a', 'b', 'c', 'd')
  const secureUrl: RequestUrl = { scheme: 'https', host: 'example.com', port: 443, path: '/x/y' }
  const own = fc.array(
    fc.tuple(fc.constantFrom('a=', 'b=', 'c=', '', '='), text).map((parts) => parts.join('')),
    { maxLength: 8 },
  )
  const jarCookies = visits.map((all) => visited(all.map(([said]) => [said, secureUrl] as const)))

  test.prop([own, jarCookies])(
    'loses nothing hidden from it and nothing of its own that is not hidden',
    (sent, jar) => {
      const { attached } = jar.select(secureUrl, { now: now + 1000, site: 'same-site' })
      const visible = (cookie: Cookie) => !cookie.httpOnly
      const hidden = attached.filter((cookie) => !visible(cookie))
      const names = new Set(hidden.map((cookie) => cookie.name))
      const mine = parseCookieHeader(sent.join('; '))
      const merged = parseCookieHeader(mergeCookies(mine, attached, visible)).map(({ raw }) => raw)
      for (const cookie of hidden) expect(merged).toContain(cookieHeader([cookie]))
      for (const { name, raw } of mine) if (name === '' || !names.has(name)) expect(merged).toContain(raw)
      const clients = merged.filter((raw) => mine.some((cookie) => cookie.raw === raw))
      if (hidden.length === 0) expect(clients.slice(0, mine.length)).toEqual(mine.map(({ raw }) => raw))
    },
  )
})
