import { type Cookie, isExpired } from '../cookies/cookie.ts'
import { Secret } from '../secret.ts'
import type { Document } from './document.ts'
import { fromWire } from './from-wire.ts'
import { timeOf } from './time-of.ts'

export interface CookieShowing {
  /** With the value. */
  readonly reveal: boolean
  readonly now: number
}

/** A cookie as a part of a document. */
export function cookieFields(cookie: Cookie, { reveal, now }: CookieShowing) {
  return {
    name: fromWire(cookie.name),
    domain: cookie.domain,
    host_only: cookie.hostOnly,
    path: fromWire(cookie.path),
    secure: cookie.secure,
    http_only: cookie.httpOnly,
    same_site: cookie.sameSite,
    present: true,
    expires: timeOf(cookie.expiresAt),
    expired: isExpired(cookie, now),
    fingerprint: new Secret(cookie.value).fingerprint(),
    ...(reveal ? { value: fromWire(cookie.value) } : {}),
  }
}

/** `cookie get`, `cookie set` */
export function cookieDocument(cookie: Cookie, showing: CookieShowing) {
  return { schema: 'hallpass.cookie/1', ...cookieFields(cookie, showing) } as const satisfies Document
}

/** `cookie list` */
export function cookiesDocument(
  session: string,
  site: string | undefined,
  cookies: readonly Cookie[],
  showing: CookieShowing,
) {
  return {
    schema: 'hallpass.cookies/1',
    session,
    site: site ?? null,
    cookies: cookies.map((cookie) => cookieFields(cookie, showing)),
  } as const satisfies Document
}

/** `cookie rm` */
export function removedCookiesDocument(session: string, site: string | undefined, removed: number) {
  return {
    schema: 'hallpass.cookie-rm/1',
    session,
    site: site ?? null,
    removed,
  } as const satisfies Document
}

/** From the top-level domain down, so that the hosts of a site stand together. */
export function byPlace(a: Cookie, b: Cookie): number {
  const key = ({ domain, path, name }: Cookie) =>
    [domain.split('.').reverse().join('.'), path, name].join('\0')
  return key(a) < key(b) ? -1 : 1
}
