import type { Socket } from 'node:net'
import { trustedContext } from '../net/tls-options.ts'
import type { UpstreamSetting } from '../rules/proxy-url.ts'
import { throughProxy } from './through-proxy.ts'
import { UpstreamProxies } from './upstream-proxies.ts'

export interface TokenRouteOptions {
  readonly setting: UpstreamSetting
  readonly env: NodeJS.ProcessEnv
  /** The port of our own proxy: in a shell that evaluated `hallpass env`, HTTPS_PROXY names it. */
  readonly ownPort: number
  readonly roots: readonly string[]
}

/** Connects token requests to authorization servers in networks that are left through a proxy. */
export function tokenRoute({ setting, env, ownPort, roots }: TokenRouteOptions) {
  const proxies = new UpstreamProxies(setting, env, () => [ownPort])
  return {
    /** A connection through the upstream proxy; undefined for a host that is reached directly. */
    route: (host: string, port: number, signal: AbortSignal): Promise<Socket> | undefined => {
      const proxy = proxies.for('https', host, port)
      if (proxy === undefined) return undefined
      return throughProxy(proxy, host, port, trustedContext(roots), signal)
    },
    /** Why a host is reached directly although a variable names a proxy for it. */
    unused: (host: string, port: number) => proxies.unused('https', host, port),
  }
}
