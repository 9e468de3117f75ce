import type { Cookie } from '../cookies/cookie.ts'
import type { Reveal } from '../rules/rule.ts'

/** Whether the client sees a cookie, so that it can send the cookie with a value of its own. */
export function isVisible(cookie: Pick<Cookie, 'httpOnly'>, reveal: Reveal): boolean {
  return reveal === 'all' || (reveal === 'script' && !cookie.httpOnly)
}
