import { upstreamRoots } from '../../../certs/roots.ts'
import { type Config, checkConfig, configPath } from '../../../config/load-config.ts'
import { problemText } from '../../../config/problem.ts'
import { HallpassError } from '../../../errors.ts'
import type { Run } from '../../command.ts'
import { configOptions } from './options.ts'
import { sourceText } from './source-text.ts'

/** A file of another format has a problem in every line; nobody reads more than a screen of them. */
const maxShown = 40

export const run: Run = async (context, input) => {
  const { output } = context
  const options = { ...configOptions(context), ...(input.args[0] && { file: input.args[0] }) }
  const { config, problems } = await checkConfig(options)
  if (config === undefined) {
    const texts = problems.slice(0, maxShown).map(problemText)
    if (problems.length > maxShown) texts.push(`and ${problems.length - maxShown} more`)
    const hint = problems.find((problem) => problem.hint !== undefined)?.hint ?? 'hallpass config schema'
    throw new HallpassError('config-invalid', texts.join('\n'), { hint })
  }
  checkCertificates(config)
  const path = configPath(options)
  if (output.json) output.document('config-check/1', { path, exists: config.fileExists, valid: true })
  else output.say(config.fileExists ? `${path} is valid` : `there is no ${path}: the defaults are used`)
}

/** Each start reads the files of upstreamCa: a missing file is better found here. */
function checkCertificates({ upstreamCa, sources }: Config): void {
  try {
    upstreamRoots({ upstreamCa, env: {} })
  } catch (error) {
    if (!(error instanceof HallpassError)) throw error
    throw new HallpassError(error.code, `${sourceText(sources.upstreamCa)}: ${error.message}`, {
      hint: 'hallpass config show',
      cause: error,
    })
  }
}
