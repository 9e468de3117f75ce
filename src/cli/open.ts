import { type Hallpass, type OpenOptions, openHallpass } from '../index.ts'
import type { Secret } from '../secret.ts'
import type { Context } from './command.ts'
import { passphrase } from './prompt.ts'

/** Opens home → keys → store → configuration → sessions. The first use says in three lines what was made and where. */
export async function open(
  context: Context,
  config: OpenOptions['config'] = {},
  typed: (passphrase: Secret) => void = () => {},
): Promise<Hallpass> {
  const { flags, output, env } = context
  const hallpass = await openHallpass({
    env,
    session: flags.session,
    config,
    passphrase: async () => {
      const answer = await passphrase(flags)
      typed(answer)
      return answer
    },
    ...(flags.config === undefined ? {} : { configFile: flags.config }),
  })
  const { home, created } = hallpass
  if (created.home)
    output.say(`made ${home.root}, the state folder: sessions, log and configuration, for you alone`)
  if (created.key) output.say(`made ${home.keyFile}, the key that seals them (${hallpass.keys.protector})`)
  if (created.authority)
    output.say(`made ${home.caPem}, the certificate authority of this installation alone`)
  return hallpass
}
