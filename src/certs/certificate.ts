import { createHash, type KeyObject, randomBytes, sign } from 'node:crypto'
import {
  bitString,
  boolean,
  type Der,
  encode,
  encoded,
  explicit,
  implicit,
  integer,
  objectId,
  octetString,
  sequence,
  setOf,
  time,
  utf8String,
} from './der.ts'

/** The parts that differ between our version 3 certificates (RFC 5280 section 4.1), as DER. */
export interface CertificateFields {
  readonly issuer: Uint8Array
  readonly subject: Uint8Array
  readonly publicKey: Uint8Array
  readonly notBefore: Date
  readonly notAfter: Date
  readonly extensions: readonly Der[]
}

// ecdsa-with-SHA256, RFC 5758 section 3.2: the parameters are absent, not NULL.
const ecdsaWithSha256 = () => sequence(objectId('1.2.840.10045.4.3.2'))

/** A certificate signed with a P-256 key, as DER. */
export function signCertificate(fields: CertificateFields, key: KeyObject): Buffer {
  const toBeSigned = encode(
    sequence(
      explicit(0, integer(Uint8Array.of(2))),
      integer(randomSerial()),
      ecdsaWithSha256(),
      encoded(fields.issuer),
      sequence(time(fields.notBefore), time(fields.notAfter)),
      encoded(fields.subject),
      encoded(fields.publicKey),
      explicit(3, sequence(...fields.extensions)),
    ),
  )
  return encode(sequence(encoded(toBeSigned), ecdsaWithSha256(), bitString(sign('sha256', toBeSigned, key))))
}

/**
 * 126 random bits. The first byte is 0x40–0x7f, so the number is positive, never zero, and its DER is minimal. With a free first
 * byte, one serial in 256 has a superfluous zero byte, and OpenSSL refuses the certificate.
 */
export function randomSerial(): Buffer {
  const serial = randomBytes(16)
  serial.writeUInt8((serial.readUInt8(0) & 0x3f) | 0x40, 0)
  return serial
}

/** An X.501 name. RFC 5280 appendix A.1 (ub-common-name and others) limits each of these attributes to 64 characters. */
export function distinguishedName(parts: Readonly<Record<'O' | 'OU' | 'CN', string>>): Buffer {
  const types = { O: '2.5.4.10', OU: '2.5.4.11', CN: '2.5.4.3' } as const
  const attributes = (['O', 'OU', 'CN'] as const).filter((type) => parts[type] !== '')
  return encode(
    sequence(...attributes.map((type) => setOf(sequence(objectId(types[type]), utf8String(parts[type]))))),
  )
}

/** RFC 7093 section 2, method 4: the hash of the SubjectPublicKeyInfo. RFC 5280's own methods use SHA-1. */
export function keyIdentifier(publicKey: Uint8Array): Buffer {
  return createHash('sha256').update(publicKey).digest().subarray(0, 20)
}

function extension(id: string, critical: boolean, value: Der): Der {
  const body = octetString(encode(value))
  return critical ? sequence(objectId(id), boolean(true), body) : sequence(objectId(id), body)
}

export const subjectKeyIdentifier = (id: Uint8Array): Der => extension('2.5.29.14', false, octetString(id))
export const authorityKeyIdentifier = (id: Uint8Array): Der =>
  extension('2.5.29.35', false, sequence(implicit(0, id)))

/** RFC 5280 section 4.2.1.9. Our authority signs only leaves, so the path length is 0. */
export const basicConstraints = (constraints: { ca: true; pathLength: number } | { ca: false }): Der =>
  extension(
    '2.5.29.19',
    true,
    constraints.ca ? sequence(boolean(true), integer(Uint8Array.of(constraints.pathLength))) : sequence(),
  )

/** RFC 5280 section 4.2.1.3. DER drops trailing zero bits of a named bit list, and states their number. */
const keyUsageBits = {
  digitalSignature: { byte: 0x80, unused: 7 },
  'keyCertSign cRLSign': { byte: 0x06, unused: 1 },
} as const
export const keyUsage = (usage: keyof typeof keyUsageBits): Der =>
  extension('2.5.29.15', true, bitString(Uint8Array.of(keyUsageBits[usage].byte), keyUsageBits[usage].unused))

export const serverAuth = (): Der => extension('2.5.29.37', false, sequence(objectId('1.3.6.1.5.5.7.3.1')))

/** RFC 5280 section 4.2.1.6; critical exactly when the subject is empty. */
export function subjectAltName(name: { dns: string } | { ip: Uint8Array }, critical: boolean): Der {
  const general = 'dns' in name ? implicit(2, Buffer.from(name.dns, 'ascii')) : implicit(7, name.ip)
  return extension('2.5.29.17', critical, sequence(general))
}
