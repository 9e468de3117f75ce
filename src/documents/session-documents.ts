import type { Cookie } from '../cookies/cookie.ts'
import type { Inventory } from '../sessions/inventory.ts'
import type { DamagedSession } from '../sessions/sessions.ts'
import type { SessionMetadata } from '../store/store.ts'
import { cookieFields } from './cookie-documents.ts'
import { type CredentialShowing, credentialFields } from './credential-documents.ts'
import type { Document } from './document.ts'
import { healthFields } from './login-documents.ts'
import { storageFields } from './storage-documents.ts'
import { timeOf } from './time-of.ts'

/** A session as a part of a document. */
export function sessionFields(session: SessionMetadata) {
  return {
    name: session.name,
    created_at: session.createdAt,
    last_used_at: session.lastUsedAt ?? null,
    expires_at: session.expiresAt ?? null,
    ttl_seconds: session.ttlSeconds ?? null,
    renew: session.renew ?? false,
    user_agent: session.userAgent ?? null,
    viewport: session.viewport ?? null,
    locale: session.locale ?? null,
    time_zone: session.timeZone ?? null,
    metadata: session.fields ?? {},
  }
}

/** How much a session holds: the numbers of its sites with cookies, and of its credentials. */
export interface SessionCounts {
  readonly sites: number
  readonly credentials: number
}

/** `session create` */
export function createdSessionDocument(
  session: SessionMetadata,
  {
    userDataDir,
    proxyUrl,
  }: {
    readonly userDataDir: string /** undefined if no proxy runs */
    readonly proxyUrl: string | undefined
  },
) {
  return {
    schema: 'hallpass.session-create/1',
    ...sessionFields(session),
    session_id: session.name,
    user_data_dir: userDataDir,
    proxy_url: proxyUrl ?? null,
  } as const satisfies Document
}

/** `session clone`. @param needLogin the names of credentials whose refresh tokens stayed with the other session */
export function clonedSessionDocument(session: SessionMetadata, from: string, needLogin: readonly string[]) {
  return {
    schema: 'hallpass.session-clone/1',
    ...sessionFields(session),
    from,
    needs_own_login: needLogin,
  } as const satisfies Document
}

/** `session extend` */
export function extendedSessionDocument(session: SessionMetadata) {
  return { schema: 'hallpass.session-extend/1', ...sessionFields(session) } as const satisfies Document
}

/** `session touch` */
export function touchedSessionDocument(session: SessionMetadata) {
  return { schema: 'hallpass.session-touch/1', ...sessionFields(session) } as const satisfies Document
}

/** `session prune` */
export function prunedSessionsDocument(removed: readonly SessionMetadata[]) {
  return {
    schema: 'hallpass.session-prune/1',
    removed: removed.map((session) => sessionFields(session)),
  } as const satisfies Document
}

/** `session list` */
export function sessionsDocument(
  rows: readonly (SessionMetadata & SessionCounts)[],
  damaged: readonly DamagedSession[],
  /** The name after which the next page begins. */
  next?: string,
) {
  return {
    schema: 'hallpass.sessions/1',
    sessions: rows.map(({ sites, credentials, ...session }) => {
      return { ...sessionFields(session), sites, credentials }
    }),
    damaged: damaged.map(({ name, problem }) => ({ name, problem })),
    next: next ?? null,
  } as const satisfies Document
}

/** `session show` */
export function sessionDocument(session: SessionMetadata, inventory: Inventory, showing: CredentialShowing) {
  const { now } = showing
  return {
    schema: 'hallpass.session/1',
    ...sessionFields(session),
    hosts: inventory.hosts,
    sites: inventory.sites.map(({ site, cookies, health }) => ({
      ...healthFields(site, health),
      last_captured_at: timeOf(lastChange(cookies)),
      cookies: cookies.map((cookie) => cookieFields(cookie, { reveal: false, now })),
    })),
    storage: inventory.storages.map((storage) => storageFields(storage)),
    credentials: inventory.credentials.map((credential) => credentialFields(credential, showing)),
  } as const satisfies Document
}

/** When a response, an import or a person last changed a cookie. */
function lastChange(cookies: readonly Cookie[]): number | undefined {
  return cookies.length === 0 ? undefined : Math.max(...cookies.map(({ updatedAt }) => updatedAt))
}

/** All sessions of a state folder in numbers. */
export function sessionStatsDocument(
  sessions: readonly SessionMetadata[],
  { now, expired, diskBytes }: { readonly now: number; readonly expired: number; readonly diskBytes: number },
) {
  const ages = sessions.map(({ createdAt }) => Math.max(0, now - Date.parse(createdAt)) / 1000)
  const all = ages.reduce((sum, age) => sum + age, 0)
  return {
    schema: 'hallpass.session-stats/1',
    total_sessions: sessions.length,
    expired_sessions_cleaned: expired,
    total_disk_usage_bytes: diskBytes,
    avg_session_age_seconds: sessions.length === 0 ? 0 : Math.round(all / sessions.length),
    sessions_created_last_hour: ages.filter((age) => age < 3600).length,
  } as const satisfies Document
}

/** `session rm` */
export function removedSessionDocument(name: string, emptied: boolean, counts: SessionCounts) {
  return { schema: 'hallpass.session-rm/1', name, emptied, ...counts } as const satisfies Document
}
