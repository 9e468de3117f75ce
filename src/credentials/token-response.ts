import { fieldOf, type JsonObject } from '../json.ts'
import { jwtLifeMs, type StatedEnd, statedEnd } from './token-life.ts'

/** The tokens of one answer of a token endpoint. Times are ms since the epoch by our clock. */
export interface TokenSet {
  /** Empty when only a refresh token was given: the first use obtains one. */
  readonly accessToken: string
  readonly refreshToken?: string | undefined
  readonly scope?: string | undefined
  readonly receivedAt: number
  /** Absent: nobody said; the origin's 401 will. */
  readonly expiresAt?: number | undefined
}

/** The usable fields of a token response (RFC 6749 section 5.1) in any spelling. */
export interface TokenFields extends StatedEnd {
  readonly accessToken: string
  readonly refreshToken?: string
  readonly scope?: string
  /** The names of the fields that are not usable. */
  readonly ignored: readonly string[]
}

const word = /^[\x21-\x7e]+$/
/** Apigee says BearerToken. */
const bearerTypes = ['bearer', 'bearertoken']

/**
 * Reads a token response, also from a file or from a person. A field that is not usable is left out; only the access token must
 * be there. undefined for tokens that cannot be sent as bearer tokens.
 */
export function tokenFieldsOf(response: JsonObject): TokenFields | undefined {
  // The registries of containers and the apps of GitHub say `token`.
  const accessToken = bearerWord(fieldOf(response, ['access_token', 'token']))
  if (accessToken === undefined || !isBearer(fieldOf(response, ['token_type']))) return undefined
  const refreshToken = fieldOf(response, ['refresh_token'])
  const said = fieldOf(response, ['scope', 'scopes'])
  const scope = Array.isArray(said) ? said.join(' ') : said
  const { unreadable, ...end } = statedEnd(response)
  const ignored = [
    ...(unreadable === undefined ? [] : [unreadable]),
    ...(refreshToken === undefined || isRefreshToken(refreshToken) ? [] : ['refresh_token']),
    ...(scope === undefined || typeof scope === 'string' ? [] : ['scope']),
  ]
  return {
    accessToken,
    ...(isRefreshToken(refreshToken) && { refreshToken }),
    ...(typeof scope === 'string' && { scope }),
    ...end,
    ignored,
  }
}

/**
 * The tokens of a token response; undefined when it has none. A life counts from receipt, by our clock. A stated end counts as it
 * is, since the writer of a file has our clock.
 */
export function tokenSetOf(response: JsonObject, receivedAt: number): TokenSet | undefined {
  const fields = tokenFieldsOf(response)
  if (fields === undefined) return undefined
  const { accessToken, refreshToken, scope, endsAt, lifeMs = jwtLifeMs(accessToken) } = fields
  const expiresAt = endsAt ?? (lifeMs === undefined ? undefined : receivedAt + lifeMs)
  return {
    accessToken,
    ...(refreshToken !== undefined && { refreshToken }),
    ...(scope !== undefined && { scope }),
    receivedAt,
    ...(expiresAt !== undefined && { expiresAt }),
  }
}

/** RFC 6749 appendix A.17: printable ASCII. */
export function isRefreshToken(value: unknown): value is string {
  return typeof value === 'string' && /^[\x20-\x7e]+$/.test(value)
}

/** The word after `Authorization: Bearer`. Some servers send the scheme with it, or a line end. */
function bearerWord(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined
  const text = value.trim().replace(/^bearer +/i, '')
  return word.test(text) ? text : undefined
}

/**
 * Servers that send no type mean a bearer token. Attack: a token of another type (mac, DPoP) is bound to a key, and sent as a bearer
 * token it would be given away for nothing.
 */
function isBearer(type: unknown): boolean {
  if (type === undefined) return true
  return typeof type === 'string' && bearerTypes.includes(type.trim().toLowerCase())
}
