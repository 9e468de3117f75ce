import { describe, expect, it } from 'vitest'
import { cookiesOf, formatOfText, now, read } from '../../test/formats/read-text.ts'
import type { GivenCookie } from './format.ts'
import { formatNamed } from './formats.ts'

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
    [{ name: 'a', value: ['hunter2'], domain: 'a.test' }, 'the value is not text'],
    [{ name: 'a', value: 2 ** 53, domain: 'a.test' }, 'the value is not text'],
    [{ name: 'a', value: 1.5, domain: 'a.test' }, 'the value is not text'],
    [{ name: 'a', value: 'hunter2' }, 'no domain'],
    [{ name: 'a', value: 'hunter2', domain: '../x' }, 'the domain is not a host name'],
    [{ name: 'a', value: 'hunter2', domain: 'x@a.test' }, 'the domain is not a host name'],
    [{ name: 'a', value: '\ud800', domain: 'a.test' }, 'half a character'],
    [
      { name: 'a', value: 'hunter2', domain: 'a.test', partitionKey: { topLevelSite: 'https://b.test' } },
      'it is in the partition of another site; hallpass keeps only cookies in the partition of their own site',
    ],
    [
      {
        name: 'a',
        value: 'hunter2',
        domain: 'a.test',
        partitionKey: 'https://a.test',
        _crHasCrossSiteAncestor: true,
      },
      'it is in the partition of another site; hallpass keeps only cookies in the partition of their own site',
    ],
    [{ name: 'a', value: 'hunter2', domain: 'a.test', partitionKey: 'a' }, 'the partition key is not a site'],
    [
      { name: 'a', value: 'hunter2', domain: 'a.test', partitioned: 'maybe' },
      'whether it is partitioned cannot be read',
    ],
  ])('skips %j and goes on', (json, reason) => {
    const reading = read(JSON.stringify([json, { name: 'b', value: 'c', domain: 'a.test' }]), 'puppeteer')
    expect(reading.skipped).toEqual([{ where: '[0]', reason }])
    expect(reading.cookies.map(({ where }) => where)).toEqual(['[1]'])
  })

  it.each<[part: object, kept: Partial<GivenCookie>]>([
    [{ path: {} }, {}],
    [{ path: 'x' }, {}],
    [{ path: '/\ud800' }, {}],
    [{ expires: 'soon' }, {}],
    [{ expires: {} }, {}],
    [{ expires: 1e300 }, {}],
    [{ secure: 'maybe' }, { secure: true }],
    [{ secure: 7 }, { secure: true }],
    [{ httpOnly: {} }, { httpOnly: true }],
    [{ hostOnly: 'maybe' }, {}],
    [{ domain: '.a.test', hostOnly: 'maybe' }, { hostOnly: false }],
    [{ sameSite: 'sometimes' }, {}],
    [{ sameSite: 2 }, {}],
  ])('keeps a cookie with %j, and names the attribute', (part, kept) => {
    const reading = read(
      JSON.stringify([{ name: 'a', value: 'hunter2', domain: 'a.test', ...part }]),
      'puppeteer',
    )
    expect(reading.skipped).toEqual([])
    expect(cookiesOf(reading)).toEqual([{ name: 'a', value: 'hunter2', domain: 'a.test', ...kept }])
    expect(reading.cookies[0]?.flaws).toHaveLength(1)
  })

  it('a cookie has no members of its prototype', () => {
    const reading = read('[{"__proto__":{"name":"a","value":"b","domain":"a.test"}}]', 'puppeteer')
    expect(reading.skipped).toEqual([{ where: '[0]', reason: 'no name' }])
  })

  it('storageState brings web storage, and names the parts that are not kept', () => {
    const records = [{ key: 'a', value: { token: 'x' } }]
    const stores = [{ name: 's', autoIncrement: false, records, indexes: [] }]
    const database = { name: 'accounts', version: 2, stores }
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
            indexedDB: [{ name: 'db' }, database, { ...database, name: 'empty', stores: [] }],
            opfs: [{ path: 'a', type: 'file', base64: '' }],
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
        indexedDB: [['accounts', JSON.stringify(database)]],
      },
      { origin: 'https://b.test:8443', localStorage: [], sessionStorage: [['s', 'v']], indexedDB: [] },
    ])
    expect(reading.skipped.map(({ where, reason }) => `${where}: ${reason}`)).toEqual([
      'origins[0].indexedDB[0]: no database of IndexedDB',
      'origins[0].opfs: files of a page are not kept',
      'origins[2]: no origin of a site',
      'origins[3]: no origin of a site',
      'origins[4]: no origin of a site',
      'origins[5]: no origin of a site',
      'origins[6]: the web storage is not a list of names and values',
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

  it('agent-cookie-store-v1 is written with its schema, its times and its source', async () => {
    const format = await formatNamed('agent-cookie-store')
    const cookie = {
      ...sid,
      hostOnly: true,
      path: '/',
      secure: true,
      httpOnly: false,
      sameSite: 'lax',
    } as const
    const { bytes } = format?.write?.({ cookies: [cookie], origins: [] }, now) ?? {}
    const at = '2026-01-01T00:00:00.000Z'
    expect(JSON.parse(Buffer.from(bytes ?? []).toString())).toEqual({
      schema: 'agent-cookie-store-v1',
      domain_cookies: { 'example.com': [expect.objectContaining({ name: 'sid', value: 'v' })] },
      metadata: { created_at: at, last_updated: at, source: 'hallpass' },
    })
  })

  it.each([
    ['storage-state', '[]', 'not a storageState: it has neither a list "cookies" nor a list "origins"'],
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
