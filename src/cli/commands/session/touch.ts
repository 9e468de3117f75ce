import { touchedSessionDocument } from '../../../documents/session-documents.ts'
import { spokenTime } from '../../../spoken-time.ts'
import type { Run } from '../../command.ts'

export const run: Run = async (context, input) => {
  const { output, flags } = context
  const name = input.args[0] ?? flags.session
  const { sessions } = await context.open()
  const session = await (await sessions.get(name)).touch()
  const { expiresAt } = session
  if (output.json) output.print(touchedSessionDocument(session))
  const end =
    expiresAt === undefined
      ? 'does not expire'
      : `expires ${spokenTime(Date.parse(expiresAt), Date.now())} (${expiresAt})`
  output.say(`the session "${name}" ${end}`)
}
