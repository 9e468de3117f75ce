import { siteOf } from '../../../cookies/site.ts'
import { HallpassError } from '../../../errors.ts'
import { Exit, type Run } from '../../command.ts'
import { siteOperand, toWire } from './cookie-text.ts'

export const run: Run = async (context, input) => {
  const { output } = context
  const [text = '', name] = input.args
  const site = siteOperand(text)
  const hallpass = await context.open()
  const session = await hallpass.session()
  const cookies = await session.cookies.list(site)
  const wire = name === undefined ? undefined : toWire(name)
  const there = wire === undefined ? cookies.length : cookies.filter((cookie) => cookie.name === wire).length
  // The session still knows a site without cookies; `rm` makes it forget the site.
  const known =
    wire === undefined && (await hallpass.store.names(session.name, 'cookies')).includes(siteOf(site))
  if (there === 0 && !known) {
    const what = name === undefined ? 'no cookies' : `no cookie "${name}"`
    throw new HallpassError('cookie-missing', `the session "${session.name}" has ${what} of ${site}`, {
      hint: 'hallpass cookie list',
    })
  }
  const count = `${there} ${there === 1 ? 'cookie' : 'cookies'}`
  const question = `Remove ${count} of ${site} from the session "${session.name}"?`
  if (!input.has('yes') && !(await context.confirm(question))) throw new Exit(1)
  const removed = await session.cookies.remove(site, wire)
  if (output.json) output.document('cookie-rm/1', { session: session.name, site, removed })
  if (removed === 0) output.say(`${site} had no cookies left; hallpass captures no more of it`)
  else output.say(`removed ${removed} ${removed === 1 ? 'cookie' : 'cookies'} of ${site}`)
}
