import { generateKeyPairSync, type KeyObject, randomBytes, X509Certificate } from 'node:crypto'
import { hostname, userInfo } from 'node:os'
import {
  basicConstraints,
  distinguishedName,
  keyIdentifier,
  keyUsage,
  signCertificate,
  subjectKeyIdentifier,
} from './certificate.ts'
import { backdateMs, type Issuer } from './leaf.ts'
import { toPem } from './pem.ts'

/**
 * Ten years, as in mkcert and mitmproxy. A wrapped child gets the certificate anew each time. But a user who put it into a trust
 * store would have to repeat that at each expiry, and would learn to click it through. `hallpass ca rotate` ends a stolen key at
 * once.
 */
const lifeYears = 10
const organization = 'hallpass'

export interface AuthorityPair {
  readonly key: KeyObject
  readonly certificate: X509Certificate
}

/** A new P-256 key and its self-signed certificate. `installation` comes from the authority before it. */
export function newAuthority(now: number, installation = randomBytes(6).toString('hex')): AuthorityPair {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const spki = publicKey.export({ type: 'spki', format: 'der' })
  const keyId = keyIdentifier(spki)
  // Each authority has its own name, because some trust stores look up an issuer by name.
  const label = `hallpass ${whose()} ${new Date(now).toISOString().slice(0, 10)}`.slice(0, 55)
  const name = distinguishedName({
    O: organization,
    OU: installation,
    CN: `${label} ${keyId.toString('hex').slice(0, 8)}`,
  })
  const notAfter = new Date(now)
  notAfter.setUTCFullYear(notAfter.getUTCFullYear() + lifeYears)
  const der = signCertificate(
    {
      issuer: name,
      subject: name,
      publicKey: spki,
      notBefore: new Date(now - backdateMs),
      notAfter,
      extensions: [
        basicConstraints({ ca: true, pathLength: 0 }),
        keyUsage('keyCertSign cRLSign'),
        subjectKeyIdentifier(keyId),
      ],
    },
    privateKey,
  )
  return { key: privateKey, certificate: new X509Certificate(toPem('CERTIFICATE', der)) }
}

/**
 * The mark of all authorities of one installation, earlier ones too; undefined for other certificates. It separates a corporate root,
 * or the root of another installation, from an old one of ours.
 */
export function installationOf(certificate: X509Certificate): string | undefined {
  const { O, OU } = subjectOf(certificate)
  return O === organization ? OU : undefined
}

/** The issuer that signs leaves for an authority of ours. */
export function issuerOf({ key, certificate }: AuthorityPair): Issuer {
  const { O = '', OU = '', CN = '' } = subjectOf(certificate)
  return {
    key,
    pem: certificate.toString(),
    name: distinguishedName({ O, OU, CN }),
    keyId: keyIdentifier(certificate.publicKey.export({ type: 'spki', format: 'der' })),
    notBefore: certificate.validFromDate,
    notAfter: certificate.validToDate,
  }
}

function subjectOf(certificate: X509Certificate): { O?: string; OU?: string; CN?: string } {
  const lines = certificate.subject.split('\n').map((line) => line.split('=', 2) as [string, string?])
  return Object.fromEntries(lines)
}

/** The user and machine, for a trust store's list. Plain ASCII, so that it reads the same everywhere. */
function whose(): string {
  const plain = (text: string) => text.replace(/[^A-Za-z0-9.-]+/g, '-').slice(0, 20)
  return `${plain(userName())}@${plain(hostname())}`
}

function userName(): string {
  try {
    return userInfo().username
  } catch {
    // A container that runs as a bare number has no passwd entry.
    return String(process.getuid?.() ?? 'user')
  }
}
