import { isIP } from 'node:net'
import type { PeerCertificate } from 'node:tls'
import { ipBytes } from './ip-bytes.ts'

/**
 * Whether an origin's certificate names the host: RFC 9525 section 6, stricter than Node, which takes the common name
 * where there is no DNS entry among the alternative names, and a wildcard for part of a label (`w*.example.com`).
 * For `tls.connect({ checkServerIdentity })`; the chain itself is OpenSSL's business.
 */
export function checkServerIdentity(host: string, certificate: PeerCertificate): Error | undefined {
  const names = certificate.subjectaltname
  if (names === undefined || names === '') {
    return refusal(host, 'it names no host: it has no subjectAltName, and a common name does not count')
  }
  // Node quotes what could be taken for a separator (CVE-2021-44532): no host needs that, so such an entry names none.
  // A quote that nothing closes is matched to the end too: a search from each quote anew would take the square of the time.
  const unquoted = names.replace(/"(?:[^"\\]|\\.)*("?)/g, (_, close) => (close === '' ? '"' : '\0'))
  const entries = unquoted.includes('"') ? [] : unquoted.split(', ')
  const valid =
    isIP(host) === 0
      ? entries.some((entry) => namesHost(entry, host))
      : entries.some((entry) => namesAddress(entry, host))
  return valid ? undefined : refusal(host, `it is for ${names.slice(0, 200)}`)
}

function namesHost(entry: string, host: string): boolean {
  if (!entry.startsWith('DNS:')) return false
  const pattern = entry.slice(4).toLowerCase().replace(/\.$/, '')
  const name = host.toLowerCase().replace(/\.$/, '')
  if (!pattern.startsWith('*.')) return pattern === name
  // The wildcard is one whole leftmost label, and what it stands before is no top-level domain.
  const parent = pattern.slice(2)
  return parent.includes('.') && name.slice(name.indexOf('.') + 1) === parent && !name.startsWith('.')
}

function namesAddress(entry: string, host: string): boolean {
  if (!entry.startsWith('IP Address:')) return false
  const named = ipBytes(entry.slice(11))
  return named !== undefined && ipBytes(host)?.equals(named) === true
}

function refusal(host: string, reason: string): Error {
  return Object.assign(new Error(`the certificate is not valid for ${host}: ${reason}`), {
    code: 'ERR_TLS_CERT_ALTNAME_INVALID',
  })
}
