import { fieldOf, type JsonObject, parseJsonObject } from '../json.ts'

/** The end of time of a Date. */
export const maxTimeMs = 8.64e15
/** Longer is "for ever", and a Date has an end. */
const maxLifeMs = 10 * 366 * 86_400_000

/** Facebook says `expires`, Lark `expire`. */
const lifeNames = ['expires_in', 'access_token_expires_in', 'expire_in', 'expires', 'expire']
/** Azure says `expires_on`, Google's libraries `expiry_date` and `expiry`, AWS SSO and Claude Code `expiresAt`, gcloud `token_expiry`. */
const endNames = [
  'expires_at',
  'expires_on',
  'expiry',
  'expiry_date',
  'expiration',
  'access_token_expires_at',
  'token_expiry',
  'expire_time',
  'expires',
]
/** From here on a number is a time, in seconds since the epoch (2001), and below it a life (31 years). */
const firstTimeSeconds = 1e9
/** From here on it is in milliseconds (1973). */
const firstTimeMs = 1e11

/** The end of a token as a foreign object states it. */
export interface StatedEnd {
  readonly lifeMs?: number
  /** In ms since the epoch, by the clock of the writer. */
  readonly endsAt?: number
  /** The name of RFC 6749 for a statement that is not readable. */
  readonly unreadable?: 'expires_in'
}

/** Reads the life, or the end, that a token response or a token file states. */
export function statedEnd(json: JsonObject): StatedEnd {
  const life = fieldOf(json, lifeNames)
  const end = fieldOf(json, endNames)
  const seconds = secondsIn(life)
  const usable =
    seconds !== undefined && (fieldOf(json, ['expires_in']) !== undefined || seconds < firstTimeSeconds)
  const lifeMs = usable ? lifeOf(seconds) : undefined
  const endsAt = timeIn(end)
  const unreadable = (life ?? end) !== undefined && lifeMs === undefined && endsAt === undefined
  return {
    ...(lifeMs !== undefined && { lifeMs }),
    ...(endsAt !== undefined && { endsAt }),
    ...(unreadable && { unreadable: 'expires_in' }),
  }
}

/** exp − iat of a JWT: its life does not depend on the clock of the server or on ours. */
export function jwtLifeMs(token: string): number | undefined {
  const { exp, iat } = jwtClaims(token) ?? {}
  return typeof exp === 'number' && typeof iat === 'number' ? lifeOf(exp - iat) : undefined
}

/** `exp` of a JWT (RFC 7519 section 4.1.4) in ms since the epoch, by the clock of the server. */
export function jwtEndsAt(token: string): number | undefined {
  const exp = jwtClaims(token)?.exp
  return typeof exp === 'number' && exp > 0 && exp * 1000 <= maxTimeMs ? exp * 1000 : undefined
}

/** The claims of a JWT (RFC 7519), unverified; undefined when the text is not a JWT. */
function jwtClaims(token: string): JsonObject | undefined {
  const [, payload, signature] = token.split('.')
  if (payload === undefined || signature === undefined) return undefined
  return parseJsonObject(Buffer.from(payload, 'base64url').toString('utf8'))
}

/** Nothing for a life of no length: it would have every request refresh. */
export function lifeOf(seconds: number): number | undefined {
  return seconds >= 1 ? Math.min(seconds * 1000, maxLifeMs) : undefined
}

/** A number of seconds. Some servers send the number as a text. */
export function secondsIn(value: unknown): number | undefined {
  const seconds = typeof value === 'string' && /^\s*\d+(?:\.\d*)?\s*$/.test(value) ? Number(value) : value
  return typeof seconds === 'number' && Number.isFinite(seconds) ? seconds : undefined
}

/** A time in ms since the epoch, from seconds or milliseconds since the epoch, or from a date. AWS writes `…T21:46:24UTC`. */
function timeIn(value: unknown): number | undefined {
  const number = secondsIn(value)
  if (number !== undefined) {
    if (number < firstTimeSeconds) return undefined
    const at = number < firstTimeMs ? number * 1000 : number
    return Number.isNaN(new Date(at).getTime()) ? undefined : at
  }
  if (typeof value !== 'string') return undefined
  const at = Date.parse(value.trim().replace(/(\d)\s*UTC$/, '$1Z'))
  // Programs in Go write `0001-01-01T00:00:00Z` for no end.
  return at >= firstTimeSeconds * 1000 ? at : undefined
}
