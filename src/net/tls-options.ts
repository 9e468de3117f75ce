import { isIP } from 'node:net'
import { type ConnectionOptions, createSecureContext, type SecureContext } from 'node:tls'
import { checkServerIdentity } from './server-identity.ts'

/** Verifies certificates with these roots and no others. Making one of some 150 roots takes longer than a handshake. */
export function trustedContext(roots: readonly string[]): SecureContext {
  return createSecureContext({ ca: [...roots], minVersion: 'TLSv1.2' })
}

/** The options of every TLS connection that hallpass opens. The certificate is always verified, and must name the host. */
export function tlsOptions(host: string, context: SecureContext): ConnectionOptions {
  return {
    secureContext: context,
    // RFC 6066, 3: SNI carries no address.
    servername: isIP(host) === 0 ? host : '',
    ALPNProtocols: ['http/1.1'],
    // Explicit, because NODE_TLS_REJECT_UNAUTHORIZED=0 in the environment must not reach this.
    rejectUnauthorized: true,
    checkServerIdentity: (_, certificate) => checkServerIdentity(host, certificate),
  }
}
