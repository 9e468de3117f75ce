import { type JsonObject, parseJsonObject } from '../json.ts'

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

/** Longer is "for ever", and a Date has an end. */
const maxLifeMs = 10 * 366 * 86_400_000

const word = /^[\x21-\x7e]+$/

/**
 * The answer of a token endpoint (RFC 6749 section 5.1), also from a file or from a person; undefined when it is not a token response.
 * Times count from receipt, by our clock: a server's idea of the time, compared with ours, would have a machine whose clock
 * is wrong refresh with every request, or never.
 */
export function tokenSetOf(response: JsonObject, receivedAt: number): TokenSet | undefined {
  const { access_token: accessToken, refresh_token: refreshToken, scope, token_type: type } = response
  if (typeof accessToken !== 'string' || !word.test(accessToken)) return undefined
  // Another type (mac, DPoP) sent as a bearer token would be given away for nothing.
  if (type !== undefined && (typeof type !== 'string' || type.toLowerCase() !== 'bearer')) return undefined
  if (refreshToken !== undefined && !isRefreshToken(refreshToken)) return undefined
  const lifeMs = secondsToMs(response.expires_in) ?? jwtLifeMs(accessToken)
  return {
    accessToken,
    ...(refreshToken !== undefined && { refreshToken }),
    ...(typeof scope === 'string' && { scope }),
    receivedAt,
    ...(lifeMs !== undefined && { expiresAt: receivedAt + lifeMs }),
  }
}

/** RFC 6749 appendix A.17: printable ASCII. */
export function isRefreshToken(value: unknown): value is string {
  return typeof value === 'string' && /^[\x20-\x7e]+$/.test(value)
}

/** exp − iat of a JWT: its life does not depend on the clock of the server or on ours. */
function jwtLifeMs(token: string): number | undefined {
  const { exp, iat } = jwtClaims(token) ?? {}
  return typeof exp === 'number' && typeof iat === 'number' ? secondsToMs(exp - iat) : undefined
}

/** The claims of a JWT (RFC 7519), unverified; undefined when the text is not a JWT. */
export function jwtClaims(token: string): JsonObject | undefined {
  const [, payload, signature] = token.split('.')
  if (payload === undefined || signature === undefined) return undefined
  return parseJsonObject(Buffer.from(payload, 'base64url').toString('utf8'))
}

/** Nothing for a life of no length: it would have every request refresh. Some servers send the number as a text. */
function secondsToMs(value: unknown): number | undefined {
  const seconds = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value
  if (typeof seconds !== 'number' || !(seconds >= 1)) return undefined
  return Math.min(seconds * 1000, maxLifeMs)
}
