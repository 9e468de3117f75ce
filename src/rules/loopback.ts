import { foldHost } from './host-pattern.ts'

const octet = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)'
const loopback4 = new RegExp(`^127\\.${octet}\\.${octet}\\.${octet}$`)

/**
 * Names that never leave this machine: 127.0.0.0/8, ::1, localhost and what is below it (RFC 6761 section 6.3).
 * Only these spellings: an odd one (0x7f.1, ::ffff:127.0.0.1) counts as foreign, which costs a credential, not a secret.
 */
export function isLoopbackHost(host: string): boolean {
  const name = foldHost(host)
  return name === 'localhost' || name.endsWith('.localhost') || name === '::1' || loopback4.test(name)
}
