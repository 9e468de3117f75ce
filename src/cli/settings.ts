import { differences, environmentContradictions, fileContradictions } from '../admin/other-settings.ts'
import type { Status } from '../admin/wire.ts'
import { configPath } from '../config/load-config.ts'
import { readConfigFile } from '../config/read-file.ts'
import { saidBy } from '../config/said.ts'
import { HallpassError } from '../errors.ts'
import { resolveHome } from '../store/home.ts'
import type { Context } from './command.ts'

/** The settings of a command that speaks of the running proxy, beside those that the proxy was started with. */
export interface SettingsBeside {
  /** The configuration file of this command; undefined when there is none. */
  readonly file: string | undefined
  /** The command names them: by `--config`, by HALLPASS_CONFIG, or by a variable that contradicts the running proxy. */
  readonly named: boolean
  /** Where the running proxy does not do what this command says. */
  readonly contradictions: readonly string[]
  /** Every difference. */
  readonly differences: readonly string[]
}

/**
 * Compares the settings of a command with those of the running proxy: a rule that `explain` shows must not be ignored by `run`. A
 * command that names a configuration uses it; any other command uses the file of the running proxy.
 */
export function settingsBeside(context: Context, running: Status | undefined): SettingsBeside {
  const { env, flags } = context
  const fileNamed = Boolean(flags.config || env.HALLPASS_CONFIG)
  const file =
    fileNamed || running === undefined
      ? configPath({ home: resolveHome(env), env, file: flags.config })
      : running.settings.file
  const text = readConfigFile(file)
  if (fileNamed && text === undefined)
    throw new HallpassError('config-invalid', `${file}: there is no such file`, {
      hint: 'hallpass config path',
    })
  const found = text === undefined ? undefined : file
  if (running === undefined) return { file: found, named: fileNamed, contradictions: [], differences: [] }
  const own = saidBy(file, text, env)
  const ofEnvironment = environmentContradictions(own, running.settings)
  return {
    file: found,
    named: fileNamed || ofEnvironment.length > 0,
    contradictions: [...fileContradictions(own, running.settings), ...ofEnvironment],
    differences: differences(own, running.settings),
  }
}

/** Makes the running proxy read its settings again. */
export const restart = 'hallpass stop; hallpass start --background'
