import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import {
  basicConstraints,
  distinguishedName,
  keyIdentifier,
  randomSerial,
  serverAuth,
  subjectKeyIdentifier,
} from '../../src/certs/certificate.ts'
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
  time,
} from '../../src/certs/der.ts'
import { toPem } from '../../src/certs/pem.ts'

/*
 * Certificates as origins have them, good and bad. The product's own builder makes only right ones; here every part can
 * be wrong.
 */

const day = 86_400_000

export interface Pair {
  readonly key: KeyObject
  readonly cert: string
  readonly subject: Buffer
  readonly publicKey: Buffer
}

export interface CertificateWish {
  readonly commonName?: string
  readonly altNames?: readonly Der[]
  /** Absent: signed by its own key. */
  readonly issuer?: Pair
  readonly extensions?: readonly Der[]
  readonly validFromDays?: number
  readonly validForDays?: number
  readonly key?: { readonly privateKey: KeyObject; readonly publicKey: KeyObject }
  readonly digest?: 'sha1' | 'sha256'
}

export const dns = (name: string): Der => implicit(2, Buffer.from(name, 'latin1'))
export const email = (name: string): Der => implicit(1, Buffer.from(name, 'latin1'))
export const uri = (text: string): Der => implicit(6, Buffer.from(text, 'latin1'))
export const ip = (...bytes: readonly number[]): Der => implicit(7, Uint8Array.from(bytes))

export function extension(id: string, critical: boolean, value: Der): Der {
  const body = octetString(encode(value))
  return critical ? sequence(objectId(id), boolean(true), body) : sequence(objectId(id), body)
}

export const clientAuthOnly = (): Der =>
  extension('2.5.29.37', false, sequence(objectId('1.3.6.1.5.5.7.3.2')))
export const certSignUsage = (): Der => extension('2.5.29.15', true, bitString(Uint8Array.of(0x06), 1))
export const signatureUsage = (): Der => extension('2.5.29.15', true, bitString(Uint8Array.of(0x80), 7))
/** RFC 5280 section 4.2.1.10; `part` 0 permits only names below, 1 excludes them. */
export const nameConstraint = (part: 0 | 1, domain: string): Der =>
  extension('2.5.29.30', true, sequence(explicit(part, sequence(dns(domain)))))

export const caExtensions = (pathLength: number): readonly Der[] => [
  basicConstraints({ ca: true, pathLength }),
  certSignUsage(),
]

export function makeCertificate(wish: CertificateWish): Pair {
  const { privateKey, publicKey } = wish.key ?? generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const spki = publicKey.export({ type: 'spki', format: 'der' })
  const subject = distinguishedName({ O: '', OU: '', CN: wish.commonName ?? 'origin' })
  const signer = wish.issuer?.key ?? privateKey
  const algorithm = signatureAlgorithm(signer, wish.digest ?? 'sha256')
  const from = Date.now() + (wish.validFromDays ?? -1) * day
  const extensions = [
    ...(wish.extensions ?? [basicConstraints({ ca: false }), signatureUsage(), serverAuth()]),
    ...(wish.altNames === undefined ? [] : [extension('2.5.29.17', false, sequence(...wish.altNames))]),
    subjectKeyIdentifier(keyIdentifier(spki)),
    extension('2.5.29.35', false, sequence(implicit(0, keyIdentifier(wish.issuer?.publicKey ?? spki)))),
  ]
  const toBeSigned = encode(
    sequence(
      explicit(0, integer(Uint8Array.of(2))),
      integer(randomSerial()),
      algorithm,
      encoded(wish.issuer?.subject ?? subject),
      sequence(time(new Date(from)), time(new Date(from + (wish.validForDays ?? 30) * day))),
      encoded(subject),
      encoded(spki),
      explicit(3, sequence(...extensions)),
    ),
  )
  const signature = sign(wish.digest ?? 'sha256', toBeSigned, signer)
  const der = encode(sequence(encoded(toBeSigned), algorithm, bitString(signature)))
  return { key: privateKey, cert: toPem('CERTIFICATE', der), subject, publicKey: spki }
}

/** RFC 5758 section 3.2 and RFC 4055 section 5: parameters absent for ECDSA, NULL for RSA. */
function signatureAlgorithm(key: KeyObject, digest: 'sha1' | 'sha256'): Der {
  if (key.asymmetricKeyType === 'ec') {
    return sequence(objectId(digest === 'sha1' ? '1.2.840.10045.4.1' : '1.2.840.10045.4.3.2'))
  }
  const nothing = encoded(Uint8Array.of(5, 0))
  return sequence(objectId(digest === 'sha1' ? '1.2.840.113549.1.1.5' : '1.2.840.113549.1.1.11'), nothing)
}
