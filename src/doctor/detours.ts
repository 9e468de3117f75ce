import { checkConfig } from '../config/load-config.ts'
import { findDetours } from '../environment/detours.ts'
import { knownHosts } from '../library/known-hosts.ts'
import { Sessions } from '../sessions/sessions.ts'
import { FileStore } from '../store/file.ts'
import { type Check, good, note } from './check.ts'

/** The user's own settings that lead requests to a host of a session around hallpass. */
export const detours: Check = {
  name: 'own settings of tools',
  async examine(patient) {
    const { home, env, configFile } = patient
    const { config } = await checkConfig({ home: home.root, env, file: configFile })
    // Another check reports errors of the configuration.
    if (config === undefined) return []
    const store = new FileStore(home, await patient.keys())
    const sessions = new Sessions({ store, config })
    const hosts = await Promise.all(
      (await sessions.list()).map(async ({ name }) =>
        knownHosts(await sessions.get(name), { config, store }, {}),
      ),
    )
    const found = await findDetours(env, [...new Set(hosts.flat().map(({ text }) => text))])
    if (found.length === 0) return [good('none that leads around hallpass')]
    return found.map(({ fact, remedy }) => note(fact, remedy))
  },
}
