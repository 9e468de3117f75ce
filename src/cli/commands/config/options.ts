import type { ConfigOptions } from '../../../config/load-config.ts'
import { resolveHome } from '../../../store/home.ts'
import type { Context } from '../../command.ts'

/** What this command line reads its configuration from, without opening the state folder. */
export function configOptions({ env, flags }: Context): ConfigOptions {
  return { home: resolveHome(env), env, file: flags.config }
}
