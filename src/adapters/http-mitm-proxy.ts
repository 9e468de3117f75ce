import type { Agent, ClientRequest, ServerResponse } from 'node:http'
import { type Hallpass, openHallpass, type RequestOptions } from '../index.ts'
import type { Connector } from '../library/connector.ts'
import { ConnectorAgent } from '../library/connector-agent.ts'

export interface ModuleOptions extends RequestOptions {
  /** An opened state folder. Without it, the one that `openHallpass()` opens. */
  readonly opened?: Hallpass
}

type Done = (error?: Error | null) => void

/** The part of http-mitm-proxy's contexts that the module uses. */
interface RequestContext {
  readonly isSSL: boolean
  readonly proxyToClientResponse: ServerResponse
  readonly proxyToServerRequest: ClientRequest | undefined
  readonly proxyToServerRequestOptions:
    | undefined
    | { readonly host: string; readonly port: string | number | null | undefined; agent: Agent }
}

interface WebSocketContext {
  readonly isSSL: boolean
  readonly proxyToServerWebSocketOptions?: { readonly url?: string; agent?: Agent | undefined }
}

/** A module as `proxy.use` of http-mitm-proxy takes it. */
export interface MitmModule {
  onRequestHeaders(context: RequestContext, done: Done): void
  onWebSocketConnection(context: WebSocketContext, done: Done): void
}

/**
 * A module for http-mitm-proxy 1.1: requests to hosts that the session knows leave with the session, as from the proxy of
 * hallpass. Requests to other hosts go as they would without the module. A request that hallpass refuses or cannot send gets
 * the answer of hallpass's proxy, with `Hallpass-Error`.
 *
 * @throws HallpassError `usage` for a malformed host. When the state folder cannot be opened, each request fails with that
 *   error
 * @see https://github.com/joeferner/node-http-mitm-proxy
 *
 * @example
 * ```ts
 * import { hallpass } from 'hallpass/http-mitm-proxy'
 * import { Proxy } from 'http-mitm-proxy'
 *
 * const proxy = new Proxy()
 * proxy.use(hallpass({ session: 'work' }))
 * proxy.listen({ host: '127.0.0.1', port: 8081 })
 * ```
 */
export function hallpass({ opened, ...limits }: ModuleOptions = {}): MitmModule {
  const ready =
    opened === undefined ? openHallpass().then((made) => routes(made, limits)) : routes(opened, limits)
  // Each request gets the error.
  if (ready instanceof Promise) ready.catch(() => undefined)
  const agentFor = async (
    scheme: 'https' | 'http',
    host: string,
    port: number | undefined,
  ): Promise<Agent | undefined> => {
    const { connector, ...agents } = await ready
    return (await connector.concerns(scheme, host, port)) ? agents[scheme] : undefined
  }
  return {
    // After onRequest, in which other modules may have chosen another host.
    onRequestHeaders(context, done) {
      const { isSSL, proxyToServerRequestOptions: options } = context
      if (options === undefined) return done()
      agentFor(isSSL ? 'https' : 'http', options.host, portOf(options.port)).then((agent) => {
        if (agent !== undefined) {
          options.agent = agent
          leaveWithClient(context)
        }
        done()
      }, done)
    },
    onWebSocketConnection({ isSSL, proxyToServerWebSocketOptions: options }, done) {
      const url = URL.parse(options?.url ?? '')
      if (options === undefined || url === null) return done()
      const scheme = isSSL ? 'https' : 'http'
      agentFor(scheme, url.hostname, portOf(url.port)).then((agent) => {
        if (agent !== undefined) options.agent = agent
        done()
      }, done)
    },
  }
}

/** http-mitm-proxy itself would let the origin answer to nobody. */
function leaveWithClient(context: RequestContext): void {
  const { proxyToClientResponse } = context
  proxyToClientResponse.once('close', () => {
    if (!proxyToClientResponse.writableFinished) context.proxyToServerRequest?.destroy()
  })
}

function portOf(port: string | number | null | undefined): number | undefined {
  return port ? Number(port) : undefined
}

interface Routes {
  readonly connector: Connector
  readonly https: Agent
  readonly http: Agent
}

function routes(opened: Hallpass, limits: RequestOptions): Routes {
  const connector = opened.connector(limits)
  return {
    connector,
    https: new ConnectorAgent(connector, 'https', 'answers'),
    http: new ConnectorAgent(connector, 'http', 'answers'),
  }
}
