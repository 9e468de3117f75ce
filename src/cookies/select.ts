import { pathMatch } from 'tough-cookie'
import { ago } from '../ago.ts'
import { type Cookie, isExpired, type RequestUrl, type SiteContext } from './cookie.ts'
import { hostMatches, isPublicSuffix, isSecure, siteOf } from './site.ts'

export interface SelectOptions {
  readonly now: number
  readonly site: SiteContext
}

export interface WithheldCookie {
  readonly cookie: Cookie
  /** For people, as `path /beta` or `expired 3 h ago`. */
  readonly reason: string
}

export interface Selection {
  /** In the order of the Cookie header. */
  readonly attached: readonly Cookie[]
  /** Only cookies of the same site. */
  readonly withheld: readonly WithheldCookie[]
  /** The earliest expiry among the attached; Infinity when none expires. */
  readonly validUntil: number
}

/** RFC 6265bis 5.8.3: the cookies for a request, longest path first and then by age. */
export function selectCookies(cookies: Iterable<Cookie>, url: RequestUrl, options: SelectOptions): Selection {
  const site = siteOf(url.host)
  const attached: Cookie[] = []
  const withheld: WithheldCookie[] = []
  for (const cookie of cookies) {
    const reason = whyWithheld(cookie, url, options)
    if (reason === undefined) attached.push(cookie)
    else if (siteOf(cookie.domain) === site) withheld.push({ cookie, reason })
  }
  attached.sort((a, b) => b.path.length - a.path.length || a.createdAt - b.createdAt)
  const validUntil = Math.min(...attached.map((cookie) => cookie.expiresAt ?? Infinity))
  return { attached, withheld, validUntil }
}

function whyWithheld(cookie: Cookie, url: RequestUrl, options: SelectOptions): string | undefined {
  if (cookie.domain !== url.host) {
    if (cookie.hostOnly) return `host-only ${cookie.domain}`
    if (!hostMatches(url.host, cookie.domain)) return `domain ${cookie.domain}`
  }
  // The list of public suffixes grows: strangers may now share a domain that was one site when the cookie came.
  if (!cookie.hostOnly && isPublicSuffix(cookie.domain)) return `public suffix ${cookie.domain}`
  if (!pathMatch(url.path, cookie.path)) return `path ${cookie.path}`
  if (isExpired(cookie, options.now)) return `expired ${ago(options.now - (cookie.expiresAt ?? 0))}`
  if (cookie.secure && !isSecure(url)) return 'secure: not over http'
  if (options.site === 'same-site') return undefined
  if (options.site === 'cross-site-navigation') {
    return cookie.sameSite === 'strict' ? 'samesite strict: cross-site request' : undefined
  }
  if (cookie.sameSite !== 'none') return `samesite ${cookie.sameSite}: cross-site request`
  // Its partition is this site's own; the request belongs to the partition of the site that made it.
  return cookie.partitioned ? 'partitioned: cross-site request' : undefined
}
