import { type MetLogin, metLogin } from './needed-logins.ts'
import type { Session } from './session.ts'
import type { Sessions } from './sessions.ts'
import type { LoginState, SiteHealth } from './site-health.ts'

/** The login at a site that has ended, or seems to. */
export interface SiteLogin {
  readonly session: string
  readonly site: string
  readonly state: Exclude<LoginState, 'ok'>
  /** RFC 3339, UTC. */
  readonly since: string
  readonly reason: string
  /** The page to sign in at. */
  readonly url: string
  /** The credential that it is about; undefined for the cookies. */
  readonly credential?: MetLogin & { readonly kind: string }
}

/** The logins of all readable sessions that have ended, or seem to. */
export function siteLogins(sessions: Sessions): Promise<readonly SiteLogin[]> {
  return sessions.inEach(async (session) => doubtfulLogins(session, await session.health.sites()))
}

/** The logins at these sites that have ended, or seem to. */
export async function doubtfulLogins(
  session: Session,
  sites: readonly string[],
): Promise<readonly SiteLogin[]> {
  const found = await Promise.all(
    sites.map(async (site) => siteLogin(session, site, await session.health.read(site))),
  )
  return found.filter((login) => login !== undefined)
}

/** The login at a site, with how a person mends it; undefined if it seems to be alive. */
export async function siteLogin(
  session: Session,
  site: string,
  { state, since = 0, reason = '', url = `https://${site}/`, credential: name }: SiteHealth,
): Promise<SiteLogin | undefined> {
  if (state === 'ok') return undefined
  const login = { session: session.name, site, state, since: new Date(since).toISOString(), reason, url }
  if (name === undefined) return login
  const credential = (await session.credentials.list()).find((one) => one.name === name)
  // It has another value since then, or is gone.
  if (credential === undefined || Date.parse(credential.updatedAt ?? '') > since) return undefined
  return { ...login, credential: { ...metLogin(credential), kind: credential.kind } }
}
