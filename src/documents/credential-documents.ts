import type { RefreshOutcome } from '../oauth/refresher.ts'
import type { CredentialSummary } from '../sessions/credential-summary.ts'
import { pendingLogin, whyLogin } from '../sessions/needed-logins.ts'
import type { Document, Spell } from './document.ts'
import { timeOf } from './time-of.ts'

export interface CredentialShowing {
  readonly spell: Spell
  readonly now: number
  /** The value to reveal. */
  readonly value?: string | undefined
}

/** A credential as a part of a document. */
export function credentialFields(credential: CredentialSummary, { spell, now, value }: CredentialShowing) {
  const { freshness } = credential
  return {
    name: credential.name,
    kind: credential.kind,
    hosts: credential.hosts,
    place: credential.place ?? null,
    origin: credential.origin,
    read_from: credential.readFrom?.what ?? null,
    present: credential.present,
    expires: timeOf(freshness?.expiresAt),
    refreshable: freshness?.refreshable ?? false,
    refresh_at: timeOf(freshness?.dueAt),
    refreshes: freshness?.refreshes ?? 0,
    last: lastOf(freshness),
    pending: pendingOf(freshness, now),
    needs_login: whyLogin(credential, now) ?? null,
    fingerprint: credential.fingerprint ?? null,
    updated_at: credential.updatedAt ?? null,
    problem: credential.problem === undefined ? null : spell(credential.problem),
    ...(value === undefined ? {} : { value }),
  }
}

/** `token get`, `token set` */
export function credentialDocument(credential: CredentialSummary, showing: CredentialShowing) {
  return { schema: 'hallpass.token/1', ...credentialFields(credential, showing) } as const satisfies Document
}

/** `token list` */
export function credentialsDocument(
  session: string,
  credentials: readonly CredentialSummary[],
  showing: CredentialShowing,
) {
  return {
    schema: 'hallpass.tokens/1',
    session,
    tokens: credentials.map((credential) => credentialFields(credential, showing)),
  } as const satisfies Document
}

/** `token refresh` */
export function refreshedCredentialDocument(
  result: RefreshOutcome['kind'],
  credential: CredentialSummary,
  showing: CredentialShowing,
) {
  return {
    schema: 'hallpass.token-refresh/1',
    result,
    ...credentialFields(credential, showing),
  } as const satisfies Document
}

/** `token rm` */
export function removedCredentialDocument(session: string, name: string) {
  return { schema: 'hallpass.token-rm/1', session, name, removed: true } as const satisfies Document
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

function pendingOf(freshness: CredentialSummary['freshness'], now: number) {
  const pending = pendingLogin(freshness, now)
  if (pending === undefined) return null
  return {
    user_code: pending.userCode,
    verification_uri: pending.verificationUri,
    verification_uri_complete: pending.verificationUriComplete ?? null,
    expires_at: timeOf(pending.expiresAt),
  }
}
