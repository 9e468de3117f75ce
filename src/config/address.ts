import { isIP, isIPv6 } from 'node:net'
import { parseHostPattern } from '../rules/host-pattern.ts'

export interface Listen {
  /** An IP address without brackets, or `localhost`. */
  readonly host: string
  readonly port: number
}

/** @throws Error whose message is the reason. */
export function parseListen(text: string): Listen {
  const { host, port } = split(text)
  if (port === undefined) throw new Error('must be an address and a port, such as 127.0.0.1:8787')
  // Attack: a name resolves to another interface tomorrow, and opens the proxy to it.
  if (host !== 'localhost' && isIP(host) === 0)
    throw new Error('must be an IP address or localhost, with a port, such as 127.0.0.1:8787')
  return { host, port }
}

/** @throws Error whose message is the reason. */
export function parseResolve(from: string, to: string): [from: string, to: string] {
  const pattern = parseHostPattern(from)
  if (pattern.kind !== 'exact') throw new Error('must be one host, without a wildcard')
  const { host, port } = split(to)
  if (isIP(host) === 0)
    throw new Error('must be an IP address, with or without a port, such as 127.0.0.1:8443')
  if (port === 0) throw new Error('the port must be a number from 1 to 65535')
  const address = isIPv6(host) ? `[${host}]` : host
  return [pattern.text, port === undefined ? address : `${address}:${port}`]
}

function split(text: string): { host: string; port: number | undefined } {
  if (isIPv6(text)) return { host: text, port: undefined }
  const match = /^(?:\[([^[\]]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(text.trim())
  const [, bracketed, plain, digits] = match ?? []
  if (bracketed !== undefined && !isIPv6(bracketed))
    throw new Error('only an IPv6 address can be in brackets')
  const host = bracketed ?? plain
  if (host === undefined)
    throw new Error('must be an address and a port, such as 127.0.0.1:8787 or [::1]:8787')
  const port = digits === undefined ? undefined : Number(digits)
  if (port !== undefined && port > 65535) throw new Error('the port must be a number up to 65535')
  return { host: host.toLowerCase(), port }
}
