import { isLocalName, isLoopbackHost } from '../rules/loopback.ts'
import { type ProxyUrl, parseProxyUrl, type UpstreamSetting } from '../rules/proxy-url.ts'
import { childTokenPrefix } from '../sessions/child-token.ts'
import { noProxy } from './no-proxy.ts'

/** In the order in which each is asked; lower case first, as curl has it. */
const variablesFor = {
  https: ['https_proxy', 'HTTPS_PROXY', 'all_proxy', 'ALL_PROXY'],
  http: ['http_proxy', 'HTTP_PROXY', 'all_proxy', 'ALL_PROXY'],
} as const

/** 32 bytes in base64url, as the token of a session and that of a child are. */
const token = new RegExp(`^(?:${childTokenPrefix})?[\\w-]{43}$`)

/**
 * The proxies through which origins are reached where the network lets nobody out by himself. Loopback is always reached
 * directly: it would be another machine's.
 */
export class UpstreamProxies {
  /** Where a variable cannot be used: its name and why, for the log. */
  readonly problems: readonly string[]
  readonly #https: ProxyUrl | undefined
  readonly #http: ProxyUrl | undefined
  readonly #bypass: (host: string, port: number) => boolean
  readonly #ownPorts: () => readonly number[]

  /** @param ownPorts where we listen: a shell that evaluated `hallpass env` names ourselves */
  constructor(
    setting: UpstreamSetting,
    env: Readonly<Record<string, string | undefined>>,
    ownPorts: () => readonly number[],
  ) {
    const problems: string[] = []
    this.problems = problems
    this.#ownPorts = ownPorts
    this.#bypass = noProxy(setting === 'env' ? (env.no_proxy ?? env.NO_PROXY ?? '') : '')
    if (setting === 'direct') return
    if (setting !== 'env') {
      this.#https = setting
      this.#http = setting
      return
    }
    const named = (variables: readonly string[]): ProxyUrl | undefined => {
      const name = variables.find((variable) => env[variable])
      try {
        return name === undefined ? undefined : parseProxyUrl(env[name] ?? '')
      } catch (error) {
        problems.push(`the proxy in ${name} is not used: ${(error as Error).message}`)
        return undefined
      }
    }
    this.#https = named(variablesFor.https)
    this.#http = named(variablesFor.http)
  }

  /** The proxy for an origin; undefined when it is reached directly. Blind tunnels count as https. */
  for(scheme: 'https' | 'http', host: string, port: number): ProxyUrl | undefined {
    const proxy = scheme === 'https' ? this.#https : this.#http
    if (proxy === undefined || this.#isOurs(proxy) || isLocalName(host) || this.#bypass(host, port))
      return undefined
    return proxy
  }

  /** Those in use, without credentials. */
  get shown(): readonly string[] {
    const used = [this.#https, this.#http].filter((proxy) => proxy !== undefined && !this.#isOurs(proxy))
    return [...new Set(used.map((proxy) => proxy?.text ?? ''))]
  }

  #isOurs({ host, port, password }: ProxyUrl): boolean {
    // The proxy of another state folder too: what it knows is for those who have its token.
    if (!isLoopbackHost(host)) return false
    return token.test(password) || this.#ownPorts().includes(port)
  }
}
