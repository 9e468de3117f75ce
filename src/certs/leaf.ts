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

/** Long, so that a proxy that runs for days rarely makes a leaf. Short, so that a stolen leaf key is soon worthless. */
export const leafLifeMs = 7 * day
/** Virtual machines and containers wake up with clocks hours behind. A leaf of this minute is "not yet valid" there. */
export const backdateMs = day

/** The authority's key, with the parts of its certificate that a leaf repeats. */
export interface Issuer {
  readonly key: KeyObject
  /** The certificate of the authority. It is served after the leaf: browsers that pin its key look for it in the chain. */
  readonly pem: string
  /** The subject, as DER. */
  readonly name: Uint8Array
  readonly keyId: Uint8Array
  readonly notBefore: Date
  readonly notAfter: Date
}

/** A certificate for exactly one host, as DER. Throws for text that is neither a host name nor an address. */
export function mintLeaf(
  host: string,
  publicKey: Uint8Array,
  issuer: Issuer,
  now: number,
): { readonly der: Buffer; readonly notBefore: number; readonly notAfter: number } {
  const ip = ipBytes(host)
  const name = ip === undefined ? dnsName(host) : host
  // A CN over ub-common-name makes the certificate invalid, so the subject stays empty and the SAN becomes critical.
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
 * The A-label form of a host. Real host names have underscores, but no wildcard: a leaf for `*.example` would be valid for hosts that
 * no client asked for.
 */
function dnsName(host: string): string {
  const ascii = /^[\x21-\x7e]+$/.test(host) ? host.toLowerCase() : domainToASCII(host)
  const labels = ascii.split('.')
  if (ascii.length > 253 || !labels.every((label) => /^[a-z0-9_-]{1,63}$/.test(label))) {
    throw new TypeError(`no certificate can be made for ${JSON.stringify(host)}: not a host name or address`)
  }
  return ascii
}
