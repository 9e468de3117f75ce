import type { SiteLogin } from '../sessions/site-logins.ts'

/** The login at a site that has ended, or seems to, as a part of a document. */
export function siteLoginFields({ session, site, state, since, reason, url, credential }: SiteLogin) {
  return { session, site, state, since, reason, url, credential: credential?.name ?? null }
}
