import { connectionTokens, hopByHop } from './connection-fields.ts'
import { type FieldLine, parseFieldLines } from './field-line.ts'
import { framingFields } from './framing.ts'
import { Http1Error } from './http1-error.ts'
import { headLimits } from './limits.ts'
import { reroutingField } from './rerouting-field.ts'

/**
 * Fields that have no meaning behind a body, or a wrong one (RFC 9110, 6.5.1): routing, authentication, cookies. A server that
 * merges trailers into the head would take them for real, and a cookie set there would go past the jar.
 */
const neverInTrailers: ReadonlySet<string> = new Set([
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

/** Parses the lines between the last chunk and the empty line; a field that must not be there is dropped. */
export function parseTrailers(text: string): FieldLine[] {
  const fields = parseFieldLines(text, 0, headLimits.fields)
  // RFC 9110, 6.5.1: a length that comes behind the body. Nobody sends one but to see who believes it.
  if (fields.some(({ lower }) => framingFields.has(lower)))
    throw new Http1Error('there is a length in the trailers')
  const named = connectionTokens(fields)
  return fields.filter(
    ({ lower }) =>
      !neverInTrailers.has(lower) &&
      !hopByHop.has(lower) &&
      !named.has(lower) &&
      reroutingField(lower) === undefined,
  )
}
