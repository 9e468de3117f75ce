import { loadConfig } from '../../../config/load-config.ts'
import { plainSettings } from '../../../config/plain-settings.ts'
import type { Run } from '../../command.ts'
import { configOptions } from './options.ts'
import { sourceText } from './source-text.ts'

export const run: Run = async (context) => {
  const { output, flags, env } = context
  const config = await loadConfig(configOptions(context))
  const values = plainSettings(config).map(([key, value]) => ({ key, value, source: config.sources[key] }))
  if (output.json) {
    output.document('config/1', { path: config.file, exists: config.fileExists, values })
    return
  }
  const named = flags.config ? '--config' : env.HALLPASS_CONFIG ? 'HALLPASS_CONFIG' : 'default'
  output.table([
    ['file', named, `${config.file}${config.fileExists ? '' : ' (not there)'}`],
    ...values.flatMap(({ key, value, source }) => {
      return entriesOf(key, value).map(([name, part]) => [name, sourceText(source), text(part)])
    }),
  ])
}

/** One line for each rule and credential: together they would be longer than any terminal. */
function entriesOf(key: string, value: unknown): (readonly [string, unknown])[] {
  if (key === 'rules' && Array.isArray(value) && value.length > 0) {
    return value.map((rule, index) => [`rules[${index}]`, rule] as const)
  }
  if (key === 'credentials' && typeof value === 'object' && value !== null && Object.keys(value).length > 0) {
    return Object.entries(value).map(([name, part]) => [`credentials.${name}`, part] as const)
  }
  return [[key, value]]
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
