import { defaultPort } from '../sessions/request-url.ts'

/** Where a request goes: chosen once, from the connection it came on, never from the Host field alone. */
export interface Origin {
  readonly scheme: 'https' | 'http'
  /** Lower-case, no trailing dot, IPv6 without brackets. */
  readonly host: string
  readonly port: number
}

/** `host` or `host:port`, as in a Host field. */
export function authorityOf(origin: Origin): string {
  const host = origin.host.includes(':') ? `[${origin.host}]` : origin.host
  return origin.port === defaultPort(origin.scheme) ? host : `${host}:${origin.port}`
}

/** `host:port`, as in a CONNECT target. */
export function endpointOf(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
