import { basicConstraints, serverAuth } from '../src/certs/certificate.ts'
import { caExtensions, dns, ip, makeCertificate, signatureUsage } from '../test/support/make-certificate.ts'

/** The origin requires these, so that a request with nothing attached cannot count. */
export const cookieName = 'sid'
export const cookieValue = 'bench-session-4f1c9a6be20d'
export const bearer = 'bench-token-93d2a7c15e'

/** Each proxy under test resolves every name below this domain to loopback. The origin's certificate covers all of them. */
export const domain = 'bench.test'
export const warmHost = `origin.${domain}`
/** The host with a refreshed token. All others have a static bearer. */
export const refreshedHost = `refreshed.${domain}`

export interface Material {
  readonly rootPem: string
  readonly key: string
  readonly cert: string
}

export function makeMaterial(): Material {
  const root = makeCertificate({ commonName: 'bench root', extensions: caExtensions(1) })
  const leaf = makeCertificate({
    commonName: warmHost,
    altNames: [dns(`*.${domain}`), ip(127, 0, 0, 1)],
    issuer: root,
    extensions: [basicConstraints({ ca: false }), signatureUsage(), serverAuth()],
  })
  return {
    rootPem: root.cert,
    key: leaf.key.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: leaf.cert,
  }
}
