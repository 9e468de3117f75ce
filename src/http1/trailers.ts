import { connectionTokens, hopByHop } from './connection-fields.ts'
import { type FieldLine, parseFieldLines } from './field-line.ts'
import { headLimits } from './limits.ts'

/**
 * What has no meaning behind a body, or a wrong one (RFC 9110, 6.5.1): framing, routing, authentication, cookies. Whoever
 * merges trailers into the head would take them for real, and a cookie set there would go past the jar.
 */
const neverInTrailers: ReadonlySet<string> = new Set([
  'content-length',
  'transfer-encoding',
  'trailer',
  'host',
  'cookie',
  'set-cookie',
  'set-cookie2',
  'clear-site-data',
  'authorization',
  'www-authenticate',
  'authentication-info',
  'expect',
])

/** Parses the lines between the last chunk and the empty line; fields that must not be there are dropped. */
export function parseTrailers(text: string): FieldLine[] {
  const fields = parseFieldLines(text, 0, headLimits.fields)
  const named = connectionTokens(fields)
  return fields.filter(
    ({ lower }) => !neverInTrailers.has(lower) && !hopByHop.has(lower) && !named.has(lower),
  )
}
