import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseAuthority } from './authority.ts'

describe('an authority', () => {
  it.each([
    ['example.com', { host: 'example.com' }],
    ['Example.COM', { host: 'example.com' }],
    ['example.com.', { host: 'example.com', rooted: true }],
    ['example.com:443', { host: 'example.com', port: 443 }],
    ['example.com.:443', { host: 'example.com', rooted: true, port: 443 }],
    ['example.com:65535', { host: 'example.com', port: 65_535 }],
    ['localhost', { host: 'localhost' }],
    ['_dmarc.a-b.xn--bcher-kva.example', { host: '_dmarc.a-b.xn--bcher-kva.example' }],
    ['1password.example', { host: '1password.example' }],
    ['0x.example', { host: '0x.example' }],
    ['127.0.0.1.', { host: '127.0.0.1' }],
    ['127.0.0.1:80', { host: '127.0.0.1', port: 80 }],
    ['255.255.255.255', { host: '255.255.255.255' }],
    ['[::1]', { host: '::1' }],
    ['[::1]:8080', { host: '::1', port: 8080 }],
    ['[0:0:0:0:0:0:0:1]', { host: '::1' }],
    ['[2001:DB8::A]', { host: '2001:db8::a' }],
    ['[::ffff:127.0.0.1]', { host: '::ffff:7f00:1' }],
    [`${'a'.repeat(63)}.example`, { host: `${'a'.repeat(63)}.example` }],
    [`${'a.'.repeat(126)}a`, { host: `${'a.'.repeat(126)}a` }],
    [`${'a.'.repeat(126)}a.`, { host: `${'a.'.repeat(126)}a`, rooted: true }],
  ])('%s is read', (text, authority) => {
    expect(parseAuthority(text)).toEqual(authority)
  })

  it.each([
    ['nothing', ''],
    ['a port alone', ':443'],
    ['userinfo', 'a.example@b.example'],
    ['userinfo and port', 'a.example:80@b.example'],
    ['a backslash', 'a.example\\b.example'],
    ['a slash', 'a.example/b'],
    ['a query', 'a.example?b'],
    ['a fragment', 'a.example#b'],
    ['an escape', 'a%2eexample'],
    ['an escaped NUL', 'a.example%00.b.example'],
    ['a NUL', 'a.example\0.b.example'],
    ['a space', 'a.example b.example'],
    ['a leading space', ' a.example'],
    ['a trailing space', 'a.example '],
    ['a tab', 'a.example\t'],
    ['a CR', 'a.example\r'],
    ['an LF', 'a.example\n'],
    ['a list', 'a.example,b.example'],
    ['a semicolon', 'a.example;b'],
    ['a star', '*.example'],
    ['a quote', '"a.example"'],
    ['raw UTF-8', 'b\xc3\xbccher.example'],
    ['a full-width dot', 'a\u3002example'],
    ['a dot alone', '.'],
    ['a leading dot', '.a.example'],
    ['two dots', 'a..example'],
    ['two trailing dots', 'a.example..'],
    ['a long label', `${'a'.repeat(64)}.example`],
    ['a name of 254 bytes', `${'a.'.repeat(126)}ab`],
    ['a long name', `${'a.'.repeat(127)}example`],
    ['an empty port', 'a.example:'],
    ['port zero', 'a.example:0'],
    ['a port with a leading zero', 'a.example:0443'],
    ['a port too large', 'a.example:65536'],
    ['a port much too large', 'a.example:4294967739'],
    ['a signed port', 'a.example:+443'],
    ['a negative port', 'a.example:-1'],
    ['a hexadecimal port', 'a.example:0x1bb'],
    ['a port with a blank', 'a.example: 443'],
    ['two ports', 'a.example:443:80'],
    ['a service name', 'a.example:https'],
    ['IPv6 without brackets', '::1'],
    ['IPv6 with an open bracket', '[::1'],
    ['IPv6 with a zone', '[fe80::1%25eth0]'],
    ['IPv6 with a bare zone', '[fe80::1%eth0]'],
    ['IPv6 with two gaps', '[1::2::3]'],
    ['invalid IPv6', '[1:2]'],
    ['a future address', '[v1.a]'],
    ['a name in brackets', '[a.example]'],
    ['something behind the bracket', '[::1]a:80'],
    ['a decimal address', '2130706433'],
    ['a short address', '127.1'],
    ['an octal address', '0177.0.0.1'],
    ['a hexadecimal address', '0x7f000001'],
    ['a hexadecimal part', '127.0.0.0x1'],
    ['a number too large', '256.0.0.1'],
    ['an address of five', '1.2.3.4.5'],
    ['a name that ends in a number', 'a.example.7'],
  ])('%s is refused', (_, text) => {
    expect(parseAuthority(text)).toBeUndefined()
  })

  it('is the same to a URL parser', () => {
    const piece = fc.constantFrom(...'aZ09.-_:[]@%\\/ xX', '127', '0x7f', '::1', 'example', '443')
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join('')),
        (text) => {
          const authority = parseAuthority(text)
          if (authority === undefined) return
          const { hostname, port } = new URL(`x-unknown://${text}/`)
          const special = new URL(`http://${text}/`)
          expect(special.hostname.replace(/\.$/, '').replace(/^\[(.*)\]$/, '$1')).toBe(authority.host)
          expect(
            hostname
              .toLowerCase()
              .replace(/\.$/, '')
              .replace(/^\[(.*)\]$/, '$1'),
          ).toBe(authority.host)
          expect(port === '' ? undefined : Number(port)).toBe(authority.port)
        },
      ),
      { numRuns: 5_000 },
    )
  })
})
