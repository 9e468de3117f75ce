import { canonicalHost } from '../cookies/site.ts'
import { fromWire } from './latin1.ts'

/** RFC 1035 2.3.4 allows 253, and an address may have brackets around it. */
const maxLength = 255

/** Letters of any script, for names that were never put into punycode. Nothing that a URL parser gives a meaning. */
const plainHost = /^[\p{L}\p{N}\p{M}_-]+(\.[\p{L}\p{N}\p{M}_-]+)*\.?$/u
const ipv6 = /^\[?[0-9a-f.]*:[0-9a-f:.]*\]?$/i

/**
 * The canonical form of a domain as files have it, and whether it began with a dot; undefined when it is no host.
 * `evil.test@bank.test` and `..` are not hosts; they are refused before anything takes them apart.
 */
export function domainOf(text: string): { readonly domain: string; readonly dotted: boolean } | undefined {
  const dotted = text.startsWith('.')
  const bare = dotted ? text.slice(1) : text
  if (bare.length > maxLength || (!plainHost.test(bare) && !ipv6.test(bare))) return undefined
  return { domain: canonicalHost(bare), dotted }
}

/** As `domainOf`, of a host that may have a port behind it, as wget writes it. */
export function domainWithPort(text: string): ReturnType<typeof domainOf> {
  const port = /^([^:]+|\[[^\]]+\]):\d{1,5}$/.exec(text)
  return domainOf(port?.[1] ?? text)
}

const hostLine = /^>?\s*(?:host|:authority)\s*:\s*(\S+)\s*$/i

/** The host that a line of a request names, with the mark that `curl -v` puts before it or without. */
export function hostOfLine(line: string): string | undefined {
  const text = hostLine.exec(line)?.[1]
  return text === undefined ? undefined : domainWithPort(fromWire(text) ?? '')?.domain
}
