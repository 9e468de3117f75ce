import { prunedSessionsDocument } from '../../../documents/session-documents.ts'
import { spokenTime } from '../../../spoken-time.ts'
import type { Run } from '../../command.ts'
import { counted } from '../../counted.ts'

export const run: Run = async (context) => {
  const { output } = context
  const { sessions } = await context.open()
  const removed = await sessions.prune()
  if (output.json) {
    output.print(prunedSessionsDocument(removed))
  } else {
    const now = Date.now()
    output.table(
      removed.map(({ name, expiresAt = '' }) => [name, `expired ${spokenTime(Date.parse(expiresAt), now)}`]),
    )
  }
  output.say(
    removed.length === 0 ? 'no session has expired' : `removed ${counted(removed.length, 'session')}`,
  )
}
