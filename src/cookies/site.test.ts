import { describe, expect, test } from 'vitest'
import {
  canonicalHost,
  hostMatches,
  isAddress,
  isHostName,
  isPublicSuffix,
  isSecure,
  siteOf,
} from './site.ts'

test.each<[host: string, site: string]>([
  ['example.com', 'example.com'],
  ['www.example.com', 'example.com'],
  ['a.b.c.example.com', 'example.com'],
  ['WWW.Example.COM', 'example.com'],
  ['example.com.', 'example.com'],
  ['www.example.com.', 'example.com'],
  ['com', 'com'],
  ['example.co.uk', 'example.co.uk'],
  ['a.b.example.co.uk', 'example.co.uk'],
  ['co.uk', 'co.uk'],
  ['CO.UK', 'co.uk'],
  ['me.github.io', 'me.github.io'],
  ['a.me.github.io', 'me.github.io'],
  ['github.io', 'github.io'],
  ['a.b.c.kobe.jp', 'b.c.kobe.jp'],
  ['www.city.kobe.jp', 'city.kobe.jp'],
  ['a.b.ck', 'a.b.ck'],
  ['www.ck', 'www.ck'],
  ['www.www.ck', 'www.ck'],
  ['app.test', 'app.test'],
  ['a.app.test', 'app.test'],
  ['app.invented', 'app.invented'],
  ['a.b.app.invented', 'app.invented'],
  ['localhost', 'localhost'],
  ['LOCALHOST.', 'localhost'],
  ['app.localhost', 'app.localhost'],
  ['intranet', 'intranet'],
  ['foo_bar.example.com', 'example.com'],
  ['xn--bcher-kva.example', 'xn--bcher-kva.example'],
  ['b\u00fccher.example', 'xn--bcher-kva.example'],
  ['www.xn--85x722f.com.cn', 'xn--85x722f.com.cn'],
  ['www.xn--85x722f.xn--55qx5d.cn', 'xn--85x722f.xn--55qx5d.cn'],
  ['127.0.0.1', '127.0.0.1'],
  ['10.1.2.3', '10.1.2.3'],
  ['::1', '::1'],
  ['[::1]', '::1'],
  ['[2001:DB8:0:0::1]', '2001:db8::1'],
  ['0:0:0:0:0:0:0:1', '::1'],
  // However an address is spelled, it has no parent.
  ['127.1', '127.1'],
  ['0x7f.0.0.1', '0x7f.0.0.1'],
  ['2130706433', '2130706433'],
  ['1.2.3.04', '1.2.3.04'],
  // No host names: nothing is cut off them.
  ['user@www.example.com', 'user@www.example.com'],
  ['www.example.com/x', 'www.example.com/x'],
  ['a..example.com', 'a..example.com'],
  ['__proto__', '__proto__'],
  ['constructor', 'constructor'],
  ['', ''],
])('%j belongs to the site %j', (host, site) => expect(siteOf(host)).toBe(site))

test.each<[domain: string, is: boolean]>([
  ['com', true],
  ['co.uk', true],
  ['github.io', true],
  ['localhost', true],
  ['invented', true],
  ['anything.ck', true],
  ['', true],
  ['.', true],
  ['.com', true],
  ['example com', true],
  ['example.com', false],
  ['me.github.io', false],
  ['www.ck', false],
  ['127.0.0.1', false],
  ['::1', false],
])('nothing may be set for everything below %j: %j', (domain, is) => expect(isPublicSuffix(domain)).toBe(is))

test.each<[host: string, domain: string, matches: boolean]>([
  ['example.com', 'example.com', true],
  ['www.example.com', 'example.com', true],
  ['a.b.example.com', 'example.com', true],
  ['example.com', 'www.example.com', false],
  ['badexample.com', 'example.com', false],
  ['example.com.evil.test', 'example.com', false],
  ['example.com', 'ample.com', false],
  ['example.comm', 'example.com', false],
  ['example.example.com', 'example.com', true],
  ['com', 'example.com', false],
  ['1.2.3.4', '1.2.3.4', true],
  ['1.2.3.4', '3.4', false],
  ['1.2.3.4', '4', false],
  ['5.127.1', '127.1', false],
  ['::1', '::1', true],
  ['1::1', '::1', false],
])('a domain cookie for the second goes to the first: %s, %s: %j', (host, domain, matches) => {
  expect(hostMatches(host, domain)).toBe(matches)
})

test.each<[scheme: 'https' | 'http', host: string, secure: boolean]>([
  ['https', 'example.com', true],
  ['https', '10.0.0.1', true],
  ['http', 'example.com', false],
  ['http', 'localhost', true],
  ['http', '127.0.0.1', true],
  ['http', '127.9.9.9', true],
  ['http', '::1', true],
  ['http', '127.255.255.255', true],
  ['http', '128.0.0.1', false],
  ['http', '127.0.0.256', false],
  ['http', '127.0.0.01', false],
  ['http', '127.0.0.1.1', false],
  ['http', '127.1', false],
  ['http', '127.0.0.1.example.com', false],
  ['http', '127.example.com', false],
  ['http', 'localhost.example.com', false],
  ['http', 'mylocalhost', false],
  // A name server may answer for these with any address.
  ['http', 'app.localhost', false],
  ['http', '::ffff:127.0.0.1', false],
  ['http', '10.0.0.1', false],
])('Secure cookies travel over %s to %s: %j', (scheme, host, secure) => {
  expect(isSecure({ scheme, host })).toBe(secure)
})

describe('host names', () => {
  test.each([
    'example.com',
    'localhost',
    'a_b.example.com',
    '127.0.0.1',
    '::1',
    'xn--bcher-kva.de',
    '__proto__',
  ])('%j is one as the jar keeps it', (host) => expect(isHostName(host)).toBe(true))

  test.each([
    '',
    '.',
    '..',
    '../x',
    '/etc/passwd',
    'a/b',
    'a\\b',
    'a\0b',
    'Example.com',
    '.example.com',
    'example.com.',
    'a..b',
    'b\u00fccher.de',
    'a b',
    'a:80',
    '[::1]',
    '0:0:0:0:0:0:0:1',
    'a\nb',
    'x'.repeat(254),
  ])('%j is none', (host) => expect(isHostName(host)).toBe(false))

  test.each([
    '1.2.3.4',
    '::1',
    '2001:db8::1',
    '::ffff:1.2.3.4',
    '::FFFF:0',
    '127.1',
    '0x7f',
    '1',
    'a.1',
    'a.0x1',
  ])('%j is an address', (host) => {
    expect(isAddress(host)).toBe(true)
  })

  test.each([
    'example.com',
    '1.example',
    '',
    ':',
    ':::',
    '::1]',
    '::1]@[::2',
    'a:b',
    '1::2::3',
    'a1',
    '0x7f.example',
    'localhost',
  ])('%j is a name', (host) => {
    expect(isAddress(host)).toBe(false)
  })

  test('a name that cannot be one at all is left as it is', () => {
    expect(canonicalHost('\u00ad\u20ac%00')).toBe('\u00ad\u20ac%00')
  })
})
