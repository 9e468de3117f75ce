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
 * Takes `proxy.example:3128` too, as many clients do in the environment, and a user and a password as people paste them, unless the
 * text could also name another host. The message never repeats the text, which may hold a password.
 * @throws Error whose message is the reason.
 */
export function parseProxyUrl(text: string): ProxyUrl {
  const [, scheme = 'http://', rest = ''] = /^([a-z][a-z\d+.-]*:\/\/)?(.*)$/is.exec(text.trim()) ?? []
  const { userinfo, endpoint } = partsOf(rest)
  const url = URL.parse(scheme + endpoint)
  if (url === null || url.hostname === '') throw new Error('must be a URL, such as http://proxy.example:3128')
  const known = schemes[url.protocol]
  if (known === undefined) throw new Error('the scheme is http, https, socks5 or socks4')
  if (!/^\/?$/.test(url.pathname + url.search + url.hash)) throw new Error(nothingBehind)
  const colon = userinfo.indexOf(':')
  return {
    scheme: known.scheme,
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? known.port : Number(url.port),
    user: decoded(colon === -1 ? userinfo : userinfo.slice(0, colon)),
    password: colon === -1 ? '' : decoded(userinfo.slice(colon + 1)),
    text: `${url.protocol}//${url.host}`,
  }
}

const nothingBehind = 'nothing may follow host and port; in a password "/", "?" and "#" are percent-encoded'

/** The host is behind the last "@". */
function partsOf(rest: string): { readonly userinfo: string; readonly endpoint: string } {
  const at = rest.lastIndexOf('@')
  if (at === -1) return { userinfo: '', endpoint: rest }
  const userinfo = rest.slice(0, at)
  // A client that follows the standard ends the host at the first of these. Nothing may be sent there, so the text before must be no
  // host: in `ada:pa/ss@proxy`, "pa" is no port.
  const [before = '', ...behind] = userinfo.split(/[/?#\\]/)
  const isDomainUser = /^[^/?#:]*\\[^/?#\\]*:/.test(userinfo)
  if (behind.length > 0 && !isDomainUser && URL.canParse(`http://${before}`)) throw new Error(nothingBehind)
  return { userinfo, endpoint: rest.slice(at + 1) }
}

/** Percent-encoded, or as it is where no "%" begins an encoded byte. */
function decoded(text: string): string {
  const escapes = text.match(/%[\da-f]{2}/gi)?.length ?? 0
  const signs = text.split('%').length - 1
  if (escapes === 0) return text
  try {
    if (escapes === signs) return decodeURIComponent(text)
  } catch {
    // Bytes that are no UTF-8.
  }
  throw new Error('write each "%" in the user or password as %25')
}
