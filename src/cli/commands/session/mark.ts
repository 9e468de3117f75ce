import { canonicalHost, siteOf } from '../../../cookies/site.ts'
import { markedSiteDocument } from '../../../documents/login-documents.ts'
import { HallpassError } from '../../../errors.ts'
import { withVerdict } from '../../../sessions/site-health.ts'
import type { Run } from '../../command.ts'

export const run: Run = async (context, input) => {
  const { output, open } = context
  const [name = '', state] = input.args
  const site = siteOf(canonicalHost(name))
  const session = await (await open()).session()
  const isHeld =
    (await session.cookies.list(site)).length > 0 || (await session.health.sites()).includes(site)
  if (!isHeld) {
    throw new HallpassError('cookie-missing', `the session "${session.name}" has nothing of ${site}`, {
      hint: 'hallpass session show',
    })
  }
  const verdict =
    state === 'ok'
      ? ({ kind: 'alive' } as const)
      : ({ kind: 'dead', reason: 'it was marked by hand' } as const)
  const health = await session.health.update(site, (before) => withVerdict(before, verdict, Date.now()))
  if (output.json) output.print(markedSiteDocument(session.name, site, health))
  output.say(`marked ${site} of the session "${session.name}": ${health.state}`)
}
