import { type MetLogin, metLogins } from './needed-logins.ts'
import type { ClientSummary, ReportSummary } from './report.ts'
import type { Session } from './session.ts'
import { doubtfulLogins, type SiteLogin } from './site-logins.ts'

/** The outcome of the requests of a client. */
export interface Outcome extends ReportSummary {
  /** The credentials that its requests used and that need a login. */
  readonly needsLogin: readonly MetLogin[]
  /** The logins at sites that its requests met, and that have ended or seem to. */
  readonly siteLogins: readonly SiteLogin[]
}

/** A report, with how a person mends the logins in it. */
export async function outcomeOf(report: ClientSummary, session: Promise<Session>): Promise<Outcome> {
  try {
    const found = await session
    return {
      ...report,
      needsLogin: await metLogins(found, report.needsLogin, Date.now()),
      siteLogins: await doubtfulLogins(found, report.doubted),
    }
  } catch {
    // The session may have been removed.
    return { ...report, needsLogin: [], siteLogins: [] }
  }
}
