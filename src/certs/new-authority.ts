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
 * Ten years, as mkcert and mitmproxy have it. A wrapped child gets the certificate anew each time, but who put it into a
 * trust store would have to do that again at each expiry, and learn to click it through. What ends a stolen key is
 * `hallpass ca rotate`, at once.
 */
const lifeYears = 10
const organization = 'hallpass'

export interface AuthorityPair {
  readonly key: KeyObject
  readonly certificate: X509Certificate
}

/** A new P-256 key and its self-signed certificate. `installation` carries over from the authority that this one replaces. */
export function newAuthority(now: number, installation = randomBytes(6).toString('hex')): AuthorityPair {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const spki = publicKey.export({ type: 'spki', format: 'der' })
  const keyId = keyIdentifier(spki)
  // The end of the name differs for every authority: two of one name confuse trust stores that look issuers up by name.
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
 * The mark that all authorities of one installation share, rotated ones too; undefined for certificates of others. It
 * tells a corporate root, or another installation's, from an old one of ours.
 */
export function installationOf(certificate: X509Certificate): string | undefined {
  const { O, OU } = subjectOf(certificate)
  return O === organization ? OU : undefined
}

/** What an authority of ours signs leaves with. */
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

/** Who a trust store's list will show. Plain ASCII, so that the name reads the same, and stays the same bytes, everywhere. */
function whose(): string {
  const plain = (text: string) => text.replace(/[^A-Za-z0-9.-]+/g, '-').slice(0, 20)
  return `${plain(userName())}@${plain(hostname())}`
}

function userName(): string {
  try {
    return userInfo().username
  } catch {
    // A container running as a bare number has no passwd entry.
    return String(process.getuid?.() ?? 'user')
  }
}
