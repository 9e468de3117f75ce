import { HallpassError } from '../errors.ts'
import type { Connector } from './connector.ts'
import { ConnectorAgent } from './connector-agent.ts'
import { type Agents, type DispatchOptions, dispatch, type Handler, type OldHandler } from './dispatch.ts'

/** Read now: a program may put the fetch that is made here in its place. */
const builtInFetch = globalThis.fetch

/** `fetch` by Node's own, with the connections of a connector. Each redirect is a request of its own to them. */
export function sessionFetch(connector: Connector): typeof fetch {
  const agents: Agents = {
    'https:': new ConnectorAgent(connector, 'https', 'errors'),
    'http:': new ConnectorAgent(connector, 'http', 'errors'),
  }
  const dispatcher = {
    dispatch: (options: DispatchOptions, handler: Handler | OldHandler) => dispatch(agents, options, handler),
  }
  return async (input, init) => {
    try {
      // The types ask for a class that Node does not export.
      return await builtInFetch(input, { ...init, dispatcher } as unknown as RequestInit)
    } catch (error) {
      // `TypeError: fetch failed` says nothing.
      if (error instanceof TypeError && error.cause instanceof HallpassError) throw error.cause
      throw error
    }
  }
}
