import type { OAuth2Value } from '../../credentials/oauth2.ts'
import { type TokenSet, tokenFieldsOf, tokenSetOf } from '../../credentials/token-response.ts'
import { fieldOf, isObject, type JsonObject, parseJsonObject } from '../../json.ts'
import type { Fault, ForeignValue } from './foreign-value.ts'

/** The files of tools nest one or two levels deep. */
const maxDepth = 5
/** The hint names so many places. */
const maxPlaces = 5

/** The tokens in the file of another tool. */
export function tokensInText(
  text: string,
  path: string | undefined,
  writtenAt: number,
): ForeignValue | Fault {
  const json = parseJsonObject(text)
  if (json === undefined)
    return { fault: 'contains no bearer token: it is empty or not whole JSON', passing: 'unreadable' }
  const tokens = tokensIn(json, path, writtenAt)
  if (tokens !== undefined)
    return { secret: { tokens, refreshes: 0 } satisfies OAuth2Value, expiresAt: tokens.expiresAt }
  // Whole JSON without a token: the tool has signed out.
  const where = path === undefined ? 'no usable access_token in its JSON' : `nothing usable at ${path}`
  return { fault: `contains no bearer token: ${where}`, passing: false, places: likelyPlaces(json) }
}

/**
 * The tokens in the JSON of a file.
 * @param path where: `$.claudeAiOauth`, or a text such as `auth.token`. Without it, the first object that has an access token
 */
export function tokensIn(
  json: JsonObject,
  path: string | undefined,
  receivedAt: number,
): TokenSet | undefined {
  if (path === undefined) return firstTokens(json, receivedAt)
  const names = path
    .replace(/^\$\.?/, '')
    .split('.')
    .filter((name) => name !== '')
  let beside: unknown
  let found: unknown = json
  for (const name of names) {
    beside = found
    found = memberOf(found, name)
  }
  if (typeof found !== 'string') return firstTokens(found, receivedAt)
  // The end of the token and its scope stand beside it.
  return tokenSetOf({ ...(isObject(beside) ? beside : {}), access_token: found }, receivedAt)
}

/** The places of texts that may be a token, by their names, for a person who names one with `--path`. */
function likelyPlaces(json: JsonObject): readonly string[] {
  return placesIn(json, '$').slice(0, maxPlaces)
}

function firstTokens(value: unknown, receivedAt: number, depth = 0): TokenSet | undefined {
  if (typeof value !== 'object' || value === null || depth > maxDepth) return undefined
  // Further inside, `token` may be a token for something else.
  const has = isObject(value) && fieldOf(value, depth === 0 ? ['access_token', 'token'] : ['access_token'])
  if (isObject(value) && typeof has === 'string') return tokenSetOf(value, receivedAt)
  for (const part of Object.values(value)) {
    const found = firstTokens(part, receivedAt, depth + 1)
    if (found !== undefined) return found
  }
  return undefined
}

function placesIn(value: unknown, path: string, depth = 0): string[] {
  if (typeof value !== 'object' || value === null || depth > maxDepth) return []
  return Object.entries(value).flatMap(([name, part]: [string, unknown]) => {
    // A path cannot say every name, and these go to a terminal.
    if (!/^[\w-]+$/.test(name)) return []
    const place = `${path}.${name}`
    if (typeof part !== 'string') return placesIn(part, place, depth + 1)
    const likely = /token|key|secret|bearer|credential|jwt/i.test(name) && !/refresh|^id_?token$/i.test(name)
    return likely && tokenFieldsOf({ access_token: part }) !== undefined ? [place] : []
  })
}

/** Own names alone: a path may say `constructor`. */
function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
  return (value as Readonly<Record<string, unknown>>)[name]
}
