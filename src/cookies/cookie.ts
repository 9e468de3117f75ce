/**
 * A cookie as the jar keeps it (RFC 6265bis 5.7). Strings are latin1: one character stands for one byte of the wire, so that
 * a value of UTF-8 or of any other bytes goes back exactly as it came. A type and not an interface, so that it is plain JSON to the store.
 */
export type Cookie = {
  /** Empty for a nameless cookie. */
  readonly name: string
  readonly value: string
  /** Lower case, no leading and no trailing dot; an IPv6 address without brackets. */
  readonly domain: string
  /** Goes to exactly `domain`; otherwise to the hosts below it too. */
  readonly hostOnly: boolean
  readonly path: string
  readonly secure: boolean
  readonly httpOnly: boolean
  readonly sameSite: SameSite
  readonly partitioned?: boolean
  /** Milliseconds since the epoch; a session cookie has none. */
  readonly expiresAt?: number
  readonly createdAt: number
  readonly updatedAt: number
}

export type SameSite = 'strict' | 'lax' | 'none' | 'default'

export interface RequestUrl {
  readonly scheme: 'https' | 'http'
  /** Lower case, no trailing dot, IPv6 without brackets. */
  readonly host: string
  readonly port: number
  /** As on the wire, without the query. */
  readonly path: string
}

/**
 * Where a request comes from, as SameSite sees it. A tool's own request is `same-site`; `cross-site-navigation` is a top-level
 * navigation with a safe method; `cross-site` is anything else that another site started.
 */
export type SiteContext = 'same-site' | 'cross-site-navigation' | 'cross-site'

/** RFC 6265bis 5.7 step 23, and the partition: two cookies that agree in these are one cookie. */
export function identityOf(
  cookie: Pick<Cookie, 'name' | 'domain' | 'hostOnly' | 'path' | 'partitioned'>,
): string {
  return JSON.stringify([
    cookie.name,
    cookie.domain,
    cookie.hostOnly,
    cookie.path,
    cookie.partitioned === true,
  ])
}

export function isExpired(cookie: Cookie, now: number): boolean {
  return cookie.expiresAt !== undefined && cookie.expiresAt <= now
}
