import type { CredentialSummary } from '../../../sessions/credential-summary.ts'
import { whyLogin } from '../../../sessions/needed-logins.ts'
import type { Spell } from '../../spelling.ts'

/** A credential for `--json`, with its value only if `value` is given. */
export function credentialDocument(credential: CredentialSummary, spell: Spell, value?: string) {
  const { freshness } = credential
  return {
    name: credential.name,
    kind: credential.kind,
    hosts: credential.hosts,
    place: credential.place ?? null,
    origin: credential.origin,
    present: credential.present,
    expires: timeOf(freshness?.expiresAt),
    refreshable: freshness?.refreshable ?? false,
    refresh_at: timeOf(freshness?.dueAt),
    refreshes: freshness?.refreshes ?? 0,
    last: lastOf(freshness),
    pending: pendingOf(freshness),
    needs_login: whyLogin(credential, Date.now()) ?? null,
    fingerprint: credential.fingerprint ?? null,
    updated_at: credential.updatedAt ?? null,
    problem: credential.problem === undefined ? null : spell(credential.problem),
    ...(value === undefined ? {} : { value }),
  }
}

function lastOf(freshness: CredentialSummary['freshness']) {
  const last = freshness?.last
  if (last === undefined) return null
  return {
    at: timeOf(last.at),
    result: last.result,
    reason: last.reason ?? null,
    retry_at: timeOf(last.retryAt),
  }
}

function pendingOf(freshness: CredentialSummary['freshness']) {
  const pending = pendingLogin(freshness, Date.now())
  if (pending === undefined) return null
  return {
    user_code: pending.userCode,
    verification_uri: pending.verificationUri,
    verification_uri_complete: pending.verificationUriComplete ?? null,
    expires_at: timeOf(pending.expiresAt),
  }
}

/** The device login that somebody can still finish. */
export function pendingLogin(freshness: CredentialSummary['freshness'], now: number) {
  const pending = freshness?.pending
  return pending !== undefined && pending.expiresAt > now ? pending : undefined
}

export function timeOf(at: number | undefined): string | null {
  return at === undefined ? null : new Date(at).toISOString()
}
