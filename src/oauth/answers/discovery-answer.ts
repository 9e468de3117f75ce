import { fieldOf, type JsonObject } from '../../json.ts'
import type { ConformingAnswer } from './token-answer.ts'

const endpoints = ['authorization_endpoint', 'token_endpoint', 'device_authorization_endpoint'] as const

/**
 * A discovery document in the form of RFC 8414 section 2: each field that hallpass or openid-client reads is left out if it has
 * another type. The issuer stays as it is, because it is compared.
 */
export function conformingDiscovery(document: JsonObject, url: URL): ConformingAnswer {
  const read: Record<string, unknown> = {}
  const ignored: string[] = []
  const take = (name: string, usable: (value: unknown) => unknown) => {
    const value = fieldOf(document, [name])
    const taken = value === undefined ? undefined : usable(value)
    read[name] = taken
    if (value !== undefined && taken === undefined) ignored.push(name)
  }
  for (const name of endpoints) take(name, (value) => endpoint(value, url))
  take('scopes_supported', words)
  // Signatures of ID tokens: without a usable list openid-client expects RS256.
  take('id_token_signing_alg_values_supported', words)
  // RFC 9207. A text counts, since a server that announces the parameter must send it.
  take('authorization_response_iss_parameter_supported', (value) =>
    value === true || value === 'true' ? true : value === false || value === 'false' ? false : undefined,
  )
  const usable = Object.entries({ ...document, ...read }).filter(
    ([, value]) => value !== undefined && value !== null,
  )
  return { answer: Object.fromEntries(usable), ignored }
}

/** An absolute URL, also of an endpoint that is given as a path. */
function endpoint(value: unknown, url: URL): string | undefined {
  if (typeof value !== 'string') return undefined
  const whole = /^\/(?!\/)/.test(value) ? new URL(value, url).href : value
  return URL.canParse(whole) ? whole : undefined
}

/** A list of words, also of words in one text with blanks. */
function words(value: unknown): readonly string[] | undefined {
  const list = typeof value === 'string' ? value.split(/\s+/) : value
  if (!Array.isArray(list)) return undefined
  return list.filter((word): word is string => typeof word === 'string' && word !== '')
}
