/** A proxy between us and the origins, as `upstream:` or a variable of the environment names it. */
export interface ProxyUrl {
  readonly scheme: 'http' | 'https' | 'socks4' | 'socks5'
  /** IPv6 without brackets. */
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
  /** `http://corporate.example:3128`: without its credentials, for messages. */
  readonly text: string
}

/** `env`: from HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY. */
export type UpstreamSetting = 'env' | 'direct' | ProxyUrl

const schemes: Readonly<Record<string, { readonly scheme: ProxyUrl['scheme']; readonly port: number }>> = {
  'http:': { scheme: 'http', port: 80 },
  'https:': { scheme: 'https', port: 443 },
  // The final letter says that the proxy looks the name up, which ours always do.
  'socks:': { scheme: 'socks5', port: 1080 },
  'socks5:': { scheme: 'socks5', port: 1080 },
  'socks5h:': { scheme: 'socks5', port: 1080 },
  'socks4:': { scheme: 'socks4', port: 1080 },
  'socks4a:': { scheme: 'socks4', port: 1080 },
}

/**
 * Takes `proxy.example:3128` too, as many clients do in the environment. The message never repeats the text, which may
 * hold a password.
 * @throws Error whose message is the reason.
 */
export function parseProxyUrl(text: string): ProxyUrl {
  const url = URL.parse(/^[a-z][a-z\d+.-]*:\/\//i.test(text) ? text : `http://${text}`)
  if (url === null || url.hostname === '') throw new Error('must be a URL, such as http://proxy.example:3128')
  const known = schemes[url.protocol]
  if (known === undefined) throw new Error('the scheme is http, https, socks5 or socks4')
  // A password with `/`, `?` or `#` in it makes the user's name the host: nothing may be sent there.
  if (!/^\/?$/.test(url.pathname + url.search + url.hash))
    throw new Error('nothing may follow host and port; in a password "/", "?" and "#" are percent-encoded')
  return {
    scheme: known.scheme,
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? known.port : Number(url.port),
    user: decoded(url.username),
    password: decoded(url.password),
    text: `${url.protocol}//${url.host}`,
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new Error('a "%" in user or password is written %25')
  }
}
