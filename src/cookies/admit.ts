import { defaultPath, pathMatch } from 'tough-cookie'
import type { Cookie, RequestUrl, SiteContext } from './cookie.ts'
import { maxAgeMs, pairFlaw, type SetCookie, textFlaw, trimBlank } from './set-cookie.ts'
import { canonicalHost, hostMatches, isAddress, isPublicSuffix, isSecure } from './site.ts'

export interface SetContext {
  readonly url: RequestUrl
  readonly now: number
  /** Of the request that the line answers; `same-site` when absent. */
  readonly site?: SiteContext
}

export type Admission = { readonly cookie: Cookie } | { readonly refused: string }

/** RFC 6265bis 5.7 up to the store: whether this host, on this connection, may set this cookie, and what it then is. */
export function admit(said: SetCookie, context: SetContext): Admission {
  const { url, now, site = 'same-site' } = context
  const scope = scopeOf(said.domain, url.host)
  if ('refused' in scope) return scope
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
  if (cookie.secure && !isSecure(url)) return { refused: 'Secure, but set over http' }
  if (site === 'cross-site' && cookie.sameSite !== 'none') {
    return { refused: 'SameSite, but set in a cross-site request' }
  }
  // The partition would be that of the embedding site, which is not known here.
  if (site === 'cross-site' && cookie.partitioned)
    return { refused: 'Partitioned, and set in a cross-site request' }
  const refused = ruleFlaw(cookie, said.path !== undefined)
  return refused === undefined ? { cookie } : { refused }
}

/** The same gate for a cookie that comes ready made (typed by the user, imported): nothing gets in that no server could have set. */
export function admitReady(given: Cookie, now: number): Admission {
  const refused = shapeFlaw(given) ?? suffixFlaw(given) ?? ruleFlaw(given, true)
  if (refused !== undefined) return { refused }
  const { partitioned, expiresAt, ...rest } = given
  return {
    cookie: {
      ...rest,
      ...(partitioned ? { partitioned } : {}),
      ...(expiresAt === undefined ? {} : { expiresAt: Math.min(expiresAt, now + maxAgeMs) }),
      updatedAt: now,
    },
  }
}

/**
 * What no cookie of a jar can look like, whichever way it came in. A `;` in a value would become a second cookie on the wire,
 * blanks around it would be gone at the server.
 */
export function shapeFlaw(cookie: Cookie): string | undefined {
  const texts: readonly (readonly [what: string, text: string])[] = [
    ['name', cookie.name],
    ['value', cookie.value],
    ['path', cookie.path],
  ]
  for (const [what, text] of texts) {
    const flaw = textFlaw(text)
    if (flaw !== undefined) return `${flaw} in the ${what}`
    if (text.includes(';')) return `a semicolon in the ${what}`
    if (trimBlank(text) !== text) return `blanks around the ${what}`
  }
  if (cookie.name.includes('=')) return 'an equals sign in the name'
  if (!cookie.path.startsWith('/')) return 'a path that does not start with /'
  if (!isHost(cookie.domain)) return 'a domain that is no host name'
  if (!cookie.hostOnly && isAddress(cookie.domain)) return 'a domain cookie for an address'
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

/** RFC 6265bis 5.7 steps 7 to 10, as browsers have them: for an address or a public suffix the host's own name means host-only. */
function scopeOf(
  domain: string | undefined,
  host: string,
): { readonly domain: string; readonly hostOnly: boolean } | { readonly refused: string } {
  if (domain === undefined || domain === '') return { domain: host, hostOnly: true }
  if (isAddress(host) || isPublicSuffix(domain)) {
    return domain === host || domain === `[${host}]`
      ? { domain: host, hostOnly: true }
      : { refused: isAddress(host) ? 'a domain other than the address' : 'the domain is a public suffix' }
  }
  return hostMatches(host, domain)
    ? { domain, hostOnly: false }
    : { refused: 'the domain is not of this host' }
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

function isHost(domain: string): boolean {
  return (
    domain !== '' &&
    domain.length <= 253 &&
    /^[a-z0-9._:-]+$/.test(domain) &&
    canonicalHost(domain) === domain &&
    !/^\.|\.\./.test(domain)
  )
}
