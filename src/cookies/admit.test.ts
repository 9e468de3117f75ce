import { describe, expect, test } from 'vitest'
import { at } from '../../test/support/request-url.ts'
import type { SetContext } from './admit.ts'
import type { Cookie } from './cookie.ts'
import { Jar, type SetOutcome } from './jar.ts'

const now = Date.UTC(2026, 0, 1)

function set(line: string, url: string, site: SetContext['site'] = 'same-site'): SetOutcome {
  return new Jar().set(line, { url: at(url), now, site })
}

function reason(outcome: SetOutcome): string | undefined {
  return outcome.kind === 'refused' ? outcome.reason : undefined
}

describe('Domain', () => {
  test.each<[host: string, attribute: string | undefined, domain: string, hostOnly: boolean]>([
    ['www.example.com', undefined, 'www.example.com', true],
    ['www.example.com', '', 'www.example.com', true],
    ['www.example.com', 'www.example.com', 'www.example.com', false],
    ['www.example.com', '.www.example.com', 'www.example.com', false],
    ['www.example.com', 'example.com', 'example.com', false],
    ['www.example.com', '.example.com', 'example.com', false],
    ['www.example.com', 'EXAMPLE.com', 'example.com', false],
    ['www.example.com', '.eXaMpLe.CoM', 'example.com', false],
    ['a.b.example.com', 'b.example.com', 'b.example.com', false],
    ['www.example.co.uk', 'example.co.uk', 'example.co.uk', false],
    ['me.github.io', 'me.github.io', 'me.github.io', false],
    ['www.app.test', 'app.test', 'app.test', false],
    ['www.xn--bcher-kva.test', 'xn--bcher-kva.test', 'xn--bcher-kva.test', false],
    // Of a public suffix, an address or a single label: the host itself alone.
    ['co.uk', 'co.uk', 'co.uk', true],
    ['github.io', '.github.io', 'github.io', true],
    ['localhost', 'localhost', 'localhost', true],
    ['localhost', '.localhost', 'localhost', true],
    ['intranet', 'intranet', 'intranet', true],
    ['127.0.0.1', undefined, '127.0.0.1', true],
    ['127.0.0.1', '127.0.0.1', '127.0.0.1', true],
    ['[::1]', undefined, '::1', true],
    ['[::1]', '[::1]', '::1', true],
    ['[::1]', '::1', '::1', true],
  ])('from %s with %j the cookie is of %s, host-only %j', (host, attribute, domain, hostOnly) => {
    const line = attribute === undefined ? 'a=b' : `a=b; Domain=${attribute}`
    expect(set(line, `https://${host}/`)).toMatchObject({ kind: 'stored', cookie: { domain, hostOnly } })
  })

  test.each<[host: string, attribute: string]>([
    ['www.example.com', 'other.example'],
    ['www.example.com', 'ww.example.com'],
    ['www.example.com', 'w.example.com'],
    ['www.example.com', 'a.www.example.com'],
    ['example.com', 'www.example.com'],
    ['badexample.com', 'example.com'],
    ['example.com.evil.test', 'example.com'],
    ['www.example.com', 'ample.com'],
    ['www.example.com', 'example.com.'],
    ['www.example.com', 'www.example.com.'],
    ['www.example.com', '..example.com'],
    ['www.example.com', 'www..example.com'],
    ['www.example.com', '. example.com'],
    ['www.example.com', '.'],
    ['www.example.com', '..'],
    ['www.example.com', '*'],
    ['www.example.com', '*.example.com'],
    ['www.example.com', '"example.com"'],
    ['www.example.com', 'example.com:443'],
    ['www.example.com', 'example.com/'],
    ['www.example.com', 'https://example.com'],
    ['www.example.com', 'example%2ecom'],
    ['www.example.com', 'user@example.com'],
    ['www.example.com', 'example.com,www.example.com'],
    ['www.example.com', 'com'],
    ['www.example.com', '.com'],
    ['www.example.com', 'COM'],
    ['www.example.com', '__proto__'],
    ['www.example.co.uk', 'co.uk'],
    // The mixed case of CVE-2023-46218.
    ['www.example.co.uk', 'co.UK'],
    ['www.example.co.uk', '.Co.Uk'],
    ['me.github.io', 'github.io'],
    ['me.github.io', 'GitHub.IO'],
    ['a.b.kobe.jp', 'b.kobe.jp'],
    ['app.test', 'test'],
    ['app.localhost', 'localhost'],
    ['www.xn--bcher-kva.test', 'b\xfccher.test'],
    ['www.xn--bcher-kva.test', 'b\xc3\xbccher.test'],
    ['www.xn--bcher-kva.test', 'xn--bcher-kvb.test'],
    ['1.2.3.4', '.1.2.3.4'],
    ['1.2.3.4', '3.4'],
    ['1.2.3.4', '2.3.4'],
    ['1.2.3.4', '4'],
    ['1.2.3.4', '1.2.3.5'],
    ['[::1]', ':1'],
    ['[1::1]', '::1'],
  ])('from %s nobody sets a cookie for %j', (host, attribute) => {
    expect(reason(set(`a=b; Domain=${attribute}`, `https://${host}/`))).toMatch(/domain|address/)
  })

  test('the last one counts, and an empty one does not take an earlier one back', () => {
    const from = 'https://www.example.com/'
    expect(set('a=b; Domain=other.example; Domain=example.com', from)).toHaveProperty('kind', 'stored')
    expect(set('a=b; Domain=example.com; Domain=other.example', from)).toHaveProperty('kind', 'refused')
    expect(set('a=b; Domain=other.example; Domain=', from)).toHaveProperty('kind', 'refused')
  })

  test('a host is the same with a trailing dot and in capitals', () => {
    const url = { ...at('https://x/'), host: 'WWW.Example.COM.' }
    expect(new Jar().set('a=b', { url, now })).toMatchObject({ cookie: { domain: 'www.example.com' } })
    expect(new Jar().set('a=b; Domain=example.com', { url, now })).toMatchObject({
      cookie: { domain: 'example.com', hostOnly: false },
    })
  })

  test.each(['', '.', '..', 'a b', 'a/b', '../x', 'a\0b', 'a..b', 'x'.repeat(254)])(
    'the host %j keeps no cookies',
    (host) => {
      const outcome = new Jar().set('a=b', { url: { ...at('https://x/'), host }, now })
      expect(outcome).toMatchObject({ kind: 'refused', reason: 'the domain is not a host name' })
    },
  )
})

describe('Path', () => {
  test.each<[requestPath: string, path: string]>([
    ['/', '/'],
    ['/a', '/'],
    ['/a/', '/a'],
    ['/a/b', '/a'],
    ['/a/b/', '/a/b'],
    ['/a/b/c.html', '/a/b'],
    ['/a//b', '/a/'],
    ['//', '/'],
    ['/a/%2e%2e/b', '/a/%2e%2e'],
    ['/a;v=1/b', '/a;v=1'],
    ['', '/'],
    ['*', '/'],
  ])('without one, after a request for %j, it is %j', (requestPath, path) => {
    const url = { ...at('https://example.com/'), path: requestPath }
    for (const line of ['a=b', 'a=b; Path', 'a=b; Path=', 'a=b; Path=x', 'a=b; Path=/q; Path=']) {
      expect(new Jar().set(line, { url, now })).toMatchObject({ cookie: { path } })
    }
  })

  test.each(['/', '/x', '/x/', '/X', '//', '/a b', '/%20', '/..', '/__proto__'])(
    'it may be %j, wherever the request went',
    (path) => {
      expect(set(`a=b; Path=${path}`, 'https://example.com/elsewhere/x')).toMatchObject({ cookie: { path } })
    },
  )

  test('bytes beyond ASCII drop the cookie, and do not widen it to the default path', () => {
    const from = 'https://example.com/x/'
    expect(reason(set('a=b; Path=/x; Path=/\xc3\xa9', from))).toBe('a path that is not ASCII')
    expect(set('a=b; Path=/\xc3\xa9; Path=/x', from)).toHaveProperty('kind', 'stored')
  })
})

describe('Secure and SameSite', () => {
  test.each<[attributes: string, url: string, refused: string | undefined]>([
    ['Secure', 'https://example.com/', undefined],
    ['Secure', 'http://example.com/', 'Secure, but set over http'],
    ['secure=no', 'http://example.com/', 'Secure, but set over http'],
    ['Secure; Max-Age=0', 'http://example.com/', 'Secure, but set over http'],
    ['Secure', 'http://10.0.0.1/', 'Secure, but set over http'],
    ['Secure', 'http://app.localhost/', 'Secure, but set over http'],
    ['Secure', 'http://localhost/', undefined],
    ['Secure', 'http://127.0.0.1/', undefined],
    ['Secure', 'http://[::1]/', undefined],
    ['SameSite=None; Secure', 'https://example.com/', undefined],
    ['SameSite=None', 'https://example.com/', 'SameSite=None without Secure'],
    ['SameSite=None', 'http://example.com/', 'SameSite=None without Secure'],
    ['SameSite=Lax', 'http://example.com/', undefined],
    ['SameSite=Strict', 'http://example.com/', undefined],
    ['Partitioned; Secure', 'https://example.com/', undefined],
    ['Partitioned', 'https://example.com/', 'Partitioned without Secure'],
    ['Partitioned; Secure; Path=/x; Domain=example.com', 'https://example.com/', undefined],
  ])('%j from %s: %j', (attributes, url, refused) => {
    expect(reason(set(`a=b; ${attributes}`, url))).toBe(refused)
  })

  test.each<[attributes: string, site: SetContext['site'], stored: boolean]>([
    ['', 'same-site', true],
    ['', 'cross-site-navigation', true],
    ['', 'cross-site', false],
    ['SameSite=Lax', 'same-site', true],
    ['SameSite=Lax', 'cross-site-navigation', true],
    ['SameSite=Lax', 'cross-site', false],
    ['SameSite=Strict', 'same-site', true],
    ['SameSite=Strict', 'cross-site-navigation', true],
    ['SameSite=Strict', 'cross-site', false],
    ['SameSite=None; Secure', 'cross-site', true],
    ['SameSite=None; Secure; Partitioned', 'same-site', true],
    ['SameSite=None; Secure; Partitioned', 'cross-site-navigation', true],
    ['SameSite=None; Secure; Partitioned', 'cross-site', false],
  ])('%j in answer to a %s request is stored: %j', (attributes, site, stored) => {
    expect(set(`a=b; ${attributes}`, 'https://example.com/', site).kind).toBe(stored ? 'stored' : 'refused')
  })
})

describe('prefixes', () => {
  const secure = '__Secure- without Secure'
  const host = '__Host- without Secure, Path=/ and no Domain'
  const http = '__Http- without Secure and HttpOnly'
  const hostHttp = '__Host-Http- without HttpOnly'
  const rows: [name: string, attributes: string, refused: string | undefined][] = [
    ['__Secure-a', 'Secure', undefined],
    ['__Secure-a', 'Secure; Domain=example.com; Path=/x', undefined],
    ['__Secure-a', '', secure],
    ['__Secure-a', 'Max-Age=0', secure],
    ['__Secure-', '', secure],
    ['__Secure', '', undefined],
    ['_Secure-a', '', undefined],
    ['__Secure_a', '', undefined],
    ['a__Secure-', '', undefined],
    ['__%53ecure-a', '', undefined],
    ['__Host-a', 'Secure; Path=/', undefined],
    ['__Host-a', 'Secure; Path=/; HttpOnly; SameSite=Strict; Max-Age=9', undefined],
    ['__Host-a', 'Secure; Path=/x; Path=/', undefined],
    ['__Host-a', 'Path=/', host],
    ['__Host-a', '', host],
    // From the root the default path is / too, but nobody said so.
    ['__Host-a', 'Secure', host],
    ['__Host-a', 'Secure; Path', host],
    ['__Host-a', 'Secure; Path=', host],
    ['__Host-a', 'Secure; Path=/; Path=', host],
    ['__Host-a', 'Secure; Path=/x', host],
    ['__Host-a', 'Secure; Path=/; Path=/x', host],
    ['__Host-a', 'Secure; Path=//', host],
    ['__Host-a', 'Secure; Path=/; Domain=example.com', host],
    ['__Host-a', 'Secure; Path=/; Domain=www.example.com', host],
    ['__Host-a', 'Secure; Path=/; Domain=', undefined],
    ['__Http-a', 'Secure; HttpOnly', undefined],
    ['__Http-a', 'Secure; HttpOnly; Domain=example.com; Path=/x', undefined],
    ['__Http-a', 'Secure', http],
    ['__Http-a', 'HttpOnly', http],
    ['__Http-a', '', http],
    ['__Host-Http-a', 'Secure; HttpOnly; Path=/', undefined],
    ['__Host-Http-a', 'Secure; Path=/', hostHttp],
    ['__Host-Http-a', 'Secure; HttpOnly', host],
    ['__Host-Http-a', 'Secure; HttpOnly; Path=/; Domain=example.com', host],
  ]
  test.each(rows)('%s with %j, in any letter case: %j', (name, attributes, refused) => {
    for (const spelled of [name, name.toLowerCase(), name.toUpperCase(), name.replaceAll('o', 'O')]) {
      expect(reason(set(`${spelled}=b; ${attributes}`, 'https://www.example.com/')), spelled).toBe(refused)
    }
  })

  test.each(['__Secure-a', '__Host-a', '__Http-a', '__Host-Http-a'])(
    '%s is not set over http at all, nor from a page below with the default path',
    (name) => {
      const all = 'Secure; HttpOnly; Path=/'
      expect(set(`${name}=b; ${all}`, 'http://example.com/')).toHaveProperty('kind', 'refused')
      expect(set(`${name}=b; ${all}`, 'https://example.com/x/y')).toHaveProperty('kind', 'stored')
    },
  )

  test.each([
    '__Secure-a=1',
    '__Host-a=1',
    '__Http-a=1',
    '__Host-Http-a=1',
    '__host-a',
    '__SECURE-',
    '__hTTp-x',
  ])('a nameless cookie cannot pose as one: %j', (value) => {
    const complete = 'Secure; HttpOnly; Path=/'
    for (const line of [`=${value}; ${complete}`, `= ${value}; ${complete}`]) {
      expect(reason(set(line, 'https://example.com/'))).toBe('a nameless cookie posing as a prefixed one')
    }
  })

  test('nor without the equals sign in front', () => {
    expect(set('__Host-a; Secure; Path=/', 'https://example.com/')).toHaveProperty('kind', 'refused')
  })

  test.each(['=a__Host-b=1', '==__Host-b=1', '=__Hostb=1', 'x__Secure-'])('%j poses as nothing', (line) => {
    expect(set(line, 'https://example.com/')).toHaveProperty('kind', 'stored')
  })
})

describe('a ready cookie', () => {
  const good: Cookie = {
    name: 'a',
    value: 'b',
    domain: 'example.com',
    hostOnly: false,
    path: '/',
    secure: false,
    httpOnly: false,
    sameSite: 'default',
    createdAt: 1,
    updatedAt: 1,
  }

  test.each<Partial<Cookie>>([
    {},
    { hostOnly: true },
    { domain: 'co.uk', hostOnly: true },
    { domain: '127.0.0.1', hostOnly: true },
    { domain: '::1', hostOnly: true },
    { name: '' },
    { value: '' },
    { value: 'x=y, "z" \xff' },
    { name: '__Host-a', hostOnly: true, secure: true },
    { name: '__proto__', path: '/__proto__' },
    { path: '/a;b' },
    { partitioned: true, secure: true },
    { sameSite: 'none', secure: true },
    { expiresAt: now + 1 },
    { expiresAt: Infinity },
  ])('is taken with %j', (part) => {
    const jar = new Jar()
    expect(jar.put({ ...good, ...part }, now)).toMatchObject({ kind: 'stored', changed: true })
    expect(Jar.fromRecord(JSON.parse(JSON.stringify(jar.toRecord()))).all()).toEqual(jar.all())
  })

  test.each<[part: Partial<Cookie>, reason: string]>([
    [{ value: 'b\r\nSet-Cookie: x=y' }, 'a control character in the value'],
    [{ value: 'b\0' }, 'a control character in the value'],
    [{ value: 'b\x7f' }, 'a control character in the value'],
    [{ name: 'a\n' }, 'a control character in the name'],
    [{ path: '/\r' }, 'a control character in the path'],
    [{ value: '\u20ac' }, 'a character that is not a byte in the value'],
    [{ value: 'b; admin=1' }, 'a semicolon in the value'],
    [{ name: 'a;b' }, 'a semicolon in the name'],
    [{ name: 'a=b' }, 'an equals sign in the name'],
    [{ name: ' a' }, 'blanks around the name'],
    [{ value: 'b\t' }, 'blanks around the value'],
    [{ name: '', value: '' }, 'neither name nor value'],
    [{ value: 'x'.repeat(4096) }, 'name and value are over 4096 bytes'],
    [{ path: '' }, 'a path that does not start with /'],
    [{ path: 'x' }, 'a path that does not start with /'],
    [{ domain: '' }, 'the domain is not a host name'],
    [{ domain: '.example.com' }, 'the domain is not a host name'],
    [{ domain: 'Example.com' }, 'the domain is not a host name'],
    [{ domain: 'example.com.' }, 'the domain is not a host name'],
    [{ domain: '../../etc' }, 'the domain is not a host name'],
    [{ domain: 'a/b' }, 'the domain is not a host name'],
    [{ domain: 'example.com\texample.org' }, 'the domain is not a host name'],
    [{ domain: '[::1]', hostOnly: true }, 'the domain is not a host name'],
    [{ domain: '127.0.0.1' }, 'a domain cookie for an address'],
    [{ domain: '::1' }, 'a domain cookie for an address'],
    [{ domain: 'co.uk' }, 'domain co.uk is a public suffix'],
    [{ domain: 'localhost' }, 'domain localhost is a public suffix'],
    [{ createdAt: Number.NaN }, 'a time is not a number'],
    [{ createdAt: Infinity }, 'a time is not a number'],
    [{ expiresAt: Number.NaN }, 'a time is not a number'],
    [{ sameSite: 'none' }, 'SameSite=None without Secure'],
    [{ partitioned: true }, 'Partitioned without Secure'],
    [{ name: '__secure-a' }, '__Secure- without Secure'],
    [{ name: '__HOST-a', secure: true }, '__Host- without Secure, Path=/ and no Domain'],
    [{ name: '__Http-a', secure: true }, '__Http- without Secure and HttpOnly'],
    [{ name: '', value: '__Host-a=1' }, 'a nameless cookie posing as a prefixed one'],
  ])('is refused with %j', (part, reason) => {
    expect(new Jar().put({ ...good, ...part }, now)).toEqual({
      kind: 'refused',
      name: part.name ?? 'a',
      reason,
    })
  })

  test('lives 400 days at most and deletes when it has expired', () => {
    const jar = new Jar()
    const most = now + 400 * 86_400_000
    expect(jar.put({ ...good, expiresAt: most + 1 }, now)).toMatchObject({ cookie: { expiresAt: most } })
    expect(jar.put({ ...good, expiresAt: now }, now)).toMatchObject({ kind: 'deleted', changed: true })
    expect(jar.all()).toEqual([])
  })
})
