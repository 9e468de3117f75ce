import { AdminClient } from '../admin/client.ts'
import { inheritedProxy } from '../admin/inherited-proxy.ts'
import { type Check, good, note } from './check.ts'

/** A network that lets nobody out but through its own proxy is one where hallpass reaches nothing. */
export const otherProxy: Check = {
  name: 'other proxy',
  async examine({ home, env }) {
    const ignored = inheritedProxy(env, await new AdminClient(home).running())
    if (ignored === undefined) return [good('none in the environment')]
    return [note(ignored.fact, `unset ${ignored.variables.join(' ')}`)]
  },
}
