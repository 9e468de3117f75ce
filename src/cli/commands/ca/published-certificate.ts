import { createHash, type X509Certificate } from 'node:crypto'
import { shownCertificate } from '../../../certs/authority-files.ts'
import { type Home, homeOf } from '../../../store/home.ts'
import { isThere } from '../../../store/own-files.ts'
import type { Context } from '../../command.ts'

export interface Published {
  readonly home: Home
  readonly certificate: X509Certificate
}

/**
 * The authority's certificate from ca.pem. It is public, so no passphrase is asked for; only where it is not there is
 * the state folder opened, which makes it at the first use or says what is wrong.
 */
export async function publishedCertificate(context: Context): Promise<Published> {
  const home = homeOf(context.env)
  const certificate = isThere(home.caKey) ? shownCertificate(home) : undefined
  if (certificate !== undefined) return { home, certificate }
  const { authority } = await context.open()
  return { home, certificate: authority.certificate }
}

/** What is said of an authority; all of it public. */
export function factsOf(certificate: X509Certificate) {
  const spki = certificate.publicKey.export({ type: 'spki', format: 'der' })
  return {
    name: /^CN=(.*)$/m.exec(certificate.subject)?.[1] ?? certificate.subject,
    fingerprint_sha256: certificate.fingerprint256,
    // Base64, as browsers take it (--ignore-certificate-errors-spki-list).
    spki_sha256: createHash('sha256').update(spki).digest('base64'),
    not_before: certificate.validFromDate.toISOString(),
    not_after: certificate.validToDate.toISOString(),
  }
}
