import { type Cookie, identityOf, isExpired } from '../cookies/cookie.ts'
import { Jar, maxCookiesPerSite } from '../cookies/jar.ts'
import { hostMatches, siteOf } from '../cookies/site.ts'
import type { GivenCookie, Reading, Skipped } from '../formats/format.ts'
import { isName } from '../store/names.ts'
import type { Json } from '../store/store.ts'

export type ImportMode = 'merge' | 'replace'

export interface ReadCookie {
  readonly where: string
  readonly cookie: Cookie
  readonly flaws: readonly string[]
}

/** The outcome for the cookies of one site. */
export interface SiteOutcome {
  readonly record: Json | undefined
  readonly added: number
  readonly changed: number
  readonly unchanged: number
  /** Live ones that were there and make room, or are replaced. */
  readonly removed: readonly Cookie[]
  readonly skipped: readonly Skipped[]
}

/** The cookies of a file, looked at. */
export interface SortedCookies {
  readonly bySite: ReadonlyMap<string, readonly ReadCookie[]>
  /** Identities that the file has expired. The session may have a live one. */
  readonly expired: ReadonlySet<string>
  /** How many a browser would refuse. */
  readonly refused: number
  readonly skipped: readonly Skipped[]
  /** The attributes that could not be read, of cookies that come in all the same. */
  readonly flawed: readonly Skipped[]
}

/**
 * Lets through what a server could have set (the gate of `Jar.put`), of each cookie the last that the file has, by site.
 * An expired one is skipped and not stored as a deletion: a file is no answer of the site.
 */
export function sortCookies(cookies: Reading['cookies'], now: number): SortedCookies {
  const skipped: Skipped[] = []
  const expired = new Set<string>()
  let refused = 0
  const last = new Map<string, ReadCookie>()
  const scratch = new Jar()
  for (const { where, cookie: given, flaws = [] } of cookies) {
    const cookie: Cookie = { ...given, createdAt: now, updatedAt: now }
    if (isExpired(cookie, now)) {
      skipped.push({ where, reason: 'expired' })
      expired.add(identityOf(cookie))
      continue
    }
    const reason = whyNot(cookie, scratch, now)
    if (reason !== undefined) {
      skipped.push({ where, reason })
      refused++
      continue
    }
    const identity = identityOf(cookie)
    const before = last.get(identity)
    if (before !== undefined)
      skipped.push({ where: before.where, reason: `${where} has the same cookie again` })
    // Anew, so that the order is that of the ones that count.
    last.delete(identity)
    last.set(identity, { where, cookie, flaws })
  }
  const bySite = Map.groupBy(last.values(), ({ cookie }) => siteOf(cookie.domain))
  const flawed = [...last.values()].flatMap(({ where, flaws }) => flaws.map((reason) => ({ where, reason })))
  return { bySite, expired, refused, skipped, flawed }
}

function whyNot(cookie: Cookie, scratch: Jar, now: number): string | undefined {
  const outcome = scratch.put(cookie, now)
  scratch.remove({})
  if (outcome.kind === 'refused') return outcome.reason
  // `__proto__` is a well-formed host name, and no record is ever called so.
  return isName('site', siteOf(cookie.domain)) ? undefined : 'nothing can be kept for that domain'
}

/** Whether a cookie belongs to one of these hosts or of those below them. One of the whole domain goes to such a host, too. */
export function isOf({ domain, hostOnly }: GivenCookie, hosts: readonly string[] | undefined): boolean {
  return (
    hosts === undefined ||
    hosts.some((host) => hostMatches(domain, host) || (!hostOnly && hostMatches(host, domain)))
  )
}

/** The record of a site with the cookies in it. Pure: it is computed once to check, and again under the record's lock. */
export function importSite(
  value: Json | undefined,
  cookies: readonly ReadCookie[],
  {
    mode,
    gone,
    expired,
    hosts,
    now,
  }: {
    readonly mode: ImportMode
    readonly gone?: readonly GivenCookie[]
    readonly expired: ReadonlySet<string>
    readonly hosts?: readonly string[] | undefined
    readonly now: number
  },
): SiteOutcome {
  const before = value === undefined ? new Jar() : Jar.fromRecord(value)
  const live = new Map(
    before.all().flatMap((cookie) => (isExpired(cookie, now) ? [] : [[identityOf(cookie), cookie] as const])),
  )
  const given = new Set(cookies.map(({ cookie }) => identityOf(cookie)))
  const leaving = gone && new Set(gone.map(identityOf))
  const goes = (cookie: Cookie) =>
    leaving?.has(identityOf(cookie)) ??
    // A cookie that is expired in the file, and live here, has been renewed since the file was made.
    (isOf(cookie, hosts) && !given.has(identityOf(cookie)) && !expired.has(identityOf(cookie)))
  const { cookies: held, covers } = before.toRecord()
  // Hosts that the session knows stay known.
  const jar = Jar.fromRecord({
    cookies: mode === 'merge' ? held : held.filter((cookie) => !goes(cookie)),
    covers,
  })
  const changed = new Set<string>()
  for (const { cookie } of withRoom(cookies)) {
    const outcome = jar.put(cookie, now)
    if (outcome.kind === 'stored' && outcome.changed) changed.add(identityOf(cookie))
  }
  const after = new Set(jar.all().map(identityOf))
  const skipped: Skipped[] = []
  const count = { added: 0, changed: 0, unchanged: 0 }
  for (const { where, cookie } of cookies) {
    const identity = identityOf(cookie)
    if (!after.has(identity)) skipped.push({ where, reason: 'no room: later ones of the site go before it' })
    else if (!live.has(identity)) count.added++
    else if (changed.has(identity)) count.changed++
    else count.unchanged++
  }
  const removed = [...live].flatMap(([identity, cookie]) => (after.has(identity) ? [] : [cookie]))
  return { record: jar.toRecord() as unknown as Json, ...count, removed, skipped }
}

/** A jar pushes out what is not Secure first, then the earlier. Of many thousand it would sort all again for each. */
function withRoom(cookies: readonly ReadCookie[]): readonly ReadCookie[] {
  if (cookies.length <= maxCookiesPerSite) return cookies
  const rank = ({ cookie }: ReadCookie) => (cookie.secure ? 1 : 0)
  const kept = new Set(cookies.toSorted((a, b) => rank(a) - rank(b)).slice(-maxCookiesPerSite))
  return cookies.filter((each) => kept.has(each))
}
