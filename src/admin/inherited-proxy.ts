import { isLoopbackHost } from '../rules/loopback.ts'
import { childTokenPrefix } from '../sessions/child-token.ts'

/** All that name a proxy; each of them is replaced or removed for a child. */
const variables = [
  'HTTPS_PROXY',
  'https_proxy',
  'HTTP_PROXY',
  'http_proxy',
  'ALL_PROXY',
  'all_proxy',
] as const

/** 32 bytes in base64url, as the token of a session and that of a child are. */
const token = new RegExp(`^(?:${childTokenPrefix})?[\\w-]{43}$`)

export interface InheritedProxy {
  readonly variables: readonly string[]
  /** One line, without credentials. */
  readonly fact: string
}

/**
 * Proxies that the environment names and hallpass does not go through, as it dials origins itself. `own` is where it
 * listens: without a client token nothing else tells the URL of `--no-auth` from that of another program.
 */
export function inheritedProxy(
  env: NodeJS.ProcessEnv,
  own: { readonly host: string; readonly port: number } | undefined,
): InheritedProxy | undefined {
  const foreign = variables.filter((name) => env[name] && !isOurs(parse(env[name]), own))
  if (foreign.length === 0) return undefined
  const shown = new Set(
    foreign.map((name) => shownAddress(env[name] ?? '')).filter((text) => text !== undefined),
  )
  const where = shown.size === 0 ? '' : ` (${[...shown].join(', ')})`
  return {
    variables: foreign,
    fact: `the proxy in ${foreign.join(', ')}${where} is ignored: hallpass connects to origins directly`,
  }
}

function isOurs(url: URL | null, own: { readonly host: string; readonly port: number } | undefined): boolean {
  if (url === null) return false
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
  if (isLoopbackHost(host) && token.test(url.password)) return true
  // A proxy that listens everywhere is reached by loopback.
  return own !== undefined && Number(url.port) === own.port && (host === own.host || isLoopbackHost(host))
}

/** Many clients take `proxy.example:3128` too. */
function parse(text: string): URL | null {
  return URL.parse(/^[a-z][a-z\d+.-]*:\/\//i.test(text) ? text : `http://${text}`)
}

/** Nothing at all where more than an address follows the host: a password with `/`, `?` or `#` in it makes the user's name the host. */
function shownAddress(text: string): string | undefined {
  const url = parse(text)
  if (url === null || url.host === '' || !/^\/?$/.test(url.pathname + url.search + url.hash)) return undefined
  return `${url.protocol}//${url.host}`
}
