import type { DetailedPeerCertificate, TLSSocket } from 'node:tls'

/** Roots and revocations change while a proxy runs for weeks, so a verification never holds for longer. */
const longestMs = 4 * 3_600_000

/**
 * The end of what a full handshake verified, on the clock of `Date.now()`: the first end among the certificates of the
 * chain. A ticket or an open connection would otherwise keep an origin verified for ever, because a resumed handshake
 * carries no certificate and servers renew the ticket each time.
 */
export function verifiedUntil(socket: TLSSocket): number {
  const now = Date.now()
  let until = now + longestMs
  const seen = new Set<DetailedPeerCertificate>()
  let certificate: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true)
  // A root is its own issuer.
  while (certificate !== undefined && !seen.has(certificate)) {
    seen.add(certificate)
    const end = Date.parse(certificate.valid_to)
    // Servers also send old cross-signed roots that have ended. OpenSSL has verified the chain without them.
    if (end > now) until = Math.min(until, end)
    certificate = certificate.issuerCertificate
  }
  return until
}
