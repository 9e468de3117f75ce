import type { Cookie } from '../cookies/cookie.ts'
import { parseCookieHeader } from '../cookies/cookie-header.ts'
import type { GivenCookie } from './format.ts'

export function withoutTimes({ createdAt: _, updatedAt: __, ...cookie }: Cookie): GivenCookie {
  return cookie
}

/** An `https` URL is where a Cookie header went over TLS: such cookies may be Secure, and are kept so. */
export interface HeaderContext {
  readonly host: string
  readonly secure: boolean
}

/**
 * The cookies of a Cookie header. It says nothing but names and values: each is kept for that host alone, for every path,
 * until the session ends.
 */
export function cookiesOfHeader(header: string, { host, secure }: HeaderContext): readonly GivenCookie[] {
  return parseCookieHeader(header).map(({ name, value }) => ({
    name,
    value,
    domain: host,
    hostOnly: true,
    path: '/',
    secure,
    httpOnly: hasHiddenName(name),
    sameSite: 'default',
  }))
}

/** Whether only an HttpOnly cookie can have this name. */
export function hasHiddenName(name: string): boolean {
  return /^__(host-)?http-/i.test(name)
}
