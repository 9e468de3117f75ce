import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { databases } from '../../test/support/databases.ts'
import { cookieHeader } from '../cookies/cookie-header.ts'
import { splitPair } from '../cookies/set-cookie.ts'
import type { GivenCookie, GivenOrigin, Holds, WrittenFormat } from './format.ts'
import { allFormats, formatNamed, formatOf, formats as listed, type NamedFormat } from './formats.ts'
import { lossesOf } from './losses.ts'
import { Source } from './source.ts'

const now = Date.UTC(2026, 0, 1)
const host = 'app.example.com'

const byte = fc
  .integer({ min: 0x20, max: 0xff })
  .filter((code) => code !== 0x7f && code !== 0x3b)
  .map((code) => String.fromCharCode(code))
const text = fc.oneof(
  fc.string({ unit: byte, maxLength: 12 }),
  fc.string({ maxLength: 6 }).map((unicode) => Buffer.from(unicode, 'utf8').toString('latin1')),
  fc.constantFrom(
    '"quoted"',
    'a\tb',
    'a=b==',
    "it's",
    'tr\u00e9s',
    '\u00c3\u00a9',
    '%3B',
    '\\"',
    '0',
    '-1',
    'TRUE',
    '__proto__',
  ),
)
const clean = (value: string) =>
  value.replace(/[\x00-\x08\x0a-\x1f\x7f;]/g, '').replace(/^[ \t]+|[ \t]+$/g, '')
const value = text.map(clean)
const name = fc.oneof(
  value.map((content) => content.replaceAll('=', '')),
  fc.constantFrom('sid', '__proto__', 'constructor', '#a', '$Version'),
)

/** Cookies that a jar can hold. Others cannot be exported. */
const cookie: fc.Arbitrary<GivenCookie> = fc
  .record({
    name,
    value,
    domain: fc.constantFrom(
      'example.com',
      'app.example.com',
      'example.co.uk',
      'localhost',
      '127.0.0.1',
      '::1',
      'xn--bcher-kva.example',
      '__proto__.example',
    ),
    path: fc.oneof(
      fc.constantFrom('/', '/x', '/x y/', '/__proto__'),
      value.map((content) => `/${content}`),
    ),
    domainWide: fc.boolean(),
    secure: fc.boolean(),
    httpOnly: fc.boolean(),
    sameSite: fc.constantFrom('strict', 'lax', 'none', 'default'),
    partitioned: fc.boolean(),
    expiresAt: fc.option(fc.integer({ min: 1000, max: now * 3 }), { nil: undefined }),
  })
  .filter(({ name, value }) => name + value !== '')
  .map(({ domainWide, partitioned, expiresAt, sameSite, ...rest }) => ({
    ...rest,
    hostOnly: !(domainWide && rest.domain.includes('.') && !rest.domain.startsWith('127')),
    sameSite: sameSite === 'none' && !rest.secure ? 'default' : (sameSite as GivenCookie['sameSite']),
    ...(partitioned && rest.secure ? { partitioned } : {}),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  }))
const cookies = fc.array(cookie, { maxLength: 8 })

const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 8 }),
  fc.constantFrom('__proto__', '', '\0', '\ud800', '{"a":1}'),
)
const pairs = fc.uniqueArray(fc.tuple(anyText, anyText), { selector: ([key]) => key, maxLength: 5 })
const origin: fc.Arbitrary<GivenOrigin> = fc.record({
  origin: fc.constantFrom(
    'https://app.example.com',
    'http://localhost:8080',
    'http://[::1]:81',
    'https://a.test',
  ),
  localStorage: pairs,
  sessionStorage: pairs,
  indexedDB: databases,
})
const origins = fc.uniqueArray(origin, { selector: (store) => store.origin, maxLength: 3 })

type Writer = NamedFormat & WrittenFormat
const formats = await allFormats()
const writers = formats.filter((format): format is Writer => format.write !== undefined)

/** A cookie after a format has written it and read it back. */
function kept(given: GivenCookie, holds: Holds): GivenCookie {
  // In a header a nameless `a=b` looks like a cookie named a.
  const bare = holds.domain ? { name: given.name, value: given.value } : splitPair(cookieHeader([given]))
  const { expiresAt, partitioned } = given
  const end = {
    milliseconds: expiresAt,
    seconds: expiresAt && Math.floor(expiresAt / 1000) * 1000,
    none: undefined,
  }[holds.expiry]
  return {
    ...bare,
    domain: holds.domain ? given.domain : host,
    hostOnly: holds.domain ? given.hostOnly : true,
    path: holds.path ? given.path : '/',
    secure: holds.secure ? given.secure : true,
    httpOnly: holds.httpOnly ? given.httpOnly : false,
    sameSite: holds.sameSite ? given.sameSite : 'default',
    ...(holds.partitioned && partitioned ? { partitioned } : {}),
    ...(end === undefined ? {} : { expiresAt: end }),
  }
}

const isHeld = (each: GivenCookie, { bytes }: Holds) => {
  if (bytes === 'UTF-8') return isUtf8(each)
  return bytes === 'all' || !`${each.name}${each.value}${each.path}`.includes('\t')
}
const isUtf8 = ({ name, value, path }: GivenCookie) =>
  [name, value, path].every((part) => {
    const bytes = Buffer.from(part, 'latin1')
    return Buffer.from(bytes.toString('utf8'), 'utf8').equals(bytes)
  })

describe.each(writers)('$name', (format) => {
  test.prop([cookies, origins])(
    'reads back all that it holds, and names the cookies that it leaves out',
    (given, stores) => {
      const { bytes, left } = format.write({ cookies: given, origins: stores, url: `https://${host}/` }, now)
      const back = format.read(new Source(bytes), { now, host })
      const holdable = given.filter((each) => isHeld(each, format.holds))
      const expected = holdable.map((each) => kept(each, format.holds))
      // By domain where the file is.
      const sorted = (list: readonly GivenCookie[]) =>
        list.map((each) => JSON.stringify(Object.entries(each).sort())).sort()
      expect(sorted(back.cookies.map((read) => read.cookie))).toEqual(sorted(expected))
      expect(back.skipped).toEqual([])
      expect(left).toHaveLength(given.length - holdable.length)
      const areas = ['localStorage', 'sessionStorage', 'indexedDB'] as const
      const stored = stores
        .map((store) => ({
          ...store,
          ...Object.fromEntries(areas.map((area) => [area, format.holds[area] ? store[area] : []])),
        }))
        .filter((store) => areas.some((area) => store[area].length > 0))
      expect(back.origins.map(({ storage }) => storage)).toEqual(stored)
    },
  )

  test.prop([cookies, origins])('loses only the attributes that it lists', (given, stores) => {
    const contents = { cookies: given, origins: stores }
    const differ = given.filter((each) => {
      const again = { ...kept(each, format.holds) }
      return JSON.stringify(Object.entries(again).sort()) !== JSON.stringify(Object.entries(each).sort())
    })
    const losses = lossesOf(format.holds, contents)
    const rounded = format.holds.expiry === 'seconds'
    if (losses.every(({ of }) => of !== 'cookie') && !rounded) expect(differ).toEqual([])
    for (const { count } of losses) expect(count).toBeGreaterThan(0)
  })

  test.prop([fc.array(cookie, { minLength: 1, maxLength: 5 })])(
    'is recognised when nobody names it',
    (given) => {
      const { bytes } = format.write({ cookies: given, origins: [], url: `https://${host}/` }, now)
      const found = formatOf(new Source(bytes), formats).name
      // An empty array is one of any kind.
      if (given.some((each) => isHeld(each, format.holds))) expect(found).toBe(format.name)
    },
  )

  test.prop([cookies, fc.nat(), fc.nat()])(
    'cut short or with a byte changed it is read in part or refused, and quotes nothing',
    (given, at, to) => {
      const secret = 'hunter2hunter2'
      const all = given.map((each, index) => ({ ...each, value: `${secret}${index}` }))
      const { bytes } = format.write(
        {
          cookies: all,
          origins: [
            { origin: 'https://a.test', localStorage: [['k', secret]], sessionStorage: [], indexedDB: [] },
          ],
          url: `https://${host}/`,
        },
        now,
      )
      const cut = Buffer.from(bytes.subarray(0, at % (bytes.length + 1)))
      const changed = Buffer.from(bytes)
      changed[at % bytes.length] = to % 256
      for (const broken of [cut, changed]) {
        try {
          const { skipped } = format.read(new Source(broken), { now, host })
          expect(JSON.stringify(skipped)).not.toContain('hunter2')
        } catch (error) {
          expect(error).toMatchObject({ code: 'format-invalid' })
          expect(String(error)).not.toContain('hunter2')
        }
      }
    },
  )
})

describe('the formats', () => {
  const names = formats.flatMap((format) => [format.name, ...format.aliases])

  it('say in the list whether they can be written', () => {
    for (const each of listed) expect(each.exports).toBe(writers.some(({ name }) => name === each.name))
  })

  it('have each name once', async () => {
    expect(new Set(names).size).toBe(names.length)
    for (const each of names) expect(await formatNamed(each)).toBeDefined()
    expect(await formatNamed('constructor')).toBeUndefined()
  })

  test.prop([fc.uint8Array({ maxLength: 200 })])('read or refuse any bytes', (bytes) => {
    for (const format of formats) {
      try {
        const source = new Source(bytes)
        format.detects(source)
        format.read(source, { now, host })
      } catch (error) {
        expect(error).toMatchObject({ code: 'format-invalid' })
      }
    }
  })

  test.prop([fc.json({ maxDepth: 6 })])('read or refuse any JSON', (json) => {
    for (const format of formats) {
      for (const wrapped of [
        json,
        `[${json}]`,
        `{"cookies":[${json}],"origins":[${json}]}`,
        `{"domain_cookies":{"a.test":${json},"b.test":[${json}]}}`,
        `{"log":{"entries":[${json},{"request":{"url":"https://a.test/","cookies":[${json}],"headers":[${json}]}}]}}`,
      ]) {
        try {
          format.read(new Source(Buffer.from(wrapped)), { now, host })
        } catch (error) {
          expect(error).toMatchObject({ code: 'format-invalid' })
        }
      }
    }
  })

  test.prop([cookies])('a header is as the proxy would send it', async (given) => {
    const { bytes } = ((await formatNamed('header')) as Writer).write({ cookies: given, origins: [] }, now)
    expect(Buffer.from(bytes).toString('latin1')).toBe(`Cookie: ${cookieHeader(given)}\n`)
  })
})
