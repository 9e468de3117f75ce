import { type Cookie, identityOf } from '../../cookies/cookie.ts'
import type { GivenCookie, Reading } from '../../formats/format.ts'

export interface CookieChanges {
  readonly come: Reading['cookies']
  readonly gone: readonly GivenCookie[]
}

/**
 * The changes that a window made. A cookie that the window did not change keeps the session's value: another tool may have
 * rotated it meanwhile.
 */
export function cookieChanges({
  put,
  seen,
  before,
  now,
}: {
  /** The window's cookies at the start. */
  readonly put: Reading['cookies']
  /** The window's cookies at the last reading. */
  readonly seen: Reading['cookies']
  /** The session's cookies at that reading, and now. */
  readonly before: readonly Cookie[]
  readonly now: readonly Cookie[]
}): CookieChanges {
  const given = textsOf(put.map(({ cookie }) => cookie))
  const here = textsOf(seen.map(({ cookie }) => cookie))
  const [then, today] = [textsOf(before), textsOf(now)]
  // A response has set or removed it since the last reading.
  const overtaken = (identity: string) => then.get(identity) !== today.get(identity)
  return {
    come: seen.filter(({ cookie }) => {
      const identity = identityOf(cookie)
      return given.get(identity) !== here.get(identity) && !overtaken(identity)
    }),
    gone: put.flatMap(({ cookie }) => {
      const identity = identityOf(cookie)
      return here.has(identity) || overtaken(identity) ? [] : [cookie]
    }),
  }
}

function textsOf(cookies: readonly GivenCookie[]): ReadonlyMap<string, string> {
  return new Map(cookies.map((cookie) => [identityOf(cookie), JSON.stringify(cookie)]))
}
