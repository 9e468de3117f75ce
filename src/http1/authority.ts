export interface Authority {
  /** Lower-case, without trailing dot; an IPv6 address without brackets, in its shortest form. */
  readonly host: string
  /** It is a name with a trailing dot: no search domain completes it (RFC 1034, 3.1). */
  readonly rooted?: true
  /** Absent when none was written. */
  readonly port?: number
}

/** `host` or `[v6]`, then perhaps `:port`; a port without leading zeros, so that there is one spelling of it. */
const shape = /^(?:\[([0-9A-Fa-f:.]{2,45})\]|([0-9A-Za-z._-]{1,254}))(?::([1-9][0-9]{0,4}))?$/

/** Four decimal numbers up to 255, without leading zeros. */
const ipv4 = /^(?:(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])(?:\.(?!$)|$)){4}$/

/** A URL parser reads these as a number, and so as (part of) an IPv4 address: decimal, octal, hexadecimal. */
const numericLabel = /^(?:[0-9]+|0[xX][0-9A-Fa-f]*)$/

/**
 * Parses `host[:port]` as it stands in a CONNECT target, in Host and in an absolute target (RFC 9110, 4.2 and 7.2).
 * Far stricter than the grammar of RFC 3986: two parsers that read two hosts out of one text send the secret of one to
 * the other. So no userinfo (`a@b`), no escapes (`a%00.b`, IPv6 zones), no `\`, no empty label, no empty port, and no
 * IPv4 address in any but its dotted decimal form (`127.1`, `0x7f000001`, `017700000001`).
 */
export function parseAuthority(text: string): Authority | undefined {
  const known = knownAuthorities.get(text)
  if (known !== undefined) return known
  const authority = parsed(text)
  if (authority !== undefined && knownAuthorities.size < knownAuthoritiesMax) {
    knownAuthorities.set(text, Object.freeze(authority))
  }
  return authority
}

/** A client says the same Host in every request. Bounded: who invents hosts only loses the short cut. */
const knownAuthorities = new Map<string, Authority>()
const knownAuthoritiesMax = 1_000

function parsed(text: string): Authority | undefined {
  const match = shape.exec(text)
  if (match === null) return undefined
  const [, v6, name, digits] = match
  const host = v6 === undefined ? parseName(name ?? '') : parseIPv6(v6)
  if (host === undefined) return undefined
  const authority =
    name?.endsWith('.') === true && !ipv4.test(host) ? { host, rooted: true as const } : { host }
  if (digits === undefined) return authority
  const port = Number(digits)
  return port > 65_535 ? undefined : { ...authority, port }
}

/** One address has many spellings; the URL parser judges them all and writes the one of RFC 5952. */
function parseIPv6(text: string): string | undefined {
  return URL.parse(`http://[${text}]/`)?.hostname.slice(1, -1)
}

function parseName(text: string): string | undefined {
  const host = (text.endsWith('.') ? text.slice(0, -1) : text).toLowerCase()
  if (host.length > 253) return undefined
  const labels = host.split('.')
  // DNS: a label has 1 to 63 octets.
  if (labels.some((label) => label === '' || label.length > 63)) return undefined
  if (numericLabel.test(labels.at(-1) ?? '') && !ipv4.test(host)) return undefined
  return host
}
