import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { lookAlikes } from '../../test/support/look-alikes.ts'
import { bestMatch, matchesHost, parseHostPattern, specificity } from './host-pattern.ts'

describe('a host pattern', () => {
  it.each([
    ['example.com', 'example.com'],
    ['  example.com ', 'example.com'],
    ['EXAMPLE.com.', 'example.com'],
    ['*.Example.COM', '*.example.com'],
    ['*', '*'],
    ['*:8443', '*:8443'],
    ['example.com:8443', 'example.com:8443'],
    ['*.example.com:443', '*.example.com:443'],
    ['localhost:3000', 'localhost:3000'],
    ['my_host.example', 'my_host.example'],
    ['bücher.example', 'xn--bcher-kva.example'],
    ['127.0.0.1:80', '127.0.0.1:80'],
    ['::1', '[::1]'],
    ['[::1]', '[::1]'],
    ['[::1]:8080', '[::1]:8080'],
    ['[2001:DB8::0001]', '[2001:db8::1]'],
  ])('reads %j as %j', (text, tidy) => {
    const pattern = parseHostPattern(text)
    expect(pattern.text).toBe(tidy)
    expect(parseHostPattern(pattern.text)).toEqual(pattern)
  })

  it.each([
    ['', /empty/],
    ['   ', /empty/],
    ['https://example.com', /URL/],
    ['example.com/path', /URL or has a path/],
    ['user@example.com', /a host name cannot contain/],
    ['exa mple.com', /a host name cannot contain/],
    ['example.com\0.evil.test', /a host name cannot contain/],
    ['example.com\r\nX', /a host name cannot contain/],
    ['example.com\\evil.test', /a host name cannot contain/],
    ['example.com%00', /a host name cannot contain/],
    ['example.com?x', /a host name cannot contain/],
    ['example.com#x', /a host name cannot contain/],
    ['api.*.com', /wildcard/],
    ['*example.com', /wildcard/],
    ['*.*.com', /wildcard/],
    ['**', /wildcard/],
    ['*.', /not a host name/],
    ['.example.com', /not a host name/],
    ['a..b', /not a host name/],
    ['example.com..', /not a host name/],
    ['-', /not a host name/],
    ['a-.example', /not a host name/],
    [`${'a'.repeat(64)}.example`, /not a host name/],
    [`${'a.'.repeat(130)}example`, /not a host name/],
    ['*.127.0.0.1', /below an IP/],
    ['*.[::1]', /below an IP/],
    ['127.1', /odd spelling of 127\.0\.0\.1/],
    ['0x7f.0.0.1', /odd spelling/],
    ['2130706433', /odd spelling/],
    ['1.2.3.999', /not a host name/],
    ['example.com:', /port/],
    ['example.com:0', /port/],
    ['example.com:65536', /port/],
    ['example.com:http', /port/],
    ['[::1]x', /not a host/],
    ['[::1', /not a host/],
    ['[::g]', /not a host name/],
    ['::1%lo', /a host name cannot contain/],
  ])('refuses %j', (text, reason) => expect(() => parseHostPattern(text)).toThrow(reason))

  it('repeats no control character in its complaint', () => {
    expect(() => parseHostPattern('\x1b[2Jevil\r\n')).toThrow(/^[^\0-\x1f]*$/)
  })

  it('knows no names by which objects reach their prototype', () => {
    for (const name of ['__proto__', 'constructor']) {
      expect(matchesHost(parseHostPattern('example.com'), name, 443)).toBe(false)
      expect(matchesHost(parseHostPattern(name), 'example.com', 443)).toBe(false)
    }
  })
})

describe('matching', () => {
  it.each(lookAlikes)('does not take %j for api.example.com', (host) => {
    expect(matchesHost(parseHostPattern('api.example.com'), host, 443)).toBe(false)
    expect(matchesHost(parseHostPattern('api.example.com'), host.toUpperCase(), 443)).toBe(false)
  })

  it.each([
    ['example.com', 'example.com', true],
    ['example.com', 'EXAMPLE.Com', true],
    ['example.com', 'example.com.', true],
    ['example.com', 'www.example.com', false],
    ['*.example.com', 'www.example.com', true],
    ['*.example.com', 'A.WWW.Example.com.', true],
    ['*.example.com', 'example.com', false],
    ['*.example.com', '.example.com', false],
    ['*.example.com', 'notexample.com', false],
    ['*.example.com', 'www.example.com.evil.test', false],
    ['*.example.com', 'wwwXexample.com', false],
    ['*', 'anything.test', true],
    ['*', '::1', true],
    ['::1', '::1', true],
    ['[::1]', '::2', false],
    ['example.com:8443', 'example.com', false],
  ])('%j and %j: %j', (pattern, host, matches) =>
    expect(matchesHost(parseHostPattern(pattern), host, 443)).toBe(matches),
  )

  it('holds a port to be part of the pattern only where it is written', () => {
    expect(matchesHost(parseHostPattern('example.com:8443'), 'example.com', 8443)).toBe(true)
    expect(matchesHost(parseHostPattern('example.com'), 'example.com', 8443)).toBe(true)
    expect(matchesHost(parseHostPattern('*:8443'), 'example.com', 443)).toBe(false)
  })

  const label = fc.constantFrom('a', 'b', 'com', 'example', 'xn--a')
  const name = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.'))
  test.prop([name, name])('compares whole labels', (pattern, host) => {
    const labels = host.split('.')
    const below = labels.slice(1).some((_, index) => labels.slice(index + 1).join('.') === pattern)
    expect(matchesHost(parseHostPattern(`*.${pattern}`), host, 443)).toBe(below)
    expect(matchesHost(parseHostPattern(pattern), host, 443)).toBe(host === pattern)
  })
})

describe('the most specific pattern', () => {
  const ordered = [
    '*',
    '*:443',
    '*.com',
    '*.com:443',
    '*.example.com',
    '*.example.com:443',
    '*.api.example.com',
    'a.example',
    'a.example:443',
  ]
  it.each(ordered.slice(1).map((text, index) => [text, ordered[index] ?? '']))(
    '%s goes before %s',
    (more, less) =>
      expect(specificity(parseHostPattern(more))).toBeGreaterThan(specificity(parseHostPattern(less))),
  )

  it('is an exact one before the longest possible wildcard', () => {
    const suffix = `${'a'.repeat(60)}.`.repeat(4).slice(0, -1)
    expect(specificity(parseHostPattern('a'))).toBeGreaterThan(
      specificity(parseHostPattern(`*.${suffix}:443`)),
    )
  })

  it('is found among several, and the first of equals', () => {
    const patterns = ['*', '*.example.com', 'api.example.com', 'api.example.com'].map(parseHostPattern)
    expect(bestMatch(patterns, 'api.example.com', 443)).toBe(patterns[2])
    expect(bestMatch(patterns, 'www.example.com', 443)).toBe(patterns[1])
    expect(bestMatch(patterns.slice(1), 'other.test', 443)).toBeUndefined()
  })
})
