import { type Config, checkConfig } from '../config/load-config.ts'
import { findDetours } from '../environment/detours.ts'
import { knownHosts } from '../library/known-hosts.ts'
import type { HostPattern } from '../rules/host-pattern.ts'
import { defaultSession, nothingIfLost, Sessions } from '../sessions/sessions.ts'
import { FileStore } from '../store/file.ts'
import { MemoryStore } from '../store/memory.ts'
import { expiryOf } from '../store/session-end.ts'
import { type Check, good, note } from './check.ts'

/** The user's own settings that lead requests to a host of a session around hallpass. */
export const detours: Check = {
  name: 'own settings of tools',
  async examine(patient) {
    const { home, env, configFile, now } = patient
    const { config } = await checkConfig({ home: home.root, env, file: configFile })
    // Another check reports errors of the configuration.
    if (config === undefined) return []
    const store = new FileStore(home, await patient.keys())
    const sessions = new Sessions({ store, config, now: () => now })
    const hostsOf = async (name: string) => {
      const metadata = await store.readSession(name)
      // To get an expired session would erase it, and doctor only looks.
      if (metadata === undefined || now >= expiryOf(metadata)) return []
      return knownHosts(await sessions.get(name), { config, store }, {})
    }
    // Another check reports damaged sessions.
    const hosts = await Promise.all([
      configuredHosts(config),
      ...(await store.sessions()).map((name) => hostsOf(name).catch(nothingIfLost)),
    ])
    const found = await findDetours(env, [...new Set(hosts.flat().map(({ text }) => text))])
    if (found.length === 0) return [good('none that leads around hallpass')]
    return found.map(({ fact, remedy }) => note(fact, remedy))
  },
}

/** The hosts that a session without a record knows. */
async function configuredHosts(config: Config): Promise<readonly HostPattern[]> {
  const store = new MemoryStore()
  return knownHosts(await new Sessions({ store, config }).get(defaultSession), { config, store }, {})
}
