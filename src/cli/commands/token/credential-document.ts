import type { CredentialSummary } from '../../../sessions/session.ts'
import { spell } from '../../package.ts'

/** A credential as `--json` shows it; the value only where it is handed in. */
export function credentialDocument(credential: CredentialSummary, value?: string) {
  return {
    name: credential.name,
    kind: credential.kind,
    hosts: credential.hosts,
    place: credential.place ?? null,
    origin: credential.origin,
    present: credential.present,
    // No kind so far knows when its value ends.
    expires: null,
    fingerprint: credential.fingerprint ?? null,
    updated_at: credential.updatedAt ?? null,
    problem: credential.problem === undefined ? null : spell(credential.problem),
    ...(value === undefined ? {} : { value }),
  }
}
