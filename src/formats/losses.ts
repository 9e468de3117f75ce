import type { Contents, GivenCookie, Holds } from './format.ts'

/** An attribute that the written file does not hold, and how many cookies or origins had it. */
export interface Loss {
  readonly what: string
  readonly count: number
  readonly of: 'cookie' | 'origin'
}

/** The attributes that are lost when a format writes these contents. */
export function lossesOf(holds: Holds, { cookies, origins }: Contents): readonly Loss[] {
  const lost = (what: string, kept: boolean, has: (cookie: GivenCookie) => boolean): Loss => {
    return { what, of: 'cookie', count: kept ? 0 : cookies.filter(has).length }
  }
  const all: readonly Loss[] = [
    lost('domain', holds.domain, () => true),
    lost('path', holds.path, ({ path }) => path !== '/'),
    lost('expiry', holds.expiry !== 'none', ({ expiresAt }) => expiresAt !== undefined),
    lost('Secure', holds.secure, ({ secure }) => secure),
    lost('HttpOnly', holds.httpOnly, ({ httpOnly }) => httpOnly),
    lost('SameSite', holds.sameSite, ({ sameSite }) => sameSite !== 'default'),
    lost('Partitioned', holds.partitioned, ({ partitioned }) => partitioned === true),
    ...(['localStorage', 'sessionStorage', 'indexedDB'] as const).map((what): Loss => {
      return {
        what,
        of: 'origin',
        count: holds[what] ? 0 : origins.filter((origin) => origin[what].length > 0).length,
      }
    }),
  ]
  return all.filter(({ count }) => count > 0)
}
