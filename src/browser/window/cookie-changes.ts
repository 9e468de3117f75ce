import { type Cookie, identityOf } from '../../cookies/cookie.ts'
import type { GivenCookie, Reading } from '../../formats/format.ts'

export interface CookieChanges {
  readonly come: Reading['cookies']
  readonly gone: readonly GivenCookie[]
}

/**
 * What a window has changed. What it still has as it was put in is left as the session has it: another tool may have had it
 * rotated meanwhile.
 */
export function cookieChanges({
  put,
  seen,
  before,
  now,
}: {
  /** What the window had in the beginning, as its browser told it. */
  readonly put: Reading['cookies']
  /** What it had when it was looked at last. */
  readonly seen: Reading['cookies']
  /** What the session held then, and what it holds now. */
  readonly before: readonly Cookie[]
  readonly now: readonly Cookie[]
}): CookieChanges {
  const given = textsOf(put.map(({ cookie }) => cookie))
  const here = textsOf(seen.map(({ cookie }) => cookie))
  const [then, today] = [textsOf(before), textsOf(now)]
  // A response has set or removed it since the window was looked at.
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
