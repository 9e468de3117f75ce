import { extendedSessionDocument } from '../../../documents/session-documents.ts'
import { HallpassError } from '../../../errors.ts'
import { spokenTime } from '../../../spoken-time.ts'
import type { Run } from '../../command.ts'
import { secondsOf } from './seconds-of.ts'

export const run: Run = async (context, input) => {
  const { output, flags } = context
  const name = input.args[0] ?? flags.session
  const by = input.text('by')
  const hint = `hallpass session extend ${name} --by 2h`
  if (by === undefined) throw new HallpassError('usage', '--by must say how much longer it lives', { hint })
  const additionalSeconds = secondsOf('--by', by, hint)
  const { sessions } = await context.open()
  const session = await (await sessions.get(name)).extend({ additionalSeconds })
  const { expiresAt = '' } = session
  if (output.json) output.print(extendedSessionDocument(session))
  output.say(`the session "${name}" expires ${spokenTime(Date.parse(expiresAt), Date.now())} (${expiresAt})`)
}
