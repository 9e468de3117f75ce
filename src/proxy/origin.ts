import { defaultPort } from '../plan/request-url.ts'

/** Where a connection leads. */
export interface Endpoint {
  /** Lower-case, no trailing dot, IPv6 without brackets. */
  readonly host: string
  /** The client wrote a trailing dot. The name is looked up with it; the plan and the certificate see it without. */
  readonly rooted?: boolean | undefined
  readonly port: number
}

/** The server that a request goes to. It follows from the connection of the request, never from the Host field alone. */
export interface Origin extends Endpoint {
  readonly scheme: 'https' | 'http'
}

export function originAt(scheme: Origin['scheme'], { host, rooted, port }: Endpoint): Origin {
  return { scheme, host, rooted, port }
}

/** The name as it is looked up, here or by an upstream proxy. Without its dot, `corp.` would meet the search domains. */
export function lookupName({ host, rooted }: Pick<Endpoint, 'host' | 'rooted'>): string {
  return rooted === true ? `${host}.` : host
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
