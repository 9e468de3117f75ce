import { describe, expect, test } from 'vitest'
import { at } from '../../test/support/request-url.ts'
import type { Cookie, SiteContext } from './cookie.ts'
import { Jar } from './jar.ts'
import { selectCookies } from './select.ts'

const now = Date.UTC(2026, 0, 1)

const plain: Cookie = {
  name: 'a',
  value: 'b',
  domain: 'www.example.com',
  hostOnly: true,
  path: '/',
  secure: false,
  httpOnly: false,
  sameSite: 'default',
  createdAt: 1,
  updatedAt: 1,
}

/** `attached`, the reason it is withheld for, or undefined when it is not even mentioned. */
function fate(part: Partial<Cookie>, url: string, site: SiteContext = 'same-site'): string | undefined {
  const { attached, withheld } = selectCookies([{ ...plain, ...part }], at(url), { now, site })
  return attached.length === 1 ? 'attached' : withheld[0]?.reason
}

describe('host', () => {
  const domain = { domain: 'example.com', hostOnly: false }
  test.each<[part: Partial<Cookie>, host: string, fate: string | undefined]>([
    [{}, 'www.example.com', 'attached'],
    [{}, 'WWW.example.com', 'attached'],
    [{}, 'example.com', 'host-only www.example.com'],
    [{}, 'a.www.example.com', 'host-only www.example.com'],
    [{}, 'ww.example.com', 'host-only www.example.com'],
    [{}, 'www.example.org', undefined],
    [{}, 'www.example.com.evil.test', undefined],
    [{}, 'wwwxexample.com', undefined],
    [domain, 'example.com', 'attached'],
    [domain, 'www.example.com', 'attached'],
    [domain, 'a.b.c.example.com', 'attached'],
    [domain, 'badexample.com', undefined],
    [domain, 'example.com.evil.test', undefined],
    [domain, 'example.co', undefined],
    [domain, 'com', undefined],
    [{ domain: 'a.example.com', hostOnly: false }, 'b.example.com', 'domain a.example.com'],
    [{ domain: 'a.example.com', hostOnly: false }, 'example.com', 'domain a.example.com'],
    [{ domain: '127.0.0.1' }, '127.0.0.1', 'attached'],
    [{ domain: '127.0.0.1' }, '127.0.0.2', undefined],
    [{ domain: '::1' }, '[::1]', 'attached'],
    [{ domain: 'localhost' }, 'localhost', 'attached'],
    [{ domain: 'localhost' }, 'app.localhost', undefined],
    // A domain that became a public suffix after the cookie came.
    [{ domain: 'github.io', hostOnly: false }, 'me.github.io', undefined],
    [{ domain: 'github.io', hostOnly: false }, 'github.io', 'public suffix github.io'],
    [{ domain: 'github.io' }, 'github.io', 'attached'],
  ])('%j to %s: %j', (part, host, expected) => {
    expect(fate(part, `https://${host}/`)).toBe(expected)
  })
})

describe('path', () => {
  test.each<[path: string, requestPath: string, goes: boolean]>([
    ['/', '/', true],
    ['/', '/x', true],
    ['/x', '/x', true],
    ['/x', '/x/', true],
    ['/x', '/x/y', true],
    ['/x', '/xy', false],
    ['/x', '/', false],
    ['/x', '/X', false],
    ['/x', '/y/x', false],
    ['/x/', '/x', false],
    ['/x/', '/x/', true],
    ['/x/', '/x/y', true],
    ['/x/y', '/x', false],
    ['/x', '/x%2Fy', false],
    ['/x', '/x.html', false],
    ['/x', '/x;y', false],
    ['/x y', '/x%20y', false],
    ['/x%20y', '/x%20y', true],
    ['/%61', '/a', false],
    ['//', '//x', true],
    ['//', '/x', false],
    ['/..', '/x', false],
  ])('%j goes with a request for %j: %j', (path, requestPath, goes) => {
    const url = { ...at('https://www.example.com/'), path: requestPath }
    const { attached, withheld } = selectCookies([{ ...plain, path }], url, { now, site: 'same-site' })
    expect(attached).toHaveLength(goes ? 1 : 0)
    expect(withheld.map(({ reason }) => reason)).toEqual(goes ? [] : [`path ${path}`])
  })
})

describe('expiry', () => {
  test.each<[ago: number, fate: string]>([
    [-1, 'attached'],
    [0, 'expired 0 s ago'],
    [59_999, 'expired 59 s ago'],
    [60_000, 'expired 1 min ago'],
    [3_599_000, 'expired 59 min ago'],
    [3 * 3_600_000, 'expired 3 h ago'],
    [47 * 3_600_000, 'expired 47 h ago'],
    [48 * 3_600_000, 'expired 2 d ago'],
    [90 * 86_400_000, 'expired 90 d ago'],
  ])('%i ms ago: %s', (ago, expected) => {
    expect(fate({ expiresAt: now - ago }, 'https://www.example.com/')).toBe(expected)
  })

  test('is looked at when sending, so a decision holds until the first of the attached goes', () => {
    const jar = new Jar()
    const url = at('https://example.com/')
    for (const line of ['a=1; Max-Age=60', 'b=1; Max-Age=30', 'c=1; Max-Age=5; Path=/x', 'd=1']) {
      jar.set(line, { url, now })
    }
    const first = jar.select(url, { now, site: 'same-site' })
    expect(first.validUntil).toBe(now + 30_000)
    const second = jar.select(url, { now: first.validUntil, site: 'same-site' })
    expect(second.attached.map((cookie) => cookie.name)).toEqual(['a', 'd'])
    expect(second.validUntil).toBe(now + 60_000)
    expect(jar.select(url, { now: now + 60_000, site: 'same-site' }).validUntil).toBe(Infinity)
  })
})

describe('scheme', () => {
  test.each<[part: Partial<Cookie>, url: string, fate: string]>([
    [{}, 'http://www.example.com/', 'attached'],
    [{ secure: true }, 'https://www.example.com/', 'attached'],
    [{ secure: true }, 'http://www.example.com/', 'secure: not over http'],
    [{ secure: true, domain: '10.0.0.1' }, 'http://10.0.0.1/', 'secure: not over http'],
    [{ secure: true, domain: 'app.localhost' }, 'http://app.localhost/', 'secure: not over http'],
    [{ secure: true, domain: 'localhost' }, 'http://localhost/', 'attached'],
    [{ secure: true, domain: '127.0.0.1' }, 'http://127.0.0.1/', 'attached'],
    [{ httpOnly: true }, 'http://www.example.com/', 'attached'],
  ])('%j over %s: %s', (part, url, expected) => expect(fate(part, url)).toBe(expected))
})

describe('SameSite', () => {
  const none = { sameSite: 'none', secure: true } as const
  test.each<[part: Partial<Cookie>, sameSite: string, navigation: string, crossSite: string]>([
    [{}, 'attached', 'attached', 'samesite default: cross-site request'],
    [{ sameSite: 'lax' }, 'attached', 'attached', 'samesite lax: cross-site request'],
    [
      { sameSite: 'strict' },
      'attached',
      'samesite strict: cross-site request',
      'samesite strict: cross-site request',
    ],
    [none, 'attached', 'attached', 'attached'],
    [{ ...none, partitioned: true }, 'attached', 'attached', 'partitioned: cross-site request'],
  ])('%j: %s / %s / %s', (part, sameSite, navigation, crossSite) => {
    const url = 'https://www.example.com/'
    expect(fate(part, url, 'same-site')).toBe(sameSite)
    expect(fate(part, url, 'cross-site-navigation')).toBe(navigation)
    expect(fate(part, url, 'cross-site')).toBe(crossSite)
  })
})
