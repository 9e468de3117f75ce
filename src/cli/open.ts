import { type Hallpass, openHallpass } from '../index.ts'
import type { Context, Opening } from './command.ts'
import { passphrase } from './prompt.ts'

/** Opens home, keys, store, configuration and sessions. The first use makes them and prints three lines that say where. */
export async function open(
  context: Context,
  { config = {}, configFile = context.flags.config, typed }: Opening = {},
): Promise<Hallpass> {
  const { flags, output, env } = context
  const hallpass = await openHallpass({
    env,
    session: flags.session,
    config,
    passphrase: async () => {
      const answer = await passphrase(flags)
      typed?.(answer)
      return answer
    },
    ...(configFile === undefined ? {} : { configFile }),
  })
  const { home, created } = hallpass
  if (created.home)
    output.say(`made ${home.root}, the state folder: sessions, log and configuration, for you alone`)
  if (created.key) output.say(`made ${home.keyFile}, the key that seals them (${hallpass.keys.protector})`)
  if (created.authority)
    output.say(`made ${home.caPem}, the certificate authority of this installation alone`)
  return hallpass
}
