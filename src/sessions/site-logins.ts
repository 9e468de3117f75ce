import { loginEnd } from '../cookies/login-end.ts'
import { siteOf } from '../cookies/site.ts'
import { type MetLogin, metLogin } from './needed-logins.ts'
import type { Session } from './session.ts'
import { nothingIfLost, type Sessions } from './sessions.ts'
import type { LoginState, SiteHealth } from './site-health.ts'

/** The login at a site that has ended, seems to, or is about to. */
export interface SiteLogin {
  readonly session: string
  readonly site: string
  readonly state: Exclude<LoginState, 'ok'> | 'ending'
  /** RFC 3339, UTC; undefined for `ending`. */
  readonly since?: string
  /** RFC 3339, UTC; only of `ending`. */
  readonly endsAt?: string
  /** For `ending`, the name of the cookie, as latin1. */
  readonly reason: string
  /** The page to sign in at. */
  readonly url: string
  /** The credential that it is about; undefined for the cookies. */
  readonly credential?: MetLogin & { readonly kind: string }
}

/** When to tell that a login ends. */
export interface Warning {
  readonly warnDays: number
  readonly now: number
}

/** The logins of all readable sessions that have ended, seem to, or are about to. */
export function siteLogins(sessions: Sessions, warning: Warning): Promise<readonly SiteLogin[]> {
  return sessions.inEach(async (session) => {
    const doubtful = await doubtfulLogins(session, await session.health.sites())
    const ending = await endingLogins(session, warning).catch(nothingIfLost)
    return [...doubtful, ...ending.filter(({ site }) => !doubtful.some((login) => login.site === site))]
  })
}

/** The logins at these sites that have ended, or seem to. */
export async function doubtfulLogins(
  session: Session,
  sites: readonly string[],
): Promise<readonly SiteLogin[]> {
  const healthOf = (site: string) =>
    session.health.read(site).catch((error: unknown): SiteHealth => {
      nothingIfLost(error)
      return { state: 'suspect', reason: `hallpass cannot read the record of the login at ${site}` }
    })
  const found = await Promise.all(sites.map(async (site) => siteLogin(session, site, await healthOf(site))))
  return found.filter((login) => login !== undefined)
}

/** The logins of a session that end soon, by their cookies. */
export async function endingLogins(
  session: Session,
  { warnDays, now }: Warning,
): Promise<readonly SiteLogin[]> {
  if (warnDays === 0) return []
  const bySite = Map.groupBy(await session.cookies.list(), ({ domain }) => siteOf(domain))
  return [...bySite].flatMap(([site, cookies]) => {
    const end = loginEnd(cookies, warnDays, now)
    if (end === undefined) return []
    const { cookie, endsAt } = end
    const host = cookie.domain.includes(':') ? `[${cookie.domain}]` : cookie.domain
    return {
      session: session.name,
      site,
      state: 'ending',
      endsAt: new Date(endsAt).toISOString(),
      reason: cookie.name,
      url: `https://${host}/`,
    } as const
  })
}

/** The login at a site, with how a person mends it; undefined if it seems to be alive. */
export async function siteLogin(
  session: Session,
  site: string,
  { state, since, reason = '', url = `https://${site}/`, credential: name }: SiteHealth,
): Promise<SiteLogin | undefined> {
  if (state === 'ok') return undefined
  const told = since !== undefined && { since: new Date(since).toISOString() }
  const login = { session: session.name, site, state, ...told, reason, url }
  if (name === undefined) return login
  const credential = (await session.credentials.list()).find((one) => one.name === name)
  if (credential === undefined) return undefined
  return { ...login, credential: { ...metLogin(credential), kind: credential.kind } }
}
