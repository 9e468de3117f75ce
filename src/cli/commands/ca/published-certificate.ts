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
 * Reads the authority's certificate from ca.pem, which is public and needs no passphrase. If it is missing, the state folder is
 * opened: that makes it at the first use, or fails with the reason.
 */
export async function publishedCertificate(context: Context): Promise<Published> {
  const home = homeOf(context.env)
  const certificate = isThere(home.caKey) ? shownCertificate(home) : undefined
  if (certificate !== undefined) return { home, certificate }
  const { authority } = await context.open()
  return { home, certificate: authority.certificate }
}

/** The public facts of an authority. */
export function factsOf(certificate: X509Certificate) {
  const spki = certificate.publicKey.export({ type: 'spki', format: 'der' })
  return {
    name: /^CN=(.*)$/m.exec(certificate.subject)?.[1] ?? certificate.subject,
    fingerprint_sha256: certificate.fingerprint256,
    // In Base64, the form that Chrome's --ignore-certificate-errors-spki-list takes.
    spki_sha256: createHash('sha256').update(spki).digest('base64'),
    not_before: certificate.validFromDate.toISOString(),
    not_after: certificate.validToDate.toISOString(),
  }
}
