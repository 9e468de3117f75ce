import type { LookupAddress } from 'node:dns'
import { isIP } from 'node:net'

/** hosts(5): an address, then its names. Lower-case names → addresses, in the order of the file. */
export function parseHosts(text: string): ReadonlyMap<string, readonly LookupAddress[]> {
  const hosts = new Map<string, readonly LookupAddress[]>()
  for (const line of text.split('\n')) {
    const [address = '', ...names] = (line.split('#', 1)[0] ?? '').trim().split(/\s+/)
    if (isIP(address) === 0) continue
    for (const name of names.map((each) => each.toLowerCase()))
      hosts.set(name, [...(hosts.get(name) ?? []), { address, family: isIP(address) }])
  }
  return hosts
}

export interface Sources {
  /** The hosts file comes before every other source. */
  readonly filesFirst: boolean
  /** The system asks the hosts file, then DNS, and nothing else. */
  readonly filesThenDns: boolean
}

/** nsswitch.conf(5). A system without the file, or without the line, asks both. */
export function parseNsswitch(text: string): Sources {
  const line = /^[ \t]*hosts[ \t]*:([^#\n]*)/m.exec(text)?.[1] ?? 'files dns'
  const sources = line.trim().split(/\s+/)
  // An action such as [NOTFOUND=return] counts as a source of its own: getaddrinfo knows what it means.
  return { filesFirst: sources[0] === 'files', filesThenDns: sources.join(' ') === 'files dns' }
}

export interface Searching {
  /** A name with fewer dots meets the search domains first. */
  readonly ndots: number
  /** There are domains that complete a name. */
  readonly searches: boolean
}

/**
 * resolv.conf(5). A keyword stands at the start of its line, and the last line of a kind counts.
 * @param hostname its domain is searched if the file names none
 */
export function parseResolvConf(text: string, hostname: string): Searching {
  let ndots = 1
  let searches = hostname.includes('.')
  for (const line of text.split('\n')) {
    const [keyword, ...words] = line.trimEnd().split(/[ \t]+/)
    if ((keyword === 'search' || keyword === 'domain') && words.length > 0)
      searches = words.some((domain) => domain !== '.')
    else if (keyword === 'options')
      for (const word of words) ndots = Number(/^ndots:(\d+)$/.exec(word)?.[1] ?? ndots)
  }
  return { ndots, searches }
}
