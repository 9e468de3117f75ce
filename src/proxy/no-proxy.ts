import { BlockList, isIP } from 'node:net'

type Matches = (host: string, port: number) => boolean

/**
 * Reads NO_PROXY in the forms of curl, Go and Python's requests: a host and every name below it (with or without a leading
 * dot), `host:port`, an address, a network such as 10.0.0.0/8, and `*`.
 */
export function noProxy(text: string): Matches {
  const entries = text
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .map(entryOf)
  return (host, port) => entries.some((matches) => matches(host, port))
}

function entryOf(entry: string): Matches {
  if (entry === '*') return () => true
  const [, network = '', prefix] = /^\[?([^\]/]+)\]?\/(\d{1,3})$/.exec(entry) ?? []
  if (prefix !== undefined) return inNetwork(network, Number(prefix))
  const { name, port } = split(entry)
  if (isIP(name) !== 0) return (host, at) => host === name && (port === undefined || port === at)
  const domain = name.replace(/^\*?\./, '').replace(/\.$/, '')
  return (host, at) => (host === domain || host.endsWith(`.${domain}`)) && (port === undefined || port === at)
}

function split(entry: string): { readonly name: string; readonly port: number | undefined } {
  const lower = entry.toLowerCase()
  if (isIP(lower) === 6) return { name: lower, port: undefined }
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(lower) ?? []
  return { name: bracketed ?? plain ?? lower, port: port === undefined ? undefined : Number(port) }
}

function inNetwork(network: string, prefix: number): Matches {
  const family = isIP(network)
  if (family === 0 || prefix > (family === 4 ? 32 : 128)) return () => false
  const list = new BlockList()
  list.addSubnet(network, prefix, family === 4 ? 'ipv4' : 'ipv6')
  return (host) => isIP(host) === family && list.check(host, family === 4 ? 'ipv4' : 'ipv6')
}
