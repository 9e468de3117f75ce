import { defaultPort } from '../plan/request-url.ts'

/** The server that a request goes to. It follows from the connection of the request, never from the Host field alone. */
export interface Origin {
  readonly scheme: 'https' | 'http'
  /** Lower-case, no trailing dot, IPv6 without brackets. */
  readonly host: string
  readonly port: number
}

/** Made once for all requests of a tunnel. */
const authorities = new WeakMap<Origin, string>()

/** `host` or `host:port`, as in a Host field. */
export function authorityOf(origin: Origin): string {
  const known = authorities.get(origin)
  if (known !== undefined) return known
  const { scheme, host, port } = origin
  const name = host.includes(':') ? `[${host}]` : host
  const authority = port === defaultPort(scheme) ? name : `${name}:${port}`
  authorities.set(origin, authority)
  return authority
}

/** `host:port`, as in a CONNECT target. */
export function endpointOf(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
