import { AdminClient } from '../admin/client.ts'
import { checkConfig } from '../config/load-config.ts'
import { missedProxy } from '../environment/missed-proxy.ts'
import { UpstreamProxies } from '../proxy/upstream-proxies.ts'
import { type Check, good, note } from './check.ts'

/** In a network with a mandatory proxy, hallpass must know that proxy. */
export const upstreamProxy: Check = {
  name: 'upstream proxy',
  async examine({ home, env, configFile }) {
    const running = await new AdminClient(home).running()
    const { config } = await checkConfig({ home: home.root, env, file: configFile })
    // Another check reports errors of the configuration.
    if (config === undefined) return []
    const ownPorts = () => (running === undefined ? [] : [running.port])
    const { shown, problems } = new UpstreamProxies(config.upstream, env, ownPorts)
    const missed = running && missedProxy(env, running)
    if (missed !== undefined) return [note(missed, 'hallpass stop; hallpass start --background')]
    if (problems.length > 0) return problems.map((problem) => note(problem))
    return [good(shown.length === 0 ? 'none: origins are reached directly' : shown.join(', '))]
  },
}
