import { contradictions, notTakenUp, type RunningSettings } from '../admin/other-settings.ts'
import type { Status } from '../admin/wire.ts'
import { configPath } from '../config/load-config.ts'
import { readConfigFile } from '../config/read-file.ts'
import { saidBy } from '../config/said.ts'
import { HallpassError } from '../errors.ts'
import { resolveHome } from '../store/home.ts'
import type { Context } from './command.ts'

/** The settings of a command that speaks of the running proxy, beside those of the proxy. */
export interface SettingsBeside {
  /** The configuration file of this command; undefined without a file. */
  readonly file: string | undefined
  /** Where the running proxy does not do what this command names: by `--config`, by HALLPASS_CONFIG, or by another variable. */
  readonly contradictions: readonly string[]
}

/**
 * Compares the settings of a command with those of the running proxy: a rule that a command names must not be ignored by `run`. A
 * command that names no configuration uses that of the running proxy.
 */
export function settingsBeside(context: Context, running: Status | undefined): SettingsBeside {
  const { env, flags } = context
  const own = configPath({ home: resolveHome(env), env, file: flags.config })
  if (!(flags.config || env.HALLPASS_CONFIG)) {
    if (running === undefined) return { file: readConfigFile(own) && own, contradictions: [] }
    const { settings, configFile } = running
    const said = saidBy(settings.file, undefined, env)
    return { file: configFile ?? undefined, contradictions: contradictions(said, settings) }
  }
  const text = readConfigFile(own)
  if (text === undefined)
    throw new HallpassError('config-invalid', `${own}: there is no such file`, {
      hint: 'hallpass config path',
    })
  const said = saidBy(own, text, env)
  return { file: own, contradictions: running === undefined ? [] : contradictions(said, running.settings) }
}

/** Says what the running proxy has not taken up from its file: a user who just edited it believes it in force. */
export function warnOfOldSettings({ output }: Context, settings: RunningSettings): void {
  const old = notTakenUp(settings)
  if (old === undefined) return
  output.warn(old.fact)
  output.hint(old.remedy)
}
