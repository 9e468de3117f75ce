import { describe, expect, it, test } from 'vitest'
import type { GivenCookie, Reading, ReadOptions } from './format.ts'
import { formatNamed, formatOf } from './formats.ts'
import { maxSourceBytes, Source } from './source.ts'

const now = Date.UTC(2026, 0, 1)

function read(text: string | Uint8Array, format?: string, options: Partial<ReadOptions> = {}): Reading {
  const source = new Source(typeof text === 'string' ? Buffer.from(text) : text)
  const found = format === undefined ? formatOf(source) : formatNamed(format)
  if (found === undefined) throw new Error(`no format ${format}`)
  return found.read(source, { now, ...options })
}

/** The cookies, each with what differs from the plainest one. */
function cookiesOf(reading: Reading): Partial<GivenCookie>[] {
  const plain = { hostOnly: true, path: '/', secure: false, httpOnly: false, sameSite: 'default' }
  return reading.cookies.map(({ cookie }) =>
    Object.fromEntries(
      Object.entries(cookie).filter(
        ([key, value]) => !(key in plain) || value !== plain[key as keyof typeof plain],
      ),
    ),
  )
}

const formatOfText = (text: string) => formatOf(new Source(Buffer.from(text))).name

describe('netscape', () => {
  const a = { name: 'a', value: 'b', domain: 'example.com' }
  it.each<[what: string, line: string, cookie: Partial<GivenCookie>]>([
    ['curl', 'example.com\tFALSE\t/\tFALSE\t0\ta\tb', a],
    ['a domain', '.example.com\tTRUE\t/\tFALSE\t0\ta\tb', { ...a, hostOnly: false }],
    ['wget, a domain without its dot', 'example.com\tTRUE\t/\tFALSE\t0\ta\tb', { ...a, hostOnly: false }],
    ['wget, a port behind the host', 'example.com:8080\tFALSE\t/\tFALSE\t0\ta\tb', a],
    ['wget, IPv6', '[::1]:8080\tFALSE\t/\tFALSE\t0\ta\tb', { ...a, domain: '::1' }],
    [
      'curl, HttpOnly',
      '#HttpOnly_.example.com\tTRUE\t/\tTRUE\t0\ta\tb',
      { ...a, hostOnly: false, httpOnly: true, secure: true },
    ],
    ['Python, no expiry', '.example.com\tTRUE\t/\tFALSE\t\ta\tb', { ...a, hostOnly: false }],
    ['-1 for a session', 'example.com\tFALSE\t/\tFALSE\t-1\ta\tb', a],
    [
      'yt-dlp, part of a second',
      'example.com\tFALSE\t/\tFALSE\t1900000000.5\ta\tb',
      { ...a, expiresAt: 1_900_000_000_500 },
    ],
    [
      'milliseconds',
      'example.com\tFALSE\t/\tFALSE\t1900000000123\ta\tb',
      { ...a, expiresAt: 1_900_000_000_123 },
    ],
    ['small letters', 'example.com\tfalse\t/\ttrue\t0\ta\tb', { ...a, secure: true }],
    ['capital letters in the host', 'EXAMPLE.com.\tFALSE\t/\tFALSE\t0\ta\tb', a],
    [
      'a name of other letters',
      'bücher.example\tFALSE\t/\tFALSE\t0\ta\tb',
      { ...a, domain: 'xn--bcher-kva.example' },
    ],
    ['a TAB that an editor took away', 'example.com\tFALSE\t/\tFALSE\t0\ta', { ...a, value: '' }],
    ['blanks in place of TABs', 'example.com  FALSE  /  FALSE  0  a  b', a],
    ['a line end of Windows', 'example.com\tFALSE\t/\tFALSE\t0\ta\tb\r', a],
    ['no path', 'example.com\tFALSE\t\tFALSE\t0\ta\tb', a],
    ['a nameless cookie', 'example.com\tFALSE\t/\tFALSE\t0\t\tb', { ...a, name: '' }],
    ['quotes and blanks in the value', 'example.com\tFALSE\t/\tFALSE\t0\ta\t"x y"', { ...a, value: '"x y"' }],
  ])('reads %s', (_, line, cookie) => {
    const reading = read(`# Netscape HTTP Cookie File\n\n# a comment\n$ another\n${line}\n`)
    expect(reading.skipped).toEqual([])
    expect(cookiesOf(reading)).toEqual([cookie])
    expect(reading.cookies[0]?.where).toBe('line 5')
  })

  it.each([
    ['example.com\tFALSE\t/\tFALSE\t0\ta\tb\tc', '8 columns in place of 7'],
    ['example.com\tFALSE\t/\tFALSE', '4 columns in place of 7'],
    ['hunter2', '1 column in place of 7'],
    ['a@b.test\tFALSE\t/\tFALSE\t0\ta\thunter2', 'column 1: a domain that is no host name'],
    ['..\tFALSE\t/\tFALSE\t0\ta\thunter2', 'column 1: a domain that is no host name'],
    ['a.test/x\tFALSE\t/\tFALSE\t0\ta\thunter2', 'column 1: a domain that is no host name'],
    ['a.test\tmaybe\t/\tFALSE\t0\ta\thunter2', 'column 2: neither TRUE nor FALSE'],
    ['a.test\tFALSE\t/\t/\t0\ta\thunter2', 'column 4: neither TRUE nor FALSE'],
    ['a.test\tFALSE\t/\tFALSE\tsoon\ta\thunter2', 'column 5: no time in seconds'],
    ['a.test\tFALSE\t/\tFALSE\t99999999999999999\ta\thunter2', 'column 5: no time in seconds'],
  ])('skips %j and goes on', (line, reason) => {
    const reading = read(`# Netscape HTTP Cookie File\n${line}\nexample.com\tFALSE\t/\tFALSE\t0\ta\tb\n`)
    expect(reading.skipped).toEqual([{ where: 'line 2', reason }])
    expect(cookiesOf(reading)).toEqual([a])
  })

  it('that is something else altogether is one error, of the first line', () => {
    expect(() => read('hunter2\nhunter3\n', 'netscape')).toThrow(/^line 1: 1 column in place of 7$/)
  })

  it('may be empty but for its head', () => {
    expect(read('# HTTP Cookie File\n')).toEqual({ cookies: [], origins: [], skipped: [] })
  })
})

describe('JSON of browsers and their tools', () => {
  const sid = { name: 'sid', value: 'v', domain: 'example.com' }
  it.each<[format: string, json: unknown, cookie: Partial<GivenCookie>]>([
    // EditThisCookie
    [
      'extension',
      {
        domain: '.example.com',
        expirationDate: 1900000000.123456,
        hostOnly: false,
        httpOnly: true,
        name: 'sid',
        path: '/x',
        sameSite: 'no_restriction',
        secure: true,
        session: false,
        storeId: '0',
        value: 'v',
        id: 1,
      },
      {
        ...sid,
        hostOnly: false,
        path: '/x',
        httpOnly: true,
        secure: true,
        sameSite: 'none',
        expiresAt: 1_900_000_000_123,
      },
    ],
    // Cookie-Editor
    [
      'extension',
      {
        domain: 'example.com',
        hostOnly: true,
        httpOnly: false,
        name: 'sid',
        path: '/',
        sameSite: null,
        secure: false,
        session: true,
        storeId: null,
        value: 'v',
      },
      sid,
    ],
    [
      'extension',
      { domain: 'example.com', hostOnly: true, name: 'sid', value: 'v', sameSite: 'unspecified' },
      sid,
    ],
    [
      'extension',
      { domain: 'example.com', hostOnly: true, name: 'sid', value: 'v', sameSite: 'Strict' },
      { ...sid, sameSite: 'strict' },
    ],
    // Firefox says so of a cookie without the attribute.
    [
      'extension',
      {
        domain: 'example.com',
        hostOnly: true,
        name: 'sid',
        value: 'v',
        sameSite: 'no_restriction',
        secure: false,
        firstPartyDomain: '',
        partitionKey: null,
      },
      sid,
    ],
    [
      'extension',
      {
        domain: 'example.com',
        hostOnly: true,
        name: 'sid',
        value: 'v',
        session: true,
        expirationDate: 1900000000,
      },
      sid,
    ],
    [
      'extension',
      {
        domain: 'example.com',
        hostOnly: true,
        secure: true,
        name: 'sid',
        value: 'v',
        partitionKey: { topLevelSite: 'https://example.com', hasCrossSiteAncestor: false },
      },
      { ...sid, secure: true, partitioned: true },
    ],
    ['extension', { domain: 'example.com', hostOnly: true, name: 'sid', value: 'v', partitionKey: {} }, sid],
    // Puppeteer
    [
      'puppeteer',
      {
        name: 'sid',
        value: 'v',
        domain: 'example.com',
        path: '/',
        expires: -1,
        size: 4,
        httpOnly: false,
        secure: false,
        session: true,
        sameParty: false,
        sourceScheme: 'Secure',
      },
      sid,
    ],
    [
      'puppeteer',
      {
        name: 'sid',
        value: 'v',
        domain: '.example.com',
        path: '/',
        expires: 1900000000.5,
        secure: true,
        session: false,
        sameSite: 'Lax',
      },
      { ...sid, hostOnly: false, secure: true, sameSite: 'lax', expiresAt: 1_900_000_000_500 },
    ],
    [
      'puppeteer',
      {
        name: 'sid',
        value: 'v',
        domain: 'example.com',
        secure: true,
        partitionKey: 'https://app.example.com',
      },
      { ...sid, secure: true, partitioned: true },
    ],
    // Selenium
    [
      'puppeteer',
      { name: 'sid', value: 'v', domain: 'example.com', expiry: 1900000000, sameSite: 'Lax' },
      { ...sid, sameSite: 'lax', expiresAt: 1_900_000_000_000 },
    ],
    // By hand
    [
      'puppeteer',
      { name: 'sid', value: 7, domain: 'example.com', secure: 'true', expires: '2030-03-17T17:46:40Z' },
      { ...sid, value: '7', secure: true, expiresAt: 1_900_000_000_000 },
    ],
    [
      'puppeteer',
      { name: 'sid', value: 'v', domain: 'example.com', expires: 'Sun, 17 Mar 2030 17:46:40 GMT' },
      { ...sid, expiresAt: 1_900_000_000_000 },
    ],
    [
      'puppeteer',
      { name: 'sid', value: 'v', domain: 'example.com', expires: '1900000000' },
      { ...sid, expiresAt: 1_900_000_000_000 },
    ],
    ['puppeteer', { name: 'sid', value: 'v', domain: 'example.com', expires: 'Session' }, sid],
    [
      'puppeteer',
      { name: 'sid', value: 'schön', domain: 'example.com' },
      { ...sid, value: 'sch\u00c3\u00b6n' },
    ],
  ])('%s %j', (format, json, cookie) => {
    const text = JSON.stringify([json])
    expect(formatOfText(text)).toBe(format)
    for (const each of [read(text), read(JSON.stringify({ cookies: [json] }), 'storage-state')]) {
      expect(each.skipped).toEqual([])
      expect(cookiesOf(each)).toEqual([cookie])
    }
  })

  it.each([
    [7, 'not an object'],
    [{ value: 'hunter2', domain: 'a.test' }, 'no name'],
    [{ name: 'a', domain: 'a.test' }, 'no value'],
    [{ name: 'a', value: ['hunter2'], domain: 'a.test' }, 'no value'],
    [{ name: 'a', value: 'hunter2' }, 'no domain'],
    [{ name: 'a', value: 'hunter2', domain: '../x' }, 'a domain that is no host name'],
    [{ name: 'a', value: 'hunter2', domain: 'x@a.test' }, 'a domain that is no host name'],
    [{ name: 'a', value: 'hunter2', domain: 'a.test', path: {} }, 'a path that is no text'],
    [{ name: 'a', value: 'hunter2', domain: 'a.test', expires: 'soon' }, 'an expiry that is no time'],
    [{ name: 'a', value: 'hunter2', domain: 'a.test', expires: {} }, 'an expiry that is no time'],
    [{ name: 'a', value: 'hunter2', domain: 'a.test', expires: 1e300 }, 'an expiry that is no time'],
    [{ name: 'a', value: '\ud800', domain: 'a.test' }, 'half a character'],
    [
      { name: 'a', value: 'hunter2', domain: 'a.test', partitionKey: { topLevelSite: 'https://b.test' } },
      'of the partition that another site has; only those of the own site are kept',
    ],
    [
      {
        name: 'a',
        value: 'hunter2',
        domain: 'a.test',
        partitionKey: 'https://a.test',
        _crHasCrossSiteAncestor: true,
      },
      'of the partition that another site has; only those of the own site are kept',
    ],
    [{ name: 'a', value: 'hunter2', domain: 'a.test', partitionKey: 'a' }, 'a partition key that is no site'],
  ])('skips %j and goes on', (json, reason) => {
    const reading = read(JSON.stringify([json, { name: 'b', value: 'c', domain: 'a.test' }]), 'puppeteer')
    expect(reading.skipped).toEqual([{ where: '[0]', reason }])
    expect(reading.cookies.map(({ where }) => where)).toEqual(['[1]'])
  })

  it('members of the prototype are none of the cookie', () => {
    const reading = read('[{"__proto__":{"name":"a","value":"b","domain":"a.test"}}]', 'puppeteer')
    expect(reading.skipped).toEqual([{ where: '[0]', reason: 'no name' }])
  })

  it('storageState brings localStorage, and names what else it has', () => {
    const reading = read(
      JSON.stringify({
        cookies: [],
        origins: [
          {
            origin: 'https://a.test',
            localStorage: [
              { name: 'k', value: '1' },
              { name: '__proto__', value: '2' },
              { name: 'k', value: '3' },
            ],
            indexedDB: [{ name: 'db' }],
          },
          { origin: 'https://b.test:8443/x', localStorage: [], sessionStorage: { s: 'v' } },
          { origin: 'file:///etc/passwd', localStorage: [] },
          { origin: 'https://user@a.test', localStorage: [] },
          { origin: 'https://a.test.', localStorage: [] },
          { origin: 'null', localStorage: [] },
          { origin: 'https://c.test', localStorage: [{ name: 'k', value: 7 }] },
        ],
      }),
    )
    expect(reading.origins.map(({ storage }) => storage)).toEqual([
      {
        origin: 'https://a.test',
        localStorage: [
          ['k', '3'],
          ['__proto__', '2'],
        ],
        sessionStorage: [],
      },
      { origin: 'https://b.test:8443', localStorage: [], sessionStorage: [['s', 'v']] },
    ])
    expect(reading.skipped.map(({ where, reason }) => `${where}: ${reason}`)).toEqual([
      'origins[0].indexedDB: indexedDB is not kept',
      'origins[2]: no origin of a site',
      'origins[3]: no origin of a site',
      'origins[4]: no origin of a site',
      'origins[5]: no origin of a site',
      'origins[6]: web storage that is no list of names and values',
    ])
  })

  it('agent-cookie-store-v1 has cookies by domain, as a list or by name', () => {
    const reading = read(
      JSON.stringify({
        domain_cookies: {
          '.example.com': [{ name: 'a', value: '1' }],
          'app.example.com': { b: '2', c: { value: '3', http_only: true, same_site: 'Lax' } },
          'bad.test': 'hunter2',
        },
        metadata: { created_at: '2026-01-01T00:00:00Z' },
      }),
    )
    expect(cookiesOf(reading)).toEqual([
      { name: 'a', value: '1', domain: 'example.com', hostOnly: false },
      { name: 'b', value: '2', domain: 'app.example.com' },
      { name: 'c', value: '3', domain: 'app.example.com', httpOnly: true, sameSite: 'lax' },
    ])
    expect(reading.skipped).toEqual([
      { where: 'domain_cookies["bad.test"]', reason: 'neither a list nor an object of cookies' },
    ])
  })

  it.each([
    ['storage-state', '[]', 'no storageState: no list "cookies" and none "origins"'],
    ['storage-state', '{"cookies":{},"origins":[]}', 'cookies: not a list'],
    ['storage-state', '{"cookies":[],"origins":{}}', 'origins: not a list'],
    ['extension', '{"a":1}', 'not a list of cookies'],
    ['puppeteer', '"hunter2"', 'not a list of cookies'],
    ['har', '{"log":{}}', 'no HAR: no list "log.entries"'],
    ['agent-cookie-store', '{"domain_cookies":[]}', 'domain_cookies: not an object'],
  ])('%s that is %s is refused', (format, json, message) => {
    expect(() => read(json, format)).toThrow(message)
  })
})

describe('set-cookie', () => {
  it('reads what curl -v printed, of the host that it says', () => {
    const text = `$ curl -v https://app.example.com:8443/
* Trying 127.0.0.1...
> GET / HTTP/1.1
> Host: app.example.com:8443
>
< HTTP/1.1 200 OK
< Set-Cookie: sid=1; Path=/x; Secure; HttpOnly; SameSite=Lax; Max-Age=60
< set-cookie: d=2; Domain=.example.com
< Set-Cookie: foreign=3; Domain=other.test
< Set-Cookie: pub=4; Domain=com
`
    const reading = read(text)
    expect(cookiesOf(reading)).toEqual([
      {
        name: 'sid',
        value: '1',
        domain: 'app.example.com',
        path: '/x',
        secure: true,
        httpOnly: true,
        sameSite: 'lax',
        expiresAt: now + 60_000,
      },
      { name: 'd', value: '2', domain: 'example.com', hostOnly: false },
    ])
    expect(reading.skipped).toEqual([
      { where: 'line 9', reason: 'the domain is not of this host' },
      { where: 'line 10', reason: 'the domain is a public suffix or no host name' },
    ])
  })

  it('without a host takes what names a Domain', () => {
    const reading = read(
      'Set-Cookie: a=1; Domain=example.com\nSet-Cookie: b=hunter2\nSet-Cookie: c=3; Domain=co.uk\n',
    )
    expect(cookiesOf(reading)).toEqual([{ name: 'a', value: '1', domain: 'example.com', hostOnly: false }])
    expect(reading.skipped.map(({ where }) => where)).toEqual(['line 2', 'line 3'])
  })

  it('takes bare values, one a line, for the host that is named', () => {
    const reading = read('a=1; Path=/\n\nb=2\n', 'set-cookie', { host: 'example.com' })
    expect(cookiesOf(reading)).toEqual([
      { name: 'a', value: '1', domain: 'example.com' },
      { name: 'b', value: '2', domain: 'example.com' },
    ])
  })
})

describe('header', () => {
  it('needs the host that it is of', () => {
    expect(() => read('Cookie: a=b')).toThrow('name it')
    expect(cookiesOf(read('cookie: a=b; c="d e"; f\n', undefined, { host: 'example.com' }))).toEqual([
      { name: 'a', value: 'b', domain: 'example.com', secure: true },
      { name: 'c', value: '"d e"', domain: 'example.com', secure: true },
      { name: '', value: 'f', domain: 'example.com', secure: true },
    ])
  })

  it('is found in a request, which names the host', () => {
    const text = '> GET / HTTP/1.1\r\n> Host: app.example.com:8443\r\n> Cookie: a=b\r\n> Accept: x=y\r\n'
    const { cookies } = read(text)
    expect(formatOfText(text)).toBe('header')
    expect(cookies.map(({ where, cookie }) => [where, cookie.domain, cookie.name])).toEqual([
      ['line 3', 'app.example.com', 'a'],
    ])
  })

  it('may stand there without its name, when the format is named', () => {
    expect(cookiesOf(read('a=b; __Http-c=d', 'header', { host: 'example.com' }))).toEqual([
      { name: 'a', value: 'b', domain: 'example.com', secure: true },
      { name: '__Http-c', value: 'd', domain: 'example.com', secure: true, httpOnly: true },
    ])
  })
})

describe('curl', () => {
  const a = { name: 'a', value: 'b', domain: 'example.com', secure: true }
  it.each<[text: string, cookies: readonly Partial<GivenCookie>[]]>([
    [
      `curl 'https://example.com/x' -H 'Accept: */*' -H 'Cookie: a=b; c=d' --compressed`,
      [a, { ...a, name: 'c', value: 'd' }],
    ],
    [`curl 'https://example.com/x' \\\n  -b 'a=b' \\\n  --data-raw 'x=y;z' -X POST`, [a]],
    [`curl -sSLba=b https://example.com/`, [a]],
    [`curl --cookie=a=b --url https://example.com/ -o out.txt`, [a]],
    [`curl -o https://wrong.test/ -u me:pw -b a=b https://example.com/`, [a]],
    [`$ curl -H "cookie: a=b" "https://example.com/"`, [a]],
    [`curl $'https://example.com/' -H $'cookie: a=it\\'s\\u0021\\x41\\101'`, [{ ...a, value: "it's!AA" }]],
    [`curl -H "cookie: a=\\"q\\"" https://example.com/`, [{ ...a, value: '"q"' }]],
    [
      `curl ^"https://example.com/^" ^\r\n  -H ^"cookie: a=^\\^"q^\\^"; c=^%^41^" ^\r\n  --compressed`,
      [
        { ...a, value: '"q"' },
        { ...a, name: 'c', value: '%41' },
      ],
    ],
    [`curl -b a=b example.com`, [{ name: 'a', value: 'b', domain: 'example.com' }]],
    [`curl -b a=b https://[::1]:8080/`, [{ ...a, domain: '::1' }]],
    [
      `curl -b a=b https://example.com/ | jq . && curl -b a=c https://other.test/`,
      [a, { ...a, value: 'c', domain: 'other.test' }],
    ],
    [
      `url = "https://example.com/"\ncookie = "a=b"\nheader = "Cookie: c=\\"d\\\\\\""\n`,
      [a, { ...a, name: 'c', value: '"d\\"' }],
    ],
  ])('reads %j', (text, cookies) => {
    expect(formatOfText(text)).toBe('curl')
    const reading = read(text)
    expect(reading.skipped).toEqual([])
    expect(cookiesOf(reading)).toEqual(cookies)
  })

  it.each([
    ['curl -b cookies.txt https://example.com/', '-b names a file of cookies: import that file'],
    [
      'curl -H "Authorization: Bearer hunter2" https://example.com/',
      'an Authorization header is no cookie: hallpass token set keeps it',
    ],
    ['curl -b a=hunter2', 'no URL that says which host the cookies are of'],
    ['curl -b a=hunter2 ftp://example.com/', 'no URL that says which host the cookies are of'],
    ['curl -b a=hunter2 https://exa$mple.com/', 'no URL that says which host the cookies are of'],
  ])('says of %j what it does not take', (text, reason) => {
    expect(read(`\n${text}\n`)).toEqual({ cookies: [], origins: [], skipped: [{ where: 'line 2', reason }] })
  })

  it('names the line of a long command', () => {
    const { cookies } = read(
      `curl 'https://example.com/' \\\n -H 'x: y' \\\n -H 'cookie: a=b'\ncurl -b c=d https://other.test/`,
    )
    expect(cookies.map(({ where }) => where)).toEqual(['line 3', 'line 4'])
  })
})

describe('har', () => {
  const entry = (url: string, request: object, response: object = {}) => ({
    startedDateTime: '2025-12-31T00:00:00.000Z',
    request: { url, headers: [], cookies: [], ...request },
    response: { headers: [], ...response },
  })
  const harOf = (...entries: object[]) => JSON.stringify({ log: { version: '1.2', entries } })
  const set = (...lines: string[]) => ({ headers: lines.map((value) => ({ name: 'Set-Cookie', value })) })
  const sent = (value: string) => ({ headers: [{ name: 'cookie', value }] })
  const recorded = Date.UTC(2025, 11, 31)

  it('plays what responses set and requests sent, in order', () => {
    const reading = read(
      harOf(
        entry(
          'https://app.example.com/login',
          {},
          set('sid=1; Domain=example.com; HttpOnly; Max-Age=172800\nlang=de; Path=/'),
        ),
        entry('https://app.example.com/me', sent('sid=1; lang=de; script=x')),
        entry(
          'https://app.example.com/me',
          sent('sid=1; lang=en; script=x'),
          set('sid=2; Domain=example.com; HttpOnly; Max-Age=172800'),
        ),
        entry('http://plain.test/', sent('p=1'), set('gone=1')),
        entry(
          'http://plain.test/',
          {},
          set('gone=; Max-Age=0', 'bad=hunter2; Domain=co.uk', 'sec=hunter2; Secure'),
        ),
        entry('chrome-extension://abc/', {}),
        entry('wss://ws.test/', sent('w=1')),
      ),
    )
    expect(cookiesOf(reading)).toEqual(
      [
        {
          name: 'sid',
          value: '2',
          domain: 'example.com',
          hostOnly: false,
          path: '/',
          httpOnly: true,
          expiresAt: recorded + 172_800_000,
        },
        { name: 'lang', value: 'en', domain: 'app.example.com' },
        { name: 'script', value: 'x', domain: 'app.example.com', secure: true },
        { name: 'p', value: '1', domain: 'plain.test' },
        { name: 'w', value: '1', domain: 'ws.test', secure: true },
      ].map(({ path: _, ...rest }: Record<string, unknown>) => rest),
    )
    expect(reading.skipped).toEqual([
      { where: 'log.entries[4].response', reason: 'the domain is a public suffix or no host name' },
      { where: 'log.entries[4].response', reason: 'Secure, but set over http' },
    ])
  })

  it('takes the attributes that Chrome gives to the cookies of a request', () => {
    const cookies = [
      {
        name: 'sid',
        value: 'v',
        path: '/x',
        domain: '.example.com',
        expires: '2026-06-01T00:00:00.000Z',
        httpOnly: true,
        secure: true,
        sameSite: 'None',
      },
    ]
    const reading = read(harOf(entry('https://app.example.com/x/y', { cookies, ...sent('sid=v') })))
    expect(cookiesOf(reading)).toEqual([
      {
        name: 'sid',
        value: 'v',
        domain: 'example.com',
        hostOnly: false,
        path: '/x',
        httpOnly: true,
        secure: true,
        sameSite: 'none',
        expiresAt: Date.UTC(2026, 5, 1),
      },
    ])
  })
})

describe('whatever the encoding', () => {
  const json = '[{"name":"a","value":"schön","domain":"a.test"},{"name":"b","value":"c","domain":"a.test"}]'
  const txt = 'a.test\tFALSE\t/\tFALSE\t0\ta\tschön\n'
  const utf8 = 'sch\u00c3\u00b6n'
  const swapped = (text: string) => Buffer.from(`\ufeff${text}`, 'utf16le').swap16()
  test.each<[what: string, bytes: Uint8Array, value: string]>([
    ['UTF-8', Buffer.from(json), utf8],
    ['UTF-8 with a mark', Buffer.from(`\ufeff${json}`), utf8],
    ['UTF-16 of Windows', Buffer.from(`\ufeff${json}`, 'utf16le'), utf8],
    ['UTF-16, big end first', swapped(json), utf8],
    ['cookies.txt in UTF-8 with a mark', Buffer.from(`\ufeff${txt}`), utf8],
    ['cookies.txt in UTF-16', Buffer.from(`\ufeff${txt}`, 'utf16le'), utf8],
    ['cookies.txt in latin1: the bytes as they are', Buffer.from(txt, 'latin1'), 'sch\u00f6n'],
  ])('%s is read', (_, bytes, value) => {
    const { cookies, skipped } = read(bytes)
    expect(skipped).toEqual([])
    expect(cookies[0]?.cookie.value).toBe(value)
  })

  test('JSON in latin1 loses the cookies that cannot be told, and no other', () => {
    const { cookies, skipped } = read(Buffer.from(json, 'latin1'))
    expect(cookies.map(({ cookie }) => cookie.name)).toEqual(['b'])
    expect(skipped).toEqual([{ where: '[0]', reason: 'text that is not UTF-8' }])
  })

  test('half a character of UTF-16 is told in the same way', () => {
    const bytes = Buffer.from(`\ufeff${json.replace('ö', '\ud800')}`, 'utf16le')
    expect(read(bytes).skipped).toEqual([{ where: '[0]', reason: 'text that is not UTF-8' }])
  })

  test('a character that stands for unreadable ones is one like others in good UTF-8', () => {
    expect(read('[{"name":"a","value":"\ufffd","domain":"a.test"}]').cookies).toHaveLength(1)
  })
})

describe('a file that is none', () => {
  test.each<[what: string, bytes: Uint8Array | string, message: string]>([
    ['empty', '', 'it is empty'],
    ['blank', ' \n\n', 'it is empty'],
    ['prose', 'Dear hunter2,\nhello\n', 'it is in none of the formats that are known'],
    [
      'a picture',
      Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0]),
      'line 3: a NUL byte: it is no text',
    ],
    [
      "a browser's database",
      Buffer.from('SQLite format 3\0hunter2'),
      'it is a database, as browsers keep their cookies in; an exported file is wanted',
    ],
    [
      'JSON that ends early',
      '[\n {"name":"hunter2","value":"hunt',
      'line 2, column 33: it ends in the middle of the JSON',
    ],
    [
      'JSON with a comma too many',
      '[{"name":"hunter2"},]',
      'line 1, column 21: not JSON: a value is expected',
    ],
    [
      'JSON with a word in it',
      '{"cookies":[{"value": hunter2}]}',
      'line 1, column 23: not JSON: a value is expected',
    ],
    ['two of JSON', '[]\n[]', 'line 2, column 1: more after the end of the JSON'],
    ['JSON of another kind', '{"hunter2":1}', 'it is in none of the formats that are known'],
  ])('%s is refused with the place, and nothing of it is quoted', (_, bytes, message) => {
    const refused = () => read(bytes)
    expect(refused).toThrow(message)
    expect(refused).not.toThrow('hunter2')
    expect(refused).toThrow(expect.objectContaining({ code: 'format-invalid' }))
  })

  test('100 MB are refused before they are looked at', () => {
    expect(() => new Source(new Uint8Array(100_000_000))).toThrow(
      `it is larger than ${maxSourceBytes / 1024 / 1024} MiB`,
    )
  })

  test('a million open brackets are a sentence', () => {
    expect(() => read('['.repeat(1_000_000))).toThrow('it ends in the middle of the JSON')
  })
})
