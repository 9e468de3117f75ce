import { canonicalHost, siteOf } from '../../../cookies/site.ts'
import { type CheckedSite, checkedSessionDocument } from '../../../documents/login-documents.ts'
import { HallpassError } from '../../../errors.ts'
import type { Hallpass } from '../../../index.ts'
import type { Session } from '../../../sessions/session.ts'
import { siteLogin } from '../../../sessions/site-logins.ts'
import type { Run } from '../../command.ts'
import { siteLoginCommand } from '../../site-login.ts'

/** As for a credential that needs a login, and an origin that cannot be reached. */
const deadStatus = 4
const unknownStatus = 6

export const run: Run = async (context, input) => {
  const { output } = context
  const hallpass = await context.open()
  const session = await hallpass.session()
  const sites = await sitesToCheck(hallpass, session, input.args)
  const checked: CheckedSite[] = []
  for (const site of sites) {
    const check = await hallpass.loginChecks.check(session, site)
    if (check === undefined) continue
    const { verdict, health } = check
    const detail = verdict.kind === 'alive' ? undefined : verdict.reason
    checked.push({ site, health, outcome: verdict.kind, detail })
    if (output.json) continue
    output.line(`${site}  ${verdict.kind}${detail === undefined ? '' : `  ${detail}`}`)
    const login = verdict.kind === 'dead' ? await siteLogin(session, site, health) : undefined
    if (login !== undefined) output.hint(siteLoginCommand(login))
  }
  if (output.json) output.print(checkedSessionDocument(session.name, checked))
  if (checked.some(({ outcome }) => outcome === 'dead')) return deadStatus
  return checked.some(({ outcome }) => outcome === 'unknown') ? unknownStatus : 0
}

async function sitesToCheck(
  { loginChecks }: Hallpass,
  session: Session,
  asked: readonly string[],
): Promise<readonly string[]> {
  const held = await loginChecks.sites(session)
  const sites = asked.length === 0 ? held : [...new Set(asked.map((name) => siteOf(canonicalHost(name))))]
  const without = sites.find((site) => !held.includes(site))
  if (sites.length > 0 && without === undefined) return sites
  const where = without ?? 'any site'
  throw new HallpassError(
    'usage',
    `the session "${session.name}" has nothing at ${where} that health: has a probe for`,
    {
      hint: 'hallpass config path',
    },
  )
}
