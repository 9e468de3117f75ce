/** A field name (RFC 9110 section 5.1) that a credential may set. */
export type HeaderName = string

const token = /^[!#$%&'*+.^_`|~\dA-Za-z-]+$/

/**
 * Fields that frame the message, route it or belong to the connection: a credential there would smuggle requests
 * (Content-Length, Transfer-Encoding), change the origin (Host) or fight the jar (Cookie).
 */
const reserved = new Set([
  'connection',
  'content-length',
  'cookie',
  'expect',
  'host',
  'keep-alive',
  'set-cookie',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** @returns why it cannot be one, or undefined */
export function headerNameProblem(name: string): string | undefined {
  if (!token.test(name)) return 'not a header name'
  const lower = name.toLowerCase()
  if (lower === 'cookie') return 'cookies are kept in the jar: hallpass cookie set URL NAME'
  if (reserved.has(lower) || lower.startsWith('proxy-') || lower.startsWith('hallpass-')) {
    return `"${name}" belongs to the connection or to hallpass and cannot carry a credential`
  }
  return undefined
}
