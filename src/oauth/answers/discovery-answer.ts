import { fieldOf, type JsonObject } from '../../json.ts'
import type { ConformingAnswer } from './token-answer.ts'
import { wholeUrl } from './whole-url.ts'

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
  // RFC 9207, against mix-up attacks. Only a clear no turns the check off, because a server that announces the parameter sends it.
  take('authorization_response_iss_parameter_supported', (value) => !denials.has(lowerCase(value)))
  const usable = Object.entries({ ...document, ...read }).filter(
    ([, value]) => value !== undefined && value !== null,
  )
  return { answer: Object.fromEntries(usable), ignored }
}

const denials: ReadonlySet<unknown> = new Set([false, 0, 'false', 'no', '0'])

function lowerCase(value: unknown): unknown {
  return typeof value === 'string' ? value.trim().toLowerCase() : value
}

function endpoint(value: unknown, url: URL): string | undefined {
  if (typeof value !== 'string') return undefined
  const whole = wholeUrl(value, url)
  return URL.canParse(whole) ? whole : undefined
}

/** A list of words, also of words in one text with blanks; undefined without a word. */
function words(value: unknown): readonly string[] | undefined {
  const list = typeof value === 'string' ? value.split(/\s+/) : value
  if (!Array.isArray(list)) return undefined
  const found = list.filter((word): word is string => typeof word === 'string' && word !== '')
  return found.length > 0 ? found : undefined
}
