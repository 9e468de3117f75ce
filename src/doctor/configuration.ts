import { checkConfig } from '../config/load-config.ts'
import { problemText } from '../config/problem.ts'
import { bad, type Check, good } from './check.ts'

export const configuration: Check = {
  name: 'configuration',
  async examine({ home, env, configFile }) {
    const { config, problems } = await checkConfig({ home: home.root, env, file: configFile })
    if (config === undefined) {
      return problems.map((problem) => bad(problemText(problem), problem.hint ?? 'hallpass config check'))
    }
    return [good(config.fileExists ? config.file : `no ${config.file}: all defaults`)]
  },
}
