import { BlockList, isIP } from 'node:net'
import { networkInterfaces } from 'node:os'

/**
 * Addresses that are never a target. Tools legitimately use loopback and the intranet. But a client that reaches a cloud's
 * metadata service from here gets the machine's own credentials, and no tool needs the others through a proxy.
 */
const refused = new BlockList()
for (const [network, prefix] of [
  ['0.0.0.0', 8], // "this host": reaches loopback under another spelling
  ['169.254.0.0', 16], // link-local; 169.254.169.254 is the metadata service of most clouds
  ['100.100.100.200', 32], // Alibaba Cloud
  ['192.0.0.192', 32], // Oracle Cloud
  ['168.63.129.16', 32], // Azure's wire server
  ['224.0.0.0', 4], // multicast
  ['255.255.255.255', 32],
] as const) {
  refused.addSubnet(network, prefix, 'ipv4')
}
for (const [network, prefix] of [
  ['::', 128],
  ['fe80::', 10], // link-local
  ['fec0::', 10], // its deprecated sibling, site-local
  ['ff00::', 8], // multicast
  ['fd00:ec2::254', 128], // AWS
  ['fd20:ce::254', 128], // Google Cloud
  ['fd00:42::42', 128], // Scaleway
] as const) {
  refused.addSubnet(network, prefix, 'ipv6')
}

/** Names of cloud metadata services. They are refused before the look-up: a cloud's resolver may answer any address. */
const refusedNames = new Set([
  'metadata.google.internal',
  'metadata.goog',
  'metadata',
  'instance-data',
  'instance-data.ec2.internal',
])

export function isRefusedName(host: string): boolean {
  return refusedNames.has(host)
}

export function isRefusedAddress(address: string): boolean {
  return reachedBy(address).some((each) => refused.check(each, isIP(each) === 6 ? 'ipv6' : 'ipv4'))
}

/** Whether only this machine reaches a listening address. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}

/** Whether packets to this address end at this machine. */
export function isOwnAddress(address: string): boolean {
  const own = new BlockList()
  own.addSubnet('127.0.0.0', 8, 'ipv4')
  own.addAddress('::1', 'ipv6')
  for (const addresses of Object.values(networkInterfaces())) {
    for (const each of addresses ?? []) own.addAddress(each.address, each.family === 'IPv6' ? 'ipv6' : 'ipv4')
  }
  return reachedBy(address).some((each) => own.check(each, isIP(each) === 6 ? 'ipv6' : 'ipv4'))
}

/**
 * The address itself and the IPv4 address inside it: mapped (::ffff:a.b.c.d), compatible (::a.b.c.d),
 * translated (64:ff9b::/96, RFC 6052; 64:ff9b:1::/48, RFC 8215), 6to4 (2002::/16). Each
 * reaches the IPv4 host in some network.
 */
function reachedBy(address: string): readonly string[] {
  const bare = address.split('%', 1)[0] ?? ''
  if (isIP(bare) !== 6) return [bare]
  const groups = groupsOf(bare)
  const [a = 0, b = 0, c = 0] = groups
  const ipv4 = (at: number) => {
    const [high = 0, low = 0] = groups.slice(at)
    return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`
  }
  if (a === 0x2002) return [bare, ipv4(1)]
  if (a === 0x64 && b === 0xff9b && (c === 0 || c === 1)) return [bare, ipv4(6)]
  const zeros = groups.slice(0, 5).every((group) => group === 0)
  const carries =
    zeros && (groups[5] === 0xffff || (groups[5] === 0 && (groups[6] !== 0 || (groups[7] ?? 0) > 1)))
  return carries ? [bare, ipv4(6)] : [bare]
}

/** The eight groups of an IPv6 address, from the URL parser's canonical text. */
function groupsOf(address: string): number[] {
  const text = new URL(`http://[${address}]/`).hostname.slice(1, -1)
  const [head = '', tail] = text.split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const gap = tail === undefined ? 0 : 8 - left.length - right.length
  return [...left, ...Array<string>(gap).fill('0'), ...right].map((group) => Number.parseInt(group, 16))
}
