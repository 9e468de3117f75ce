import { X509Certificate } from 'node:crypto'
import { rootCertificates } from 'node:tls'
import { describe, expect, it } from 'vitest'
import { randomSerial } from './certificate.ts'
import { encode, time } from './der.ts'
import { installationOf, issuerOf, newAuthority } from './new-authority.ts'
import { fromPem, pemBlocks, toPem } from './pem.ts'

describe('a serial number', () => {
  it('is positive, minimal in DER and never over 20 bytes', () => {
    for (let index = 0; index < 5_000; index++) {
      const serial = randomSerial()
      expect(serial.length).toBe(16)
      // The top bit would make it negative; a zero byte before a clear bit would not be minimal.
      expect(serial.readUInt8(0) & 0xc0).toBe(0x40)
    }
  })
})

describe('a time', () => {
  it.each([
    ['2049-12-31T23:59:59Z', '17 0d 491231235959Z'],
    ['2050-01-01T00:00:00Z', '18 0f 20500101000000Z'],
    ['2026-02-03T04:05:06Z', '17 0d 260203040506Z'],
  ])('%s is written as RFC 5280 wants it', (at, expected) => {
    const der = encode(time(new Date(at)))
    const [tag, length] = der
    expect(
      `${tag?.toString(16)} ${length?.toString(16).padStart(2, '0')} ${der.subarray(2).toString('ascii')}`,
    ).toBe(expected)
  })
})

describe('PEM', () => {
  it('breaks lines at 64 and has no empty line at multiples of 48 bytes', () => {
    for (let bytes = 1; bytes <= 300; bytes++) {
      const der = Buffer.alloc(bytes, bytes)
      const pem = toPem('CERTIFICATE', der)
      const body = pem.split('\n').slice(1, -2)
      expect(body.slice(0, -1).every((line) => line.length === 64)).toBe(true)
      expect(body.every((line) => line.length > 0 && line.length <= 64)).toBe(true)
      expect(fromPem(pem)).toEqual(der)
      expect(pemBlocks('CERTIFICATE', pem)).toEqual([pem])
    }
  })

  it('is found between comments, other blocks and Windows line ends', () => {
    const one = toPem('CERTIFICATE', Buffer.alloc(100, 1))
    const two = toPem('CERTIFICATE', Buffer.alloc(48, 2))
    const key = toPem('PRIVATE KEY', Buffer.alloc(48, 3))
    const text = `# Issuer: CN=-----BEGIN\n${one.replaceAll('\n', '\r\n')}junk\n${key}${two.trimEnd()}`
    expect(pemBlocks('CERTIFICATE', text)).toEqual([one, two])
  })
})

describe('a certificate authority', () => {
  const now = Date.UTC(2026, 10, 21, 12)

  it('says whose it is and since when, and differs from every other by name', () => {
    const one = newAuthority(now)
    const two = newAuthority(now)
    expect(one.certificate.subject).toMatch(
      /^O=hallpass\nOU=[0-9a-f]{12}\nCN=hallpass \S+@\S+ 2026-11-21 [0-9a-f]{8}$/,
    )
    expect(one.certificate.subject).not.toBe(two.certificate.subject)
    expect(one.certificate.issuer).toBe(one.certificate.subject)
    expect(one.certificate.checkIssued(one.certificate)).toBe(true)
    expect(one.certificate.validToDate.getUTCFullYear()).toBe(2036)
  })

  it('signs leaves only: a path length of zero, and no other use of its key', () => {
    const { certificate } = newAuthority(now)
    expect(certificate.ca).toBe(true)
    const der = certificate.raw.toString('hex')
    // basicConstraints, critical: CA TRUE, pathLenConstraint 0
    expect(der).toContain('0603551d130101ff040830060101ff020100')
    // keyUsage, critical: bits 5 and 6
    expect(der).toContain('0603551d0f0101ff040403020106')
  })

  it('gives its name, byte for byte, to the leaves', () => {
    const pair = newAuthority(now)
    expect(pair.certificate.raw.indexOf(issuerOf(pair).name)).toBeGreaterThan(0)
  })

  it('hands its mark on, and knows it from certificates of others', () => {
    const { certificate } = newAuthority(now)
    const installation = installationOf(certificate)
    expect(installationOf(newAuthority(now, installation).certificate)).toBe(installation)
    expect(installationOf(newAuthority(now).certificate)).not.toBe(installation)
    const theirs = rootCertificates.map((pem) => new X509Certificate(pem))
    expect(theirs.map(installationOf)).toEqual(theirs.map(() => undefined))
  })
})
