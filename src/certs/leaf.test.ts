import { execFileSync } from 'node:child_process'
import { generateKeyPairSync, X509Certificate } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { needs } from '../../test/support/installed.ts'
import { keyIdentifier } from './certificate.ts'
import { leafLifeMs, mintLeaf } from './leaf.ts'
import { issuerOf, newAuthority } from './new-authority.ts'
import { toPem } from './pem.ts'

const day = 86_400_000
const now = Date.now()
const authority = newAuthority(now)
const issuer = issuerOf(authority)
const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const spki = publicKey.export({ type: 'spki', format: 'der' })
const mint = (host: string, at = now) => mintLeaf(host, spki, issuer, at)
const certificateFor = (host: string, at = now) => new X509Certificate(mint(host, at).der)

const long = `${'a'.repeat(60)}.example.com`
const longest = `${`${'b'.repeat(62)}.`.repeat(4).slice(0, -1)}`

describe('a leaf', () => {
  it('is readable, signed and of a positive minimal serial, ten thousand times', () => {
    const serials = new Set<string>()
    for (let index = 0; index < 10_000; index++) {
      const { der } = mint(`host-${index}.${'x'.repeat(index % 60)}y.example.com`)
      const certificate = new X509Certificate(toPem('CERTIFICATE', der))
      if (!certificate.raw.equals(der) || !certificate.verify(authority.certificate.publicKey)) {
        expect.fail(`mint ${index} is not the certificate it should be: ${der.toString('base64')}`)
      }
      serials.add(certificate.serialNumber)
    }
    expect(serials.size).toBe(10_000)
    expect([...serials].every((serial) => /^[4-7][0-9A-F]{31}$/.test(serial))).toBe(true)
  })

  it('passes the strict verification of OpenSSL, as Python 3.13 applies it', (context) => {
    needs(context, 'openssl', 'version')
    const folder = mkdtempSync(join(tmpdir(), 'hallpass-leaves-'))
    try {
      const caFile = join(folder, 'ca.pem')
      writeFileSync(caFile, issuer.pem)
      const hosts = [
        'example.com',
        long,
        longest,
        '127.0.0.1',
        '::1',
        'localhost',
        'a_b.example.com',
        'münchen.example',
      ]
      const files = Array.from({ length: 300 }, (_, index) => {
        const file = join(folder, `${index}.pem`)
        writeFileSync(file, toPem('CERTIFICATE', mint(hosts[index] ?? `h${index}.example.com`).der))
        return file
      })
      const said = execFileSync(
        'openssl',
        ['verify', '-x509_strict', '-purpose', 'sslserver', '-CAfile', caFile, ...files],
        { encoding: 'utf8', stdio: 'pipe' },
      )
      expect(said.match(/: OK$/gm)).toHaveLength(300)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it.each([
    ['example.com', 'DNS:example.com', 'CN=example.com'],
    ['localhost', 'DNS:localhost', 'CN=localhost'],
    ['under_score.example.com', 'DNS:under_score.example.com', 'CN=under_score.example.com'],
    ['münchen.example', 'DNS:xn--mnchen-3ya.example', 'CN=xn--mnchen-3ya.example'],
    ['127.0.0.1', 'IP Address:127.0.0.1', 'CN=127.0.0.1'],
    ['::1', 'IP Address:0:0:0:0:0:0:0:1', 'CN=::1'],
    ['2001:db8::5:0:1', 'IP Address:2001:DB8:0:0:0:5:0:1', 'CN=2001:db8::5:0:1'],
    ['::ffff:10.0.0.1', 'IP Address:0:0:0:0:0:FFFF:A00:1', 'CN=::ffff:10.0.0.1'],
    [long, `DNS:${long}`, undefined],
    [longest, `DNS:${longest}`, undefined],
  ])('for %s names it, and has a common name only if it fits', (host, altName, subject) => {
    const certificate = certificateFor(host)
    expect(certificate.subjectAltName).toBe(altName)
    expect(certificate.subject || undefined).toBe(subject)
    if (!host.includes(':') && !host.startsWith('127'))
      expect(certificate.checkHost(altName.slice(4))).toBeDefined()
    else expect(certificate.checkIP(host)).toBeDefined()
  })

  it('has every extension that strict clients look for', () => {
    const der = certificateFor('example.com').raw.toString('hex')
    const id = keyIdentifier(spki).toString('hex')
    // basicConstraints, critical, no CA · keyUsage, critical, digitalSignature · extKeyUsage serverAuth
    expect(der).toContain('0603551d130101ff04023000')
    expect(der).toContain('0603551d0f0101ff040403020780')
    expect(der).toContain('0603551d25040c300a06082b06010505070301')
    expect(der).toContain(`0603551d0e04160414${id}`)
    expect(der).toContain(`0603551d2304183016${`8014${Buffer.from(issuer.keyId).toString('hex')}`}`)
    // The authority's own identifier is the one that its leaves name.
    expect(authority.certificate.raw.toString('hex')).toContain(
      `0603551d0e04160414${Buffer.from(issuer.keyId).toString('hex')}`,
    )
  })

  it.each([
    ['*.example.com'],
    ['a..b'],
    [''],
    ['.example.com'],
    ['example.com.'],
    ['exa mple.com'],
    ['example.com\0.evil.test'],
    ['a,DNS:b'],
    ['fe80::1%eth0'],
    [`${'a'.repeat(64)}.example.com`],
    [`${'a.'.repeat(127)}com`],
    ['../../etc/passwd'],
  ])('is not made for %j', (host) => {
    expect(() => mint(host)).toThrow(TypeError)
  })

  it('is valid from a day ago, for clocks that are behind, and for a week', () => {
    const { validFromDate, validToDate } = certificateFor('example.com', now + 30 * day)
    const second = (at: number) => Math.floor(at / 1000)
    expect(second(validFromDate.getTime())).toBe(second(now + 29 * day))
    expect(second(validToDate.getTime())).toBe(second(now + 30 * day + leafLifeMs))
  })

  it("never reaches outside the authority's own life", () => {
    const late = certificateFor('example.com', issuer.notAfter.getTime() - day)
    expect(late.validToDate).toEqual(issuer.notAfter)
    const early = certificateFor('example.com', issuer.notBefore.getTime() + 1000)
    expect(early.validFromDate).toEqual(issuer.notBefore)
  })
})
