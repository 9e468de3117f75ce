import { isLocalName, isLoopbackHost } from '../rules/loopback.ts'
import { type ProxyUrl, parseProxyUrl, type UpstreamSetting } from '../rules/proxy-url.ts'
import { clientToken } from '../sessions/child-token.ts'
import { noProxy } from './no-proxy.ts'

/** In order of precedence: lower case first, as in curl. */
const variablesFor = {
  https: ['https_proxy', 'HTTPS_PROXY', 'all_proxy', 'ALL_PROXY'],
  http: ['http_proxy', 'HTTP_PROXY', 'all_proxy', 'ALL_PROXY'],
} as const

/**
 * The proxies on the way to origins, in networks that are left through a proxy. Loopback is always reached directly: to the
 * proxy, it would be another machine.
 */
export class UpstreamProxies {
  /** Variables that cannot be used, each with the reason, for the log. */
  readonly problems: readonly string[]
  readonly #unused: { readonly https: string | undefined; readonly http: string | undefined }
  readonly #https: ProxyUrl | undefined
  readonly #http: ProxyUrl | undefined
  readonly #bypass: (host: string, port: number) => boolean
  readonly #ownPorts: () => readonly number[]

  /** @param ownPorts our own ports: in a shell that evaluated `hallpass env`, HTTPS_PROXY names them */
  constructor(
    setting: UpstreamSetting,
    env: Readonly<Record<string, string | undefined>>,
    ownPorts: () => readonly number[],
  ) {
    this.#ownPorts = ownPorts
    this.#bypass = noProxy(setting === 'env' ? (env.no_proxy ?? env.NO_PROXY ?? '') : '')
    const named = (scheme: 'https' | 'http'): ProxyUrl | string | undefined => {
      if (setting === 'direct') return undefined
      return setting === 'env' ? proxyIn(env, variablesFor[scheme]) : setting
    }
    const https = named('https')
    const http = named('http')
    if (typeof https === 'object') this.#https = https
    if (typeof http === 'object') this.#http = http
    this.#unused = { https: textOf(https), http: textOf(http) }
    this.problems = [...new Set([textOf(https), textOf(http)].filter((problem) => problem !== undefined))]
  }

  /** The proxy for an origin; undefined when it is reached directly. Blind tunnels count as https. */
  for(scheme: 'https' | 'http', host: string, port: number): ProxyUrl | undefined {
    const proxy = scheme === 'https' ? this.#https : this.#http
    if (proxy === undefined || this.#isOurs(proxy) || isLocalName(host) || this.#bypass(host, port))
      return undefined
    return proxy
  }

  /** Why an origin is reached directly although a variable names a proxy for it. */
  unused(scheme: 'https' | 'http', host: string, port: number): string | undefined {
    return isLocalName(host) || this.#bypass(host, port) ? undefined : this.#unused[scheme]
  }

  /** The proxies in use, without credentials. */
  get shown(): readonly string[] {
    const used = [this.#https, this.#http].filter((proxy) => proxy !== undefined && !this.#isOurs(proxy))
    return [...new Set(used.map((proxy) => proxy?.text ?? ''))]
  }

  #isOurs({ host, port, password }: ProxyUrl): boolean {
    // Also the proxy of another state folder: its session belongs to the holder of its token.
    if (!isLoopbackHost(host)) return false
    return clientToken.test(password) || this.#ownPorts().includes(port)
  }
}

/** The proxy that the first set variable names, or the reason why it cannot be used. */
function proxyIn(
  env: Readonly<Record<string, string | undefined>>,
  variables: readonly string[],
): ProxyUrl | string | undefined {
  const name = variables.find((variable) => env[variable])
  try {
    return name === undefined ? undefined : parseProxyUrl(env[name] ?? '')
  } catch (error) {
    return `the proxy in ${name} is not used: ${(error as Error).message}`
  }
}

function textOf(named: ProxyUrl | string | undefined): string | undefined {
  return typeof named === 'string' ? named : undefined
}
