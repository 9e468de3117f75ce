import type { ConfigOptions } from '../../../config/load-config.ts'
import { resolveHome } from '../../../store/home.ts'
import type { Context } from '../../command.ts'

/** Where this command reads its configuration; does not open the state folder. */
export function configOptions({ env, flags }: Context): ConfigOptions {
  return { home: resolveHome(env), env, file: flags.config }
}
