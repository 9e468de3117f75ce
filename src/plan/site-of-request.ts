import type { SiteContext } from '../cookies/cookie.ts'
import { siteOf } from '../cookies/site.ts'
import type { RequestHead } from '../http1/request-head.ts'
import { bestMatch, foldHost } from '../rules/host-pattern.ts'
import { decidingRule, type Rule } from '../rules/rule.ts'

/** Methods whose cross-site navigation carries SameSite=Lax cookies (RFC 6265bis, 5.6.7.1). */
const safe = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE'])

/** Sec-Fetch-Site of a page of this site, and of the user's own doing, such as the address bar. */
const ownSites: ReadonlySet<string> = new Set(['same-origin', 'same-site', 'none'])

/** The destination of a request. */
interface Target {
  readonly scheme: 'https' | 'http'
  /** IPv6 without brackets. */
  readonly host: string
  readonly port: number
}

/**
 * A tool's request counts as same-site. Browsers say what theirs is (Fetch Metadata), but not in a WebSocket handshake, and old
 * ones never. Then the page is judged by its Origin, or by its Referer where there is no Origin. Attack: a page of another
 * site opens `wss://bank.example` as the user (cross-site WebSocket hijacking).
 * @param rules the rule of the target can trust pages of other sites (`trustOrigins`), in a request without Fetch Metadata
 */
export function siteOfRequest(head: RequestHead, target: Target, rules: readonly Rule[]): SiteContext {
  const fetchSites: string[] = []
  let mode: string | undefined
  let fetchedFor = 'document'
  const origins: string[] = []
  const referers: string[] = []
  for (const { lower, value } of head.fields) {
    if (lower === 'sec-fetch-site') fetchSites.push(value.toLowerCase())
    else if (lower === 'sec-fetch-mode') mode = value.toLowerCase()
    else if (lower === 'sec-fetch-dest') fetchedFor = value.toLowerCase()
    else if (lower === 'origin') origins.push(value)
    else if (lower === 'referer') referers.push(value)
  }
  if (fetchSites.length > 0) {
    // A browser says one word. Several, on one line or more, say nothing that can be trusted.
    const [site = ''] = fetchSites.length === 1 ? fetchSites : []
    if (ownSites.has(site)) return 'same-site'
    // Not in a frame: only the address bar shows the user a page of this site.
    const followed = site === 'cross-site' && mode === 'navigate' && fetchedFor === 'document'
    return followed && safe.has(head.method) ? 'cross-site-navigation' : 'cross-site'
  }
  const pages = origins.length > 0 ? origins : referers
  if (pages.length === 0) return 'same-site'
  // A browser sends one. Of several, a server may read another than hallpass.
  const [page] = pages.length === 1 ? pages : []
  return siteOfPage(page, target, rules)
}

/** The site of a request that a page makes without Fetch Metadata. `page`: its origin or URL. */
export function siteOfPage(page: string | undefined, target: Target, rules: readonly Rule[]): SiteContext {
  return isTrusted(page, target, rules) ? 'same-site' : 'cross-site'
}

/** @param page an origin or a URL; `null` and everything that is no web address is foreign */
function isTrusted(page: string | undefined, target: Target, rules: readonly Rule[]): boolean {
  const url = page === undefined ? null : URL.parse(page)
  const scheme = url === null ? undefined : schemes.get(url.protocol)
  const host = foldHost((url?.hostname ?? '').replace(/^\[(.*)\]$/, '$1'))
  if (scheme === target.scheme && siteOf(host) === siteOf(target.host)) return true
  const trusted = decidingRule(rules, foldHost(target.host), target.port)?.rule.trustOrigins
  if (trusted === undefined) return false
  if (url === null || scheme === undefined) return trusted.some(({ text }) => text === '*')
  const port = url.port === '' ? (scheme === 'https' ? 443 : 80) : Number(url.port)
  return bestMatch(trusted, host, port) !== undefined
}

/** Same-site includes the scheme, as browsers have it ("schemeful same-site"). */
const schemes: ReadonlyMap<string, Target['scheme']> = new Map([
  ['https:', 'https'],
  ['wss:', 'https'],
  ['http:', 'http'],
  ['ws:', 'http'],
])
