import type { SiteHealth } from '../sessions/site-health.ts'
import type { SiteLogin } from '../sessions/site-logins.ts'
import type { Document } from './document.ts'
import { fromWire } from './from-wire.ts'
import { timeOf } from './time-of.ts'

/** The login at a site that has ended, seems to, or is about to, as a part of a document. */
export function siteLoginFields({ session, site, state, reason, url, ...login }: SiteLogin) {
  return {
    session,
    site,
    state,
    since: login.since ?? null,
    ends_at: login.endsAt ?? null,
    reason: state === 'ending' ? `the cookie ${fromWire(reason)} expires` : reason,
    url,
    credential: login.credential?.name ?? null,
  }
}

/** The login at a site, dead or alive, as a part of a document. */
export function healthFields(site: string, { state, since, reason, url, credential, ...times }: SiteHealth) {
  return {
    site,
    state,
    since: timeOf(since),
    reason: reason ?? null,
    url: url ?? null,
    credential: credential ?? null,
    verified_at: timeOf(times.verifiedAt),
    checked_at: timeOf(times.checkedAt),
    last_used_at: timeOf(times.lastUsedAt),
  }
}

/** A probe of a site and its outcome. `unknown`: it says nothing about the login. */
export interface CheckedSite {
  readonly site: string
  readonly health: SiteHealth
  readonly outcome: 'alive' | 'dead' | 'unknown'
  readonly detail: string | undefined
}

/** `session check` */
export function checkedSessionDocument(session: string, checked: readonly CheckedSite[]) {
  return {
    schema: 'hallpass.session-check/1',
    session,
    sites: checked.map(({ site, health, outcome, detail }) => {
      return { ...healthFields(site, health), outcome, detail: detail ?? null }
    }),
  } as const satisfies Document
}

/** `session mark` */
export function markedSiteDocument(session: string, site: string, health: SiteHealth) {
  return {
    schema: 'hallpass.session-mark/1',
    session,
    ...healthFields(site, health),
  } as const satisfies Document
}
