import { defaultPath, pathMatch } from 'tough-cookie'
import type { Cookie, RequestUrl, SiteContext } from './cookie.ts'
import { maxAgeMs, pairFlaw, type SetCookie, textFlaw, trimBlank } from './set-cookie.ts'
import { hostMatches, isAddress, isHostName, isPublicSuffix, isSecure } from './site.ts'

export interface SetContext {
  readonly url: RequestUrl
  readonly now: number
  /** Of the request that the line answers; `same-site` when absent. */
  readonly site?: SiteContext
}

export type Admission = { readonly cookie: Cookie } | { readonly refused: string }

/** RFC 6265bis 5.7 up to the store: whether this host may set this cookie on this connection, and the cookie that results. */
export function admit(said: SetCookie, context: SetContext): Admission {
  const { url, now } = context
  const scope = scopeOf(said.domain, url.host)
  if ('refused' in scope) return scope
  // A URL path is ASCII: such a cookie could go nowhere. Browsers drop it rather than fall back to another path.
  if (said.path !== undefined && /[^\x00-\x7f]/.test(said.path))
    return { refused: 'a path that is not ASCII' }
  const cookie: Cookie = {
    name: said.name,
    value: said.value,
    ...scope,
    path: said.path ?? defaultPath(url.path),
    secure: said.secure,
    httpOnly: said.httpOnly,
    sameSite: said.sameSite,
    ...(said.partitioned ? { partitioned: true } : {}),
    ...(said.expiresAt === undefined ? {} : { expiresAt: said.expiresAt }),
    createdAt: now,
    updatedAt: now,
  }
  const refused =
    shapeFlaw(cookie) ?? contextFlaw(cookie, context) ?? ruleFlaw(cookie, said.path !== undefined)
  return refused === undefined ? { cookie } : { refused }
}

/** The same gate for a cookie that comes ready made (typed by the user, imported): nothing gets in that no server could have set. */
export function admitReady(given: Cookie, now: number): Admission {
  const { partitioned, expiresAt, ...rest } = given
  const cookie: Cookie = {
    ...rest,
    ...(partitioned ? { partitioned } : {}),
    ...(expiresAt === undefined ? {} : { expiresAt: Math.min(expiresAt, now + maxAgeMs) }),
    updatedAt: now,
  }
  const refused = shapeFlaw(cookie) ?? suffixFlaw(cookie) ?? ruleFlaw(cookie, true)
  return refused === undefined ? { cookie } : { refused }
}

/**
 * The flaw of a cookie that no jar may hold. It is checked before a cookie is stored and again when a record is read, so that a jar
 * never stores a cookie that it cannot read again. A `;` in a value would become a second cookie on the wire, and
 * blanks around it would be gone at the server.
 */
export function shapeFlaw(cookie: Cookie): string | undefined {
  for (const part of ['name', 'value', 'path'] as const) {
    const flaw = textFlaw(cookie[part])
    if (flaw !== undefined) return `${flaw} in the ${part}`
  }
  for (const part of ['name', 'value'] as const) {
    if (cookie[part].includes(';')) return `a semicolon in the ${part}`
    if (trimBlank(cookie[part]) !== cookie[part]) return `blanks around the ${part}`
  }
  if (cookie.name.includes('=')) return 'an equals sign in the name'
  if (!cookie.path.startsWith('/')) return 'a path that does not start with /'
  if (!isHostName(cookie.domain)) return 'the domain is not a host name'
  if (!cookie.hostOnly && isAddress(cookie.domain)) return 'a domain cookie for an address'
  const times = [cookie.createdAt, cookie.updatedAt, cookie.expiresAt ?? 0]
  if (!times.every(Number.isFinite)) return 'a time is not a number'
  return pairFlaw(cookie.name, cookie.value)
}

/** RFC 6265bis 5.7 step 16: the live Secure cookie that a plain-http line would overwrite, shadow or delete. */
export function guardedBy(cookie: Cookie, existing: Cookie): boolean {
  return (
    existing.secure &&
    existing.name === cookie.name &&
    (hostMatches(existing.domain, cookie.domain) || hostMatches(cookie.domain, existing.domain)) &&
    pathMatch(cookie.path, existing.path)
  )
}

function suffixFlaw(cookie: Cookie): string | undefined {
  return !cookie.hostOnly && isPublicSuffix(cookie.domain)
    ? `domain ${cookie.domain} is a public suffix`
    : undefined
}

/**
 * RFC 6265bis 5.7 steps 7 to 10, as browsers have them: an address may only name itself, without a leading dot, and a public
 * suffix (any single label too) only the host itself; either way the cookie is host-only.
 */
function scopeOf(
  attribute: string | undefined,
  host: string,
): { readonly domain: string; readonly hostOnly: boolean } | { readonly refused: string } {
  const itself = { domain: host, hostOnly: true }
  if (attribute === undefined) return itself
  if (isAddress(host)) {
    return attribute === host || attribute === `[${host}]` ? itself : { refused: 'a domain for an address' }
  }
  const domain = attribute.replace(/^\./, '')
  if (isPublicSuffix(domain)) {
    return domain === host ? itself : { refused: 'the domain is a public suffix or not a host name' }
  }
  return hostMatches(host, domain)
    ? { domain, hostOnly: false }
    : { refused: 'the domain is not of this host' }
}

/** RFC 6265bis 5.7 steps 13 and 18: the limits that the connection and the origin of the request set. */
function contextFlaw(cookie: Cookie, { url, site }: SetContext): string | undefined {
  if (cookie.secure && !isSecure(url)) return 'Secure, but set over http'
  if (site !== 'cross-site') return undefined
  if (cookie.sameSite !== 'none') return 'not SameSite=None, but set in a cross-site request'
  // Its partition would be that of the site that made the request, which is not known here.
  return cookie.partitioned ? 'Partitioned, and set in a cross-site request' : undefined
}

/** The rules about attributes that hang together (RFC 6265bis 5.7 steps 19 to 22; the Http prefixes of its successor; CHIPS). */
function ruleFlaw(cookie: Cookie, pathGiven: boolean): string | undefined {
  if (cookie.sameSite === 'none' && !cookie.secure) return 'SameSite=None without Secure'
  if (cookie.partitioned && !cookie.secure) return 'Partitioned without Secure'
  // In any letter case, because servers exist that compare names without it and would take the impostor for the real one.
  const name = cookie.name.toLowerCase()
  const hostLocked = cookie.secure && cookie.hostOnly && cookie.path === '/' && pathGiven
  if (name.startsWith('__secure-') && !cookie.secure) return '__Secure- without Secure'
  if (name.startsWith('__http-') && !(cookie.secure && cookie.httpOnly))
    return '__Http- without Secure and HttpOnly'
  if (name.startsWith('__host-') && !hostLocked) return '__Host- without Secure, Path=/ and no Domain'
  if (name.startsWith('__host-http-') && !cookie.httpOnly) return '__Host-Http- without HttpOnly'
  // A nameless cookie goes out as its value alone: `=__Host-sid=evil` would read as a named one.
  if (name === '' && /^__(secure|host|http)-/i.test(cookie.value))
    return 'a nameless cookie posing as a prefixed one'
  return undefined
}
