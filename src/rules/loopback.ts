import { foldHost } from './host-pattern.ts'

const octet = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)'
const loopback4 = new RegExp(`^127\\.${octet}\\.${octet}\\.${octet}$`)

/**
 * Names that never leave this machine, so that a secret may go to them in clear: 127.0.0.0/8, ::1 and localhost. Only these
 * spellings: an odd one (0x7f.1, ::ffff:127.0.0.1) counts as foreign: then a credential is missing, but no secret leaks. Not the names
 * below localhost: a browser resolves `app.localhost` itself (RFC 6761 section 6.3), while here it may be asked of a name
 * server, which could answer with any address.
 */
export function isLoopbackHost(host: string): boolean {
  const name = foldHost(host)
  return name === 'localhost' || name === '::1' || loopback4.test(name)
}

/** Plain http that stays on this machine. Tokens and sign-in pages may use no other plain http. */
export function isPlainLoopback({ protocol, hostname }: URL): boolean {
  return protocol === 'http:' && isLoopbackHost(hostname.replace(/^\[(.*)\]$/, '$1'))
}

/** Those, and the names below localhost: a NO_PROXY with `localhost` keeps them all from the proxy. */
export function isLocalName(host: string): boolean {
  return isLoopbackHost(host) || foldHost(host).endsWith('.localhost')
}
