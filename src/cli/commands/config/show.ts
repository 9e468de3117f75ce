import { loadConfig, type Source } from '../../../config/load-config.ts'
import { plainSettings } from '../../../config/plain-settings.ts'
import type { Run } from '../../command.ts'
import { configOptions } from './options.ts'

export const run: Run = async (context) => {
  const { output } = context
  const config = await loadConfig(configOptions(context))
  const values = plainSettings(config).map(([key, value]) => ({ key, value, source: config.sources[key] }))
  if (output.json) {
    output.document('config/1', { path: config.file, exists: config.fileExists, values })
    return
  }
  output.table(
    values.map(({ key, value, source }) => [
      key,
      typeof value === 'string' ? value : JSON.stringify(value),
      sourceText(source),
    ]),
  )
}

function sourceText(source: Source): string {
  switch (source.from) {
    case 'default':
      return 'default'
    case 'file':
      return `${source.file}:${source.line}`
    case 'environment':
    case 'flag':
      return source.name
  }
}
