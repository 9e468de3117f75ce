import { type Home, homeOf, prepareHome } from '../store/home.ts'
import { KeyRing } from '../store/keyring.ts'
import type { Context } from './command.ts'
import { passphrase } from './prompt.ts'

/** Opens only the state folder and its key, for commands that repair the parts above them. */
export async function openKeys(context: Context): Promise<{ readonly home: Home; readonly keys: KeyRing }> {
  const { env, flags, output } = context
  const home = homeOf(env)
  prepareHome(home)
  const keys = await KeyRing.open(home, { env, create: true, passphrase: () => passphrase(flags) })
  if (keys.created) output.say(`made ${home.keyFile}, the key that seals what is saved (${keys.protector})`)
  return { home, keys }
}
