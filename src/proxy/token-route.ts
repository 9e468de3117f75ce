import type { Socket } from 'node:net'
import { trustedContext } from '../net/tls-options.ts'
import type { UpstreamSetting } from '../rules/proxy-url.ts'
import { throughProxy } from './through-proxy.ts'
import { UpstreamProxies } from './upstream-proxies.ts'

export interface TokenRouteOptions {
  readonly setting: UpstreamSetting
  readonly env: NodeJS.ProcessEnv
  /** Where our own proxy listens: a shell that evaluated `hallpass env` names it. */
  readonly ownPort: number
  readonly roots: readonly string[]
}

/** The way of token requests to authorization servers, where the network lets nobody out but through a proxy. */
export function tokenRoute({ setting, env, ownPort, roots }: TokenRouteOptions) {
  const proxies = new UpstreamProxies(setting, env, () => [ownPort])
  /** A connection through the proxy; undefined for a host that is reached directly. */
  return (host: string, port: number, signal: AbortSignal): Promise<Socket> | undefined => {
    const proxy = proxies.for('https', host, port)
    if (proxy === undefined) return undefined
    return throughProxy(proxy, host, port, trustedContext(roots), signal)
  }
}
