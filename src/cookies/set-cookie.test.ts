import { describe, expect, test } from 'vitest'
import { maxAgeMs, parseSetCookie, type SetCookie } from './set-cookie.ts'

const now = Date.UTC(2026, 0, 1)

function parsed(line: string): SetCookie {
  const said = parseSetCookie(line, now)
  if ('refused' in said) throw new Error(`refused: ${said.refused}`)
  return said
}

describe('name and value', () => {
  test.each<[line: string, name: string, value: string]>([
    ['a=b', 'a', 'b'],
    ['a=', 'a', ''],
    ['a=b=c', 'a', 'b=c'],
    ['a==', 'a', '='],
    ['a===b', 'a', '==b'],
    ['a = b', 'a', 'b'],
    ['  a=b  ', 'a', 'b'],
    ['\ta\t=\tb\t', 'a', 'b'],
    [' \t a \t = \t b \t ;x', 'a', 'b'],
    ['a b=c d', 'a b', 'c d'],
    ['a\tb=c\td', 'a\tb', 'c\td'],
    ['a="b"', 'a', '"b"'],
    ['a=" b "', 'a', '" b "'],
    ['a="b', 'a', '"b'],
    ['a="b;c"', 'a', '"b'],
    ['"a"=b', '"a"', 'b'],
    ['a=b,c=d', 'a', 'b,c=d'],
    ['a=%20%3B', 'a', '%20%3B'],
    ['%61=b', '%61', 'b'],
    ['$Version=1; a=b', '$Version', '1'],
    ['=b', '', 'b'],
    ['==b', '', '=b'],
    ['= b ', '', 'b'],
    ['b', '', 'b'],
    ['  b  ', '', 'b'],
    ['b c', '', 'b c'],
    ['b; a=c', '', 'b'],
    ['=a=b', '', 'a=b'],
    ['__proto__=1', '__proto__', '1'],
    ['constructor=1', 'constructor', '1'],
    ['a=\xc3\xa9', 'a', '\xc3\xa9'],
    ['\xc3\xa9=\xff', '\xc3\xa9', '\xff'],
    // The last byte of a UTF-8 `à`: blank to String.trim, but not to a cookie.
    ['a=\xc3\xa0', 'a', '\xc3\xa0'],
    ['\xa0a=\xa0b\xa0', '\xa0a', '\xa0b\xa0'],
  ])('%j is %j with the value %j', (line, name, value) => {
    expect(parsed(line)).toMatchObject({ name, value })
  })

  test.each(['', '=', ' ', '\t', ' = ', ';', '; a=b', '=; Path=/', '   ; Secure'])(
    '%j has neither and is dropped',
    (line) => expect(parseSetCookie(line, now)).toEqual({ refused: 'neither name nor value', name: '' }),
  )
})

describe('characters', () => {
  const controls = [...Array(0x20).keys(), 0x7f].filter((code) => code !== 0x09)
  test.each(controls)('byte %i drops the whole line, wherever it stands', (code) => {
    const bad = String.fromCharCode(code)
    for (const line of [
      `a${bad}b=c`,
      `a=b${bad}c`,
      `a=b${bad}`,
      `${bad}a=b`,
      `a=b; Path=/x${bad}; Path=/`,
      `a=b; Domain=x${bad}`,
      `a=b; Max-Age=1${bad}0`,
      `a=b; Secure${bad}`,
      `a=b; ${bad}`,
      `a=b; nonsense=${bad}`,
      `a=b; Path=/${'x'.repeat(1024)}${bad}`,
    ]) {
      expect(parseSetCookie(line, now), JSON.stringify(line)).toMatchObject({
        refused: 'a control character',
      })
    }
  })

  test.each(['a\tb=c', 'a=b\tc', 'a=b; Path=/\tx', 'a=b; \tSecure\t', 'a=b; Domain=\texample.com'])(
    'a TAB is let through: %j',
    (line) => expect(parseSetCookie(line, now)).not.toHaveProperty('refused'),
  )

  test('text beyond latin1 is dropped: it was decoded on the way and would go back as other bytes', () => {
    expect(parseSetCookie('a=\u20ac', now)).toMatchObject({ refused: 'a character that is not a byte' })
    expect(parseSetCookie('a=b; Path=/\u0100', now)).toMatchObject({
      refused: 'a character that is not a byte',
    })
  })
})

describe('sizes', () => {
  const line = (name: number, value: number) => `${'n'.repeat(name)}=${'v'.repeat(value)}`
  test.each<[name: number, value: number, kept: boolean]>([
    [1, 4095, true],
    [1, 4096, false],
    [2048, 2048, true],
    [2048, 2049, false],
    [4096, 0, true],
    [4097, 0, false],
    [4096, 1, false],
    [0, 4096, true],
    [0, 4097, false],
  ])('a name of %i and a value of %i bytes: kept is %j', (name, value, kept) => {
    expect('refused' in parseSetCookie(line(name, value), now)).toBe(!kept)
  })

  test('blanks around name and value do not count', () => {
    expect(parsed(` ${line(2048, 2048)} `).value).toHaveLength(2048)
  })

  test('a nameless cookie without an equals sign has the same limit', () => {
    expect(parsed('v'.repeat(4096)).value).toHaveLength(4096)
    expect(parseSetCookie('v'.repeat(4097), now)).toHaveProperty('refused')
  })

  test.each<[attribute: string, fill: string, field: keyof SetCookie]>([
    ['Path=/', 'x', 'path'],
    ['Domain=', 'x', 'domain'],
    ['Max-Age=', '1', 'expiresAt'],
  ])('%s of 1024 bytes counts, one byte more is as if it were not there', (attribute, fill, field) => {
    const value = attribute.slice(attribute.indexOf('=') + 1)
    const most = attribute + fill.repeat(1024 - value.length)
    expect(parsed(`a=b; ${most}`)).toHaveProperty(field)
    expect(parsed(`a=b; ${most}${fill}`)).not.toHaveProperty(field)
    expect(parsed(`a=b; ${most}; ${most}${fill}`)).toHaveProperty(field, parsed(`a=b; ${most}`)[field])
  })

  test('SameSite with an overlong value leaves the one before it', () => {
    expect(parsed(`a=b; SameSite=Strict; SameSite=${'x'.repeat(1025)}`).sameSite).toBe('strict')
  })

  test('attributes together may be longer than one may be', () => {
    const long = `; Domain=${'x'.repeat(1000)}`
    expect(parsed(`${line(2048, 2048)}${long.repeat(9)}; Domain=example.com`).domain).toBe('example.com')
  })
})

describe('lifetime', () => {
  const day = 86_400_000
  test.each<[attributes: string, expiresAt: number | undefined]>([
    ['', undefined],
    ['Max-Age=60', now + 60_000],
    ['max-AGE = 60', now + 60_000],
    ['Max-Age=060', now + 60_000],
    ['Max-Age=1', now + 1000],
    ['Max-Age=0', 0],
    ['Max-Age=-0', 0],
    ['Max-Age=-1', 0],
    ['Max-Age=-99999999999999999999', 0],
    ['Max-Age=99999999999999999999', now + maxAgeMs],
    [`Max-Age=${'9'.repeat(1000)}`, now + maxAgeMs],
    [`Max-Age=${400 * 86_400}`, now + maxAgeMs],
    [`Max-Age=${400 * 86_400 + 1}`, now + maxAgeMs],
    ['Max-Age', undefined],
    ['Max-Age=', undefined],
    ['Max-Age=-', undefined],
    ['Max-Age=+60', undefined],
    ['Max-Age=60.5', undefined],
    ['Max-Age=1e3', undefined],
    ['Max-Age=0x10', undefined],
    ['Max-Age="60"', undefined],
    ['Max-Age=6 0', undefined],
    ['Max-Age=60,', undefined],
    ['Max-Age=60; Max-Age=120', now + 120_000],
    ['Max-Age=60; Max-Age=x', now + 60_000],
    ['Max-Age=60; Max-Age=', now + 60_000],
    ['Expires=Fri, 02 Jan 2026 00:00:00 GMT', now + day],
    ['Expires=Friday, 02-Jan-26 00:00:00 GMT', now + day],
    ['Expires=Fri Jan  2 00:00:00 2026', now + day],
    ['Expires=02 Jan 2026 00:00:00', now + day],
    ['expires=2026 jan 2 0:0:0', now + day],
    ['Expires=Sun, 31 Dec 9999 23:59:59 GMT', now + maxAgeMs],
    ['Expires=Thu, 01 Jan 1970 00:00:00 GMT', 0],
    ['Expires=Wed, 31 Dec 1969 23:59:59 GMT', -1000],
    ['Expires=Thu, 01-Jan-70 00:00:00 GMT', 0],
    ['Expires=Mon, 01-Jan-69 00:00:00 GMT', now + maxAgeMs],
    ['Expires=never', undefined],
    ['Expires=', undefined],
    ['Expires=0', undefined],
    ['Expires=Fri, 30 Feb 2026 00:00:00 GMT', undefined],
    ['Expires=Fri, 02 Jan 2026 24:00:00 GMT', undefined],
    ['Expires=Fri, 02 Jan 2026 00:60:00 GMT', undefined],
    ['Expires=Fri, 02 Jan 2026 00:00:60 GMT', undefined],
    ['Expires=Fri, 32 Jan 2026 00:00:00 GMT', undefined],
    ['Expires=Fri, 02 Jan 1600 00:00:00 GMT', undefined],
    ['Expires=Fri, 02 Jan 2026 GMT', undefined],
    ['Expires=Fri, 02 Jan 2026 00:00:00 GMT; Expires=never', now + day],
    ['Expires=never; Expires=Fri, 02 Jan 2026 00:00:00 GMT', now + day],
    ['Expires=Fri, 02 Jan 2026 00:00:00 GMT; Expires=Sat, 03 Jan 2026 00:00:00 GMT', now + 2 * day],
    ['Max-Age=60; Expires=Fri, 02 Jan 2026 00:00:00 GMT', now + 60_000],
    ['Expires=Fri, 02 Jan 2026 00:00:00 GMT; Max-Age=60', now + 60_000],
    ['Expires=Fri, 02 Jan 2026 00:00:00 GMT; Max-Age=x', now + day],
    ['Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=60', now + 60_000],
    ['Max-Age=0; Expires=Fri, 02 Jan 2026 00:00:00 GMT', 0],
  ])('%j', (attributes, expiresAt) => {
    expect(parsed(`a=b; ${attributes}`).expiresAt).toBe(expiresAt)
  })
})

describe('the other attributes', () => {
  test.each<[attributes: string, fields: Partial<SetCookie>]>([
    ['', { secure: false, httpOnly: false, sameSite: 'default', partitioned: false }],
    ['Secure', { secure: true }],
    ['seCURe', { secure: true }],
    ['Secure=', { secure: true }],
    ['Secure=false', { secure: true }],
    ['  Secure  ;', { secure: true }],
    ['"Secure"', { secure: false }],
    ['Secure x', { secure: false }],
    ['HttpOnly', { httpOnly: true }],
    ['httponly=0', { httpOnly: true }],
    ['Http Only', { httpOnly: false }],
    ['Partitioned', { partitioned: true }],
    ['PARTITIONED=x', { partitioned: true }],
    ['SameSite=Strict', { sameSite: 'strict' }],
    ['samesite = sTRICT', { sameSite: 'strict' }],
    ['SameSite=Lax', { sameSite: 'lax' }],
    ['SameSite=None', { sameSite: 'none' }],
    ['SameSite', { sameSite: 'default' }],
    ['SameSite=', { sameSite: 'default' }],
    ['SameSite=sometimes', { sameSite: 'default' }],
    ['SameSite="Lax"', { sameSite: 'default' }],
    ['SameSite=Lax; SameSite=Strict', { sameSite: 'strict' }],
    ['SameSite=Strict; SameSite=sometimes', { sameSite: 'default' }],
    ['Domain=Example.COM', { domain: 'example.com' }],
    ['domain = .example.com ', { domain: '.example.com' }],
    ['Domain=a.example; Domain=b.example', { domain: 'b.example' }],
    ['Domain=a.example; Domain=', { domain: 'a.example' }],
    ['Path=/x', { path: '/x' }],
    ['path = /X ', { path: '/X' }],
    ['Path=/a; Path=/b', { path: '/b' }],
    ['Path="/x"', { path: undefined as never }],
    ['unknown; =; ==x; a=b; ,;;;', { secure: false, sameSite: 'default' }],
    ['a=b,Secure', { secure: false }],
    ['__proto__=Secure; constructor', { secure: false }],
  ])('%j', (attributes, fields) => {
    const said = parsed(`a=b; ${attributes}`)
    for (const [field, value] of Object.entries(fields)) {
      expect(said[field as keyof SetCookie]).toEqual(value)
    }
  })

  test.each(['', 'Path', 'Path=', 'Path=x', 'Path=/a; Path=', 'Path=/a; Path', 'Path=/a; Path=b'])(
    '%j names no path, also when an earlier one did',
    (attributes) => expect(parsed(`a=b; ${attributes}`)).not.toHaveProperty('path'),
  )

  test.each(['', 'Domain', 'Domain=', 'Domain=  '])('%j names no domain', (attributes) => {
    expect(parsed(`a=b; ${attributes}`)).not.toHaveProperty('domain')
  })
})
