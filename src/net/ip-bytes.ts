import { isIP, isIPv6 } from 'node:net'

/** An address as a certificate holds it (RFC 5280 section 4.2.1.6): 4 or 16 bytes. Undefined for anything else, zones included. */
export function ipBytes(address: string): Buffer | undefined {
  if (isIP(address) === 0 || address.includes('%')) return undefined
  if (!isIPv6(address)) return Buffer.from(address.split('.').map(Number))
  // The URL parser writes any spelling the one canonical way: hexadecimal groups, at most one '::'.
  const [left = '', right] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::')
  const groups = (text: string) => (text === '' ? [] : text.split(':'))
  const head = groups(left)
  const tail = groups(right ?? '')
  const zeros = Array<string>(8 - head.length - tail.length).fill('0')
  const bytes = Buffer.alloc(16)
  for (const [index, group] of [...head, ...zeros, ...tail].entries()) {
    bytes.writeUInt16BE(Number.parseInt(group, 16), index * 2)
  }
  return bytes
}
