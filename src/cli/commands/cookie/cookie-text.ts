import { isIPv6 } from 'node:net'
import { type Cookie, isExpired } from '../../../cookies/cookie.ts'
import { parseRequestUrl } from '../../../plan/request-url.ts'
import { Secret } from '../../../secret.ts'

/** A cookie as `--json` shows it; the value only with `--reveal`. */
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

/** Bytes of the wire, one a character, as the UTF-8 that they mostly are; else as they are. */
export function fromWire(latin1: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(latin1, 'latin1'))
  } catch {
    return latin1
  }
}

/** What was typed, as the bytes that go on the wire. */
export function toWire(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1')
}

/** A site as a person names it: a host, or any URL there. @throws HallpassError 'usage' */
export function siteOperand(text: string): string {
  return isIPv6(text) ? text.toLowerCase() : parseRequestUrl(text).host
}
