import type { Run } from '../../command.ts'
import { factsOf, publishedCertificate } from './published-certificate.ts'

export const run: Run = async (context) => {
  const { output } = context
  const { home, certificate } = await publishedCertificate(context)
  const facts = factsOf(certificate)
  if (output.json) {
    output.document('ca/1', { ...facts, path: home.caPem, bundle: home.caBundle })
  } else {
    output.table([
      ['name', facts.name],
      ['sha256', facts.fingerprint_sha256],
      ['spki', facts.spki_sha256],
      ['valid', `${facts.not_before.slice(0, 10)} to ${facts.not_after.slice(0, 10)}`],
      ['path', home.caPem],
      ['bundle', home.caBundle],
    ])
  }
  if (certificate.validToDate.getTime() > Date.now()) return
  output.warn('the authority has expired: no client accepts its certificates')
  output.hint('hallpass ca rotate')
}
