import { AdminClient } from '../../../admin/client.ts'
import { homeOf } from '../../../store/home.ts'
import type { Run } from '../../command.ts'

export const run: Run = async ({ env, flags, output, open }, input) => {
  const session = input.args[0] ?? flags.session
  await (await open()).sessions.get(session)
  const home = homeOf(env)
  const admin = new AdminClient(home)
  const rotated = await admin.answers()
  if (rotated) await admin.rotateToken(session)
  if (output.json) output.document('session-token-rotate/1', { session, rotated })
  if (!rotated) {
    output.say(`no proxy is running for ${home.root}: every client token has ended with its proxy`)
    return
  }
  output.say(`the old client token of the session "${session}" has ended, and so have its connections`)
  output.say('shells and files that have it need the new one')
  output.hint('eval "$(hallpass env)"', session)
}
