import { isIPv6 } from 'node:net'
import { type Cookie, isExpired } from '../../../cookies/cookie.ts'
import { parseRequestUrl } from '../../../plan/request-url.ts'
import { Secret } from '../../../secret.ts'

/** A cookie for `--json`, with its value only if `reveal` is set. */
export function cookieDocument(cookie: Cookie, options: { readonly reveal: boolean; readonly now: number }) {
  return {
    name: fromWire(cookie.name),
    domain: cookie.domain,
    host_only: cookie.hostOnly,
    path: fromWire(cookie.path),
    secure: cookie.secure,
    http_only: cookie.httpOnly,
    same_site: cookie.sameSite,
    present: true,
    expires: cookie.expiresAt === undefined ? null : new Date(cookie.expiresAt).toISOString(),
    expired: isExpired(cookie, options.now),
    fingerprint: new Secret(cookie.value).fingerprint(),
    ...(options.reveal ? { value: fromWire(cookie.value) } : {}),
  }
}

/** Text from the wire (one byte a character) as UTF-8, or unchanged if it is not UTF-8. */
export function fromWire(latin1: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(latin1, 'latin1'))
  } catch {
    return latin1
  }
}

/** Typed text as it goes on the wire: UTF-8, one byte a character. */
export function toWire(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1')
}

/** The host of a site, given as a host or as any URL of it. @throws HallpassError 'usage' */
export function siteOperand(text: string): string {
  return isIPv6(text) ? text.toLowerCase() : parseRequestUrl(text).host
}
