import { clonedSessionDocument } from '../../../documents/session-documents.ts'
import type { Session } from '../../../sessions/session.ts'
import type { Run } from '../../command.ts'

export const run: Run = async (context, input) => {
  const { output } = context
  const [from = '', to] = input.args
  const { sessions } = await context.open()
  const clone = await sessions.clone(from, to)
  const refreshed = await refreshable(clone)
  const needLogin = (await refreshable(await sessions.get(from))).filter((name) => !refreshed.includes(name))
  const { name, metadata } = clone
  if (output.json) output.print(clonedSessionDocument(metadata, from, needLogin))
  else output.value(`${name}\n`)
  output.say(`copied the session "${from}"`)
  for (const credential of needLogin) {
    output.say(
      `the refresh token of "${credential}" stays with "${from}", so the clone needs a login of its own`,
    )
    output.hint(`hallpass token login ${credential} --session ${name}`)
  }
}

/** The credentials whose tokens the session can refresh. */
async function refreshable(session: Session): Promise<readonly string[]> {
  const credentials = await session.credentials.list()
  return credentials.flatMap(({ name, freshness }) => (freshness?.refreshable ? name : []))
}
