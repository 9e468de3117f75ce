import type { KeyObject } from 'node:crypto'
import { domainToASCII } from 'node:url'
import { ipBytes } from '../net/ip-bytes.ts'
import {
  authorityKeyIdentifier,
  basicConstraints,
  distinguishedName,
  keyIdentifier,
  keyUsage,
  serverAuth,
  signCertificate,
  subjectAltName,
  subjectKeyIdentifier,
} from './certificate.ts'

const day = 86_400_000

/** Long enough that a proxy running for days mints rarely, short enough that a stolen leaf key is soon worth nothing. */
export const leafLifeMs = 7 * day
/** Virtual machines and containers wake up with clocks hours behind: a leaf of this minute is "not yet valid" there. */
export const backdateMs = day

/** What signs a leaf: the authority's key with the parts of its certificate that a leaf repeats. */
export interface Issuer {
  readonly key: KeyObject
  /** The certificate itself: served after the leaf, because browsers that pin the authority's key look for it in the chain. */
  readonly pem: string
  /** The subject, as DER. */
  readonly name: Uint8Array
  readonly keyId: Uint8Array
  readonly notBefore: Date
  readonly notAfter: Date
}

/** A certificate for exactly one host, as DER. Throws for text that is no host name and no address. */
export function mintLeaf(
  host: string,
  publicKey: Uint8Array,
  issuer: Issuer,
  now: number,
): { readonly der: Buffer; readonly notBefore: number; readonly notAfter: number } {
  const ip = ipBytes(host)
  const name = ip === undefined ? dnsName(host) : host
  // ub-common-name: a longer CN makes the certificate invalid, so the subject stays empty and the SAN becomes critical.
  const commonName = name.length <= 64 ? name : ''
  const notBefore = Math.max(now - backdateMs, issuer.notBefore.getTime())
  const notAfter = Math.min(now + leafLifeMs, issuer.notAfter.getTime())
  const der = signCertificate(
    {
      issuer: issuer.name,
      subject: distinguishedName({ O: '', OU: '', CN: commonName }),
      publicKey,
      notBefore: new Date(notBefore),
      notAfter: new Date(notAfter),
      extensions: [
        basicConstraints({ ca: false }),
        keyUsage('digitalSignature'),
        serverAuth(),
        subjectAltName(ip === undefined ? { dns: name } : { ip }, commonName === ''),
        subjectKeyIdentifier(keyIdentifier(publicKey)),
        authorityKeyIdentifier(issuer.keyId),
      ],
    },
    issuer.key,
  )
  return { der, notBefore, notAfter }
}

/**
 * The A-label form of a host. Underscores occur in real host names; a wildcard does not: a leaf for `*.example` would be
 * good for hosts that nobody asked for.
 */
function dnsName(host: string): string {
  const ascii = /^[\x21-\x7e]+$/.test(host) ? host.toLowerCase() : domainToASCII(host)
  const labels = ascii.split('.')
  if (ascii.length > 253 || !labels.every((label) => /^[a-z0-9_-]{1,63}$/.test(label))) {
    throw new TypeError(`no certificate can be made for ${JSON.stringify(host)}: not a host name or address`)
  }
  return ascii
}
