import { existsSync } from 'node:fs'
import { configPath } from '../../../config/load-config.ts'
import type { Run } from '../../command.ts'
import { configOptions } from './options.ts'

export const run: Run = async (context) => {
  const { output } = context
  const path = configPath(configOptions(context))
  const exists = existsSync(path)
  if (output.json) output.document('config-path/1', { path, exists })
  else output.value(`${path}\n`)
  if (!exists) output.detail('there is no such file: the defaults are used')
}
