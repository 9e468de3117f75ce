/**
 * Hosts as a configuration or `--host` writes them: `example.com` is that host, `*.example.com` every host below it
 * (not itself), `*` every host. `:port` is optional; without it the pattern matches every port.
 */
export interface HostPattern {
  readonly kind: 'exact' | 'below' | 'any'
  /** Lower case, no trailing dot, IPv6 without brackets; '' for `*`. */
  readonly host: string
  readonly port: number | undefined
  /** As it was written, tidied, for messages and records. */
  readonly text: string
}

// WHATWG URL says a host whose last label is a number is an IPv4 address, and reads octal, hex and short forms of it.
const numericLabel = /^(?:\d+|0x[\da-f]*)$/
const label = /^[a-z\d_](?:[a-z\d_-]*[a-z\d_])?$/

/** @throws Error whose message is the reason, fit to stand behind "hosts: ". */
export function parseHostPattern(text: string): HostPattern {
  const written = text.trim()
  if (written === '') throw new Error('an empty host')
  if (/^[a-z][a-z\d+.-]*:\/\//i.test(written) || written.includes('/')) {
    throw new Error(`"${printable(written)}" is a URL or has a path; write the host alone`)
  }
  const { name, port } = splitPort(written)
  if (name === '*') return { kind: 'any', host: '', port, text: withPort('*', port) }
  if (name.startsWith('*.')) {
    const host = domain(name.slice(2), written)
    if (isAddress(host)) throw new Error(`"${printable(written)}": there is nothing below an IP address`)
    return { kind: 'below', host, port, text: withPort(`*.${host}`, port) }
  }
  const host = domain(name, written)
  return { kind: 'exact', host, port, text: withPort(host.includes(':') ? `[${host}]` : host, port) }
}

/** @param host as the connection was made to; case and one trailing dot do not matter (curl CVE-2023-46218 compared case-sensitively). */
export function matchesHost(pattern: HostPattern, host: string, port: number): boolean {
  if (pattern.port !== undefined && pattern.port !== port) return false
  if (pattern.kind === 'any') return true
  const name = foldHost(host)
  if (pattern.kind === 'exact') return name === pattern.host
  // The dot is compared too: without it notexample.com would be "below" example.com.
  return name.length > pattern.host.length + 1 && name.endsWith(`.${pattern.host}`)
}

/** Larger is more specific: a host before any wildcard, a longer suffix before a shorter one, with a port before without. */
export function specificity(pattern: HostPattern): number {
  const port = pattern.port === undefined ? 0 : 1
  if (pattern.kind === 'any') return port
  if (pattern.kind === 'below') return pattern.host.length * 2 + port
  // A host name has at most 253 characters, so no suffix reaches this.
  return 1000 + port
}

/** The most specific of the patterns that match, the first of equals. */
export function bestMatch(
  patterns: readonly HostPattern[],
  host: string,
  port: number,
): HostPattern | undefined {
  let best: HostPattern | undefined
  for (const pattern of patterns) {
    if (!matchesHost(pattern, host, port)) continue
    if (best === undefined || specificity(pattern) > specificity(best)) best = pattern
  }
  return best
}

/** Lower case, without the one trailing dot of a fully qualified name; `example.com..` is no such name. Folding twice changes nothing. */
export function foldHost(host: string): string {
  const lower = host.toLowerCase()
  return lower.endsWith('.') && !lower.endsWith('..') ? lower.slice(0, -1) : lower
}

function splitPort(written: string): { name: string; port: number | undefined } {
  // A bare IPv6 address has several colons and no port.
  if (!written.startsWith('[') && written.split(':').length > 2) return { name: written, port: undefined }
  const match = /^(.*?)(?::(\d*))?$/s.exec(written)
  const bracket = /^\[([^\]]*)\](?::(\d*))?$/.exec(written)
  const [, name = '', digits] = bracket ?? match ?? []
  if (written.startsWith('[') && bracket === null)
    throw new Error(`"${printable(written)}" is not a host or [IPv6]:port`)
  if (name.includes(':') && bracket === null)
    throw new Error(`"${printable(written)}": the port is not a number`)
  if (digits === undefined) return { name: bracket ? `[${name}]` : name, port: undefined }
  const port = Number(digits)
  if (digits === '' || port < 1 || port > 65535)
    throw new Error(`"${printable(written)}": a port is a number from 1 to 65535`)
  return { name: bracket ? `[${name}]` : name, port }
}

function domain(name: string, written: string): string {
  const said = printable(written)
  if (name.includes('*')) throw new Error(`"${said}": a wildcard is a whole "*." in front, or "*" alone`)
  // Two parsers must read one name: a pattern never contains a character at which a URL parser cuts, or that it decodes.
  if (/[\s\0-\x20\x7f@\\%?#<>^|]/.test(name))
    throw new Error(`"${said}" contains a character that a host name cannot contain`)
  const bare = foldHost(name.startsWith('[') ? name.slice(1, -1) : name)
  const v6 = name.startsWith('[') || bare.includes(':')
  const host = URL.parse(`http://${v6 ? `[${bare}]` : bare}/`)?.hostname
  if (host === undefined || host === '') throw new Error(`"${said}" is not a host name`)
  if (v6) return host.slice(1, -1)
  const labels = host.split('.')
  if (numericLabel.test(labels.at(-1) ?? '') && host !== bare)
    throw new Error(`"${said}" is an odd spelling of ${host}; write that`)
  if (!isHostName(host)) throw new Error(`"${said}" is not a host name`)
  return host
}

/** @param host lower case, without a trailing dot; international names in Punycode */
export function isHostName(host: string): boolean {
  return host.length <= 253 && host.split('.').every((part) => part.length <= 63 && label.test(part))
}

function isAddress(host: string): boolean {
  return host.includes(':') || numericLabel.test(host.slice(host.lastIndexOf('.') + 1))
}

function withPort(host: string, port: number | undefined): string {
  return port === undefined ? host : `${host}:${port}`
}

/** A message is one line on a terminal: no control characters (terminal escapes) and not a page long. */
function printable(text: string): string {
  return text.replace(/[\0-\x1f\x7f-\x9f]/g, '?').slice(0, 100)
}
