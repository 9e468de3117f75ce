import { type MetLogin, metLogins } from './needed-logins.ts'
import type { ClientSummary, ReportSummary } from './report.ts'
import type { Session } from './session.ts'
import { doubtfulLogins, endingLogins, type SiteLogin, type Warning } from './site-logins.ts'

/** The outcome of the requests of a client. */
export interface Outcome extends ReportSummary {
  /** The credentials that its requests used and that need a login. */
  readonly needsLogin: readonly MetLogin[]
  /** The logins at sites that its requests met, and that have ended, seem to, or are about to. */
  readonly siteLogins: readonly SiteLogin[]
}

/** A report, with how a person mends the logins in it. */
export async function outcomeOf(
  report: ClientSummary,
  session: Promise<Session>,
  warning: Warning,
): Promise<Outcome> {
  try {
    const found = await session
    const doubtful = await doubtfulLogins(found, report.doubted)
    const isMet = ({ site }: SiteLogin) =>
      report.used.includes(site) && !doubtful.some((login) => login.site === site)
    return {
      ...report,
      needsLogin: await metLogins(found, report.needsLogin, warning.now),
      siteLogins: [...doubtful, ...(await endingLogins(found, warning)).filter(isMet)],
    }
  } catch {
    // The session may have been removed.
    return { ...report, needsLogin: [], siteLogins: [] }
  }
}
