import type { PeerCertificate } from 'node:tls'
import { describe, expect, it } from 'vitest'
import { checkServerIdentity } from './server-identity.ts'

const named = (subjectaltname: string | undefined, CN = 'example.com') =>
  ({ subject: { CN }, subjectaltname }) as unknown as PeerCertificate

describe("the name in an origin's certificate", () => {
  it.each([
    ['example.com', 'DNS:example.com'],
    ['example.com.', 'DNS:example.com'],
    ['EXAMPLE.com', 'DNS:Example.COM'],
    ['a.example.com', 'DNS:other.test, DNS:*.example.com'],
    ['xn--mnchen-3ya.example.com', 'DNS:*.example.com'],
    ['under_score.example.com', 'DNS:under_score.example.com'],
    ['localhost', 'DNS:localhost'],
    ['example.com', 'DirName:"O = Example, CN = \\"dc\\"", DNS:example.com'],
    ['127.0.0.1', 'DNS:a, IP Address:127.0.0.1'],
    ['::1', 'IP Address:0:0:0:0:0:0:0:1'],
    ['2001:db8::1', 'IP Address:2001:DB8:0:0:0:0:0:1'],
  ])('%s is named by %s', (host, names) => {
    expect(checkServerIdentity(host, named(names))).toBeUndefined()
  })

  it.each([
    ['example.com', undefined],
    ['example.com', ''],
    ['example.com', 'DNS:other.test'],
    ['example.com', 'IP Address:127.0.0.1'],
    ['example.com', 'email:example.com'],
    ['example.com', 'URI:https://example.com'],
    ['example.com', 'DNS:*.example.com'],
    ['example.com', 'DNS:*.com'],
    ['a.b.example.com', 'DNS:*.example.com'],
    ['a.example.com', 'DNS:a*.example.com'],
    ['a.example.com', 'DNS:*a.example.com'],
    ['a.example.com', 'DNS:*.*.com'],
    ['a.example.com', 'DNS:*'],
    ['.example.com', 'DNS:*.example.com'],
    ['example.com', 'DNS:.example.com'],
    ['example.com', 'DNS:"evil.test, DNS:example.com"'],
    ['example.com', 'DNS:"example.com\\u0000.evil.test"'],
    ['example.com', 'DNS:"evil.test\\", DNS:example.com"'],
    ['example.com', 'DNS:"evil.test, DNS:example.com'],
    ['127.0.0.1', 'DNS:127.0.0.1'],
    ['127.0.0.1', 'DNS:*.0.0.1'],
    ['127.0.0.1', 'IP Address:127.0.0.2'],
    ['127.0.0.1', 'IP Address:<invalid length=3>'],
    ['127.0.0.1', 'IP Address:0:0:0:0:0:FFFF:7F00:1'],
  ])('%s is not named by %s, whatever the common name says', (host, names) => {
    const error = checkServerIdentity(host, named(names, host))
    expect(error).toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' })
    expect(error?.message).toContain(host)
  })
})
