import { siteOf } from '../../../cookies/site.ts'
import { removedCookiesDocument } from '../../../documents/cookie-documents.ts'
import { HallpassError } from '../../../errors.ts'
import { toWire } from '../../../formats/latin1.ts'
import { siteOperand } from '../../../sessions/place-operand.ts'
import { allOrOperand } from '../../all-or-operand.ts'
import { type Context, Exit, type Input, type Run } from '../../command.ts'
import { counted } from '../../counted.ts'

export const run: Run = async (context, input) => {
  const text = allOrOperand(input, 'cookie rm', 'site')
  await (text === undefined ? removeAll(context, input) : removeOf(siteOperand(text), context, input))
}

const removeAll = async (context: Context, input: Input): Promise<void> => {
  const { output } = context
  const session = await (await context.open()).session()
  const there = (await session.cookies.list()).length
  if (there === 0) throw new HallpassError('cookie-missing', `the session "${session.name}" has no cookies`)
  const question = `Remove ${counted(there, 'cookie')} of all sites from the session "${session.name}"?`
  if (!input.has('yes') && !(await context.confirm(question))) throw new Exit(1)
  const removed = await session.cookies.clear()
  if (output.json) output.print(removedCookiesDocument(session.name, undefined, removed))
  output.say(`removed ${counted(removed, 'cookie')} of all sites`)
}

const removeOf = async (site: string, context: Context, input: Input): Promise<void> => {
  const { output } = context
  const name = input.args[1]
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
  const question = `Remove ${counted(there, 'cookie')} of ${site} from the session "${session.name}"?`
  if (!input.has('yes') && !(await context.confirm(question))) throw new Exit(1)
  const removed = await session.cookies.remove(site, wire)
  if (output.json) output.print(removedCookiesDocument(session.name, site, removed))
  if (removed === 0) output.say(`${site} had no cookies left; hallpass captures no more of it`)
  else output.say(`removed ${counted(removed, 'cookie')} of ${site}`)
}
