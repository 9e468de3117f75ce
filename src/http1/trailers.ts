import { connectionTokens, hopByHop } from './connection-fields.ts'
import { type FieldLine, parseFieldLines } from './field-line.ts'
import { framingFields } from './framing.ts'
import { Http1Error } from './http1-error.ts'
import { headLimits, responseHeadLimits } from './limits.ts'
import { mendFieldLines, splitLines } from './mend-fields.ts'
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
export function parseTrailers(text: string, maxFields: number = headLimits.fields): FieldLine[] {
  const fields = parseFieldLines(text, 0, maxFields)
  // RFC 9110, 6.5.1: a length that comes behind the body. Nobody sends one but to see who believes it.
  if (fields.some(({ lower }) => framingFields.has(lower)))
    throw new Http1Error('there is a length in the trailers')
  return allowed(fields)
}

/** The trailers of a response that the strict parser refuses. What curl and Chromium ignore is left out, a length too. */
export function mendTrailers(text: string): FieldLine[] {
  const repairs = new Set<string>()
  const lines = splitLines(text, repairs)
  const first = lines.findIndex((line) => !/^[\t ]/.test(line))
  const unfolded = first < 0 ? [] : lines.slice(first)
  const fields = parseFieldLines(mendFieldLines(unfolded, repairs), 0, responseHeadLimits.fields)
  return allowed(fields.filter(({ lower }) => !framingFields.has(lower)))
}

function allowed(fields: readonly FieldLine[]): FieldLine[] {
  const named = connectionTokens(fields)
  return fields.filter(
    ({ lower }) =>
      !neverInTrailers.has(lower) &&
      !hopByHop.has(lower) &&
      !named.has(lower) &&
      reroutingField(lower) === undefined,
  )
}
