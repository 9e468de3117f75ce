import { AdminClient } from '../admin/client.ts'
import { contradictions, notTakenUp, restart } from '../admin/other-settings.ts'
import { checkConfig } from '../config/load-config.ts'
import { problemText } from '../config/problem.ts'
import { bad, type Check, good, note } from './check.ts'

export const configuration: Check = {
  name: 'configuration',
  async examine({ home, env, configFile }) {
    const { config, problems } = await checkConfig({ home: home.root, env, file: configFile })
    const running = await new AdminClient(home).running()
    const old = running && notTakenUp(running.settings)
    const kept = old === undefined ? [] : [note(old.fact, old.remedy)]
    if (config === undefined) {
      const faults = problems.map((problem) =>
        bad(problemText(problem), problem.hint ?? 'hallpass config check'),
      )
      return [...faults, ...kept]
    }
    const fact = good(config.fileExists ? config.file : `no ${config.file}: all defaults`)
    const others = running === undefined ? [] : contradictions(config.said, running.settings)
    if (others.length === 0) return [fact, ...kept]
    return [fact, note(`the running proxy has other settings: ${others.join(', ')}`, restart), ...kept]
  },
}
