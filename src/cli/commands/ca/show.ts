import type { Authority } from '../../../certs/authority.ts'
import type { Run } from '../../command.ts'

export const run: Run = async (context) => {
  const { authority, home } = await context.open()
  const facts = factsOf(authority)
  if (context.output.json) {
    context.output.document('ca/1', { ...facts, path: home.caPem, bundle: home.caBundle })
    return
  }
  context.output.table([
    ['name', facts.name],
    ['sha256', facts.fingerprint_sha256],
    ['spki', facts.spki_sha256],
    ['valid', `${facts.not_before.slice(0, 10)} to ${facts.not_after.slice(0, 10)}`],
    ['path', home.caPem],
    ['bundle', home.caBundle],
  ])
}

/** What is said of an authority; all of it public. */
export function factsOf(authority: Authority) {
  const { certificate } = authority
  return {
    name: certificate.subject.replaceAll('\n', ', '),
    fingerprint_sha256: certificate.fingerprint256,
    spki_sha256: authority.spkiSha256,
    not_before: certificate.validFromDate.toISOString(),
    not_after: certificate.validToDate.toISOString(),
  }
}
