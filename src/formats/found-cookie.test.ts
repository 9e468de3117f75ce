import { describe, expect, it } from 'vitest'
import { now, read } from '../../test/formats/read-text.ts'
import { formats } from './formats.ts'
import { type FoundCookie, keptCookie, unreadable } from './found-cookie.ts'

const expiry = 'the expiry is not a time, so it stays until you remove it'
const base = { name: 'sid', value: 'hunter2', domain: 'a.test', hostOnly: true, path: '/' }

describe('an attribute that cannot be read', () => {
  const found: FoundCookie = {
    name: 'sid',
    value: 'hunter2',
    domain: { domain: 'a.test', dotted: true },
    hostOnly: true,
    path: '/x',
    expiresAt: now,
    secure: false,
    httpOnly: false,
    sameSite: 'strict',
    partitioned: false,
  }
  const { cookie: whole } = keptCookie(found)

  it.each<[part: Partial<FoundCookie>, kept: object, flaw: string]>([
    [
      { hostOnly: unreadable },
      { hostOnly: false },
      'whether it goes to the hosts below its own cannot be read, so the dot before the domain decides',
    ],
    [{ path: unreadable }, { path: '/' }, 'the path cannot be read, so it gets the default path'],
    [{ path: 'x' }, { path: '/' }, 'the path cannot be read, so it gets the default path'],
    [{ expiresAt: unreadable }, { expiresAt: undefined }, expiry],
    [{ expiresAt: Number.NaN }, { expiresAt: undefined }, expiry],
    [
      { secure: unreadable },
      { secure: true },
      'Secure is neither true nor false, so it goes only over https',
    ],
    [
      { httpOnly: unreadable },
      { httpOnly: true },
      'HttpOnly is neither true nor false, so it is hidden from scripts',
    ],
    [
      { sameSite: unreadable },
      { sameSite: 'default' },
      'SameSite has no known value, so it stays as if the site had not set it',
    ],
  ])('%j leaves the cookie with the safest value: %j', (part, kept, flaw) => {
    expect(keptCookie({ ...found, ...part })).toEqual({ cookie: { ...whole, ...kept }, flaws: [flaw] })
  })

  it('is named beside each other one', () => {
    const { flaws } = keptCookie({ ...found, secure: unreadable, path: unreadable, expiresAt: unreadable })
    expect(flaws).toHaveLength(3)
  })
})

/** A file with one cookie whose expiry cannot be read; undefined for a format that holds only names and values. */
const files: Readonly<Record<string, string | undefined>> = {
  har: JSON.stringify({
    log: {
      entries: [
        {
          request: { url: 'https://a.test/' },
          response: { headers: [{ name: 'Set-Cookie', value: 'sid=hunter2; Path=/; Expires=soon' }] },
        },
      ],
    },
  }),
  'agent-cookie-store': JSON.stringify({
    domain_cookies: { 'a.test': { sid: { value: 'hunter2', expires: 'soon' } } },
  }),
  'cookie-cloud': JSON.stringify({
    cookie_data: { 'a.test': [{ ...base, expirationDate: 'soon', storeId: '0' }] },
  }),
  'storage-state': JSON.stringify({ cookies: [{ ...base, expires: 'soon' }], origins: [] }),
  extension: JSON.stringify([{ ...base, expirationDate: 'soon', storeId: '0' }]),
  puppeteer: JSON.stringify([{ ...base, expires: [] }]),
  'devtools-table': 'sid\thunter2\ta.test\t/\tsoon\t9\t\t\t\t\t\tMedium\n',
  fetch: undefined,
  powershell: undefined,
  netscape: 'a.test\tFALSE\t/\tFALSE\tsoon\tsid\thunter2\n',
  'set-cookie': 'Host: a.test\nSet-Cookie: sid=hunter2; Path=/; Expires=soon\n',
  curl: undefined,
  header: undefined,
}

describe('every format', () => {
  it('has a file here, or holds no attribute', () => {
    expect(Object.keys(files)).toEqual(formats.map(({ name }) => name))
  })

  it.each(Object.entries(files).flatMap(([name, text]) => (text === undefined ? [] : [{ name, text }])))(
    '$name keeps a cookie whose expiry cannot be read, and says so',
    ({ name, text }) => {
      const { cookies, skipped } = read(text, name)
      expect(skipped).toEqual([])
      expect(cookies).toMatchObject([{ cookie: base, flaws: [expiry] }])
      expect(cookies[0]?.cookie.expiresAt).toBeUndefined()
      expect(JSON.stringify(cookies[0]?.flaws)).not.toContain('soon')
    },
  )
})

it.each<[line: string, flaws: number]>([
  ['sid=1; Expires=soon', 1],
  ['sid=1; Expires=soon; Max-Age=60', 0],
  ['sid=1; Max-Age=later; Expires=Fri, 01 Jan 2027 00:00:00 GMT', 0],
  ['sid=1; Path=x', 1],
  ['sid=1; Path=', 0],
  [`sid=1; Path=/${'x'.repeat(1024)}`, 1],
  ['sid=1; SameSite=Sometimes', 1],
  ['sid=1; SameSite=Lax; Unknown=x; Domain=', 0],
  ['sid=1; SameSite=Sometimes; Path=x; Max-Age=later', 3],
])('of the Set-Cookie line %j, which a browser takes, %i attributes are named', (line, count) => {
  const { cookies, skipped } = read(line, 'set-cookie', { host: 'a.test' })
  expect(skipped).toEqual([])
  expect(cookies[0]?.flaws ?? []).toHaveLength(count)
})
