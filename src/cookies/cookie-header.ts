import type { Cookie } from './cookie.ts'
import { splitPair, trimBlank } from './set-cookie.ts'

/** A cookie of the client's own, with the text it had. */
export interface OwnCookie {
  readonly name: string
  readonly value: string
  readonly raw: string
}

/** RFC 6265bis 5.8.3 step 6: the value of a Cookie header; a nameless cookie is its value alone. */
export function cookieHeader(cookies: readonly Pick<Cookie, 'name' | 'value'>[]): string {
  return cookies.map(pair).join('; ')
}

/** The cookies in a client's Cookie header, read as servers read them. */
export function parseCookieHeader(value: string): OwnCookie[] {
  return value
    .split(';')
    .map(trimBlank)
    .filter((raw) => raw !== '')
    .map((raw) => ({ ...splitPair(raw), raw }))
}

/**
 * One Cookie header of the client's own cookies and the jar's, by name. The client's value wins over a cookie that it gets to
 * see (`visible`): it may have read it, and a header that repeats a CSRF cookie must agree with it. The jar's value wins over a cookie that is hidden
 * from the client: the client cannot know that it rotated. A nameless cookie of the client always goes, and so does each of two with one name.
 *
 * Order: first the client's cookies, as it sent them; then the jar's cookies in the RFC's order. Only where one name has both a
 * hidden and a visible cookie does the client's value take the visible one's place among the jar's, because servers read
 * the first of a name as the one with the longest path.
 */
export function mergeCookies(
  own: readonly OwnCookie[],
  jar: readonly Cookie[],
  visible: (cookie: Cookie) => boolean,
): string {
  const hidden = new Set(jar.filter((cookie) => !visible(cookie)).map((cookie) => cookie.name))
  const sent = Map.groupBy(own, (cookie) => cookie.name)
  const first = own.filter((cookie) => cookie.name === '' || !hidden.has(cookie.name))
  const then = jar.flatMap((cookie) => {
    const mine = sent.get(cookie.name)
    if (mine === undefined || !visible(cookie)) return [pair(cookie)]
    if (cookie.name === '' || !hidden.has(cookie.name)) return []
    sent.set(cookie.name, [])
    return mine.map((other) => other.raw)
  })
  return [...first.map((cookie) => cookie.raw), ...then].join('; ')
}

function pair(cookie: Pick<Cookie, 'name' | 'value'>): string {
  return cookie.name === '' ? cookie.value : `${cookie.name}=${cookie.value}`
}
