/** A method is seldom longer than VERSION-CONTROL; what has no blank by then is no request line. */
const longestMethod = 24

/**
 * What is spoken, by the first bytes: a TLS record begins with 0x16 (handshake), an HTTP/1 request with a token and a
 * blank. Undefined while it may still become either.
 */
export function sniff(bytes: Buffer): 'tls' | 'http' | 'other' | undefined {
  if (bytes.length === 0) return undefined
  if (bytes[0] === 0x16) return 'tls'
  const text = bytes.toString('latin1', 0, longestMethod + 1)
  if (/^(?:\r\n?)*$/.test(text)) return text.length > 8 ? 'other' : undefined
  const match = /^(?:\r\n)*[!#$%&'*+.^_`|~0-9A-Za-z-]+( ?)/.exec(text)
  if (match === null) return 'other'
  if (match[1] === ' ') return 'http'
  return match[0].length === text.length && text.length <= longestMethod ? undefined : 'other'
}
