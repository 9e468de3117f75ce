import type { Cookie } from './cookie.ts'

const dayMs = 86_400_000

/** Cookies of defences against robots, which are HttpOnly as those of logins are: Cloudflare, Akamai, Imperva. */
const notLogins = /^(?:__cf_bm|cf_clearance|_cfuvid|ak_bmsc|bm_s[vz]|_abck|incap_ses_.*|visid_incap_.*)$/

export interface LoginEnd {
  /** The cookie that ends first. */
  readonly cookie: Cookie
  /** In ms since the epoch. */
  readonly endsAt: number
}

/**
 * The end of the login that these cookies of one site are, if it comes within `warnDays`.
 *
 * The cookies of a login are those that scripts cannot read (HttpOnly): no rule knows better without asking the site. One that lives no
 * longer than `warnDays` after it was set does not count. It would be about to end all its life, and it is one that the site sets
 * again and again.
 */
export function loginEnd(cookies: readonly Cookie[], warnDays: number, now: number): LoginEnd | undefined {
  let first: LoginEnd | undefined
  for (const cookie of cookies) {
    const { expiresAt: endsAt, updatedAt, httpOnly, name } = cookie
    if (endsAt === undefined || endsAt <= now || !httpOnly || notLogins.test(name)) continue
    if (endsAt - updatedAt <= warnDays * dayMs || endsAt - now > warnDays * dayMs) continue
    if (first === undefined || endsAt < first.endsAt) first = { cookie, endsAt }
  }
  return first
}
