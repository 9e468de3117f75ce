import { admit, admitReady, guardedBy, type SetContext } from './admit.ts'
import { type Cookie, identityOf, isExpired, type RequestUrl } from './cookie.ts'
import { type CookieRecord, type Cover, parseRecord } from './record.ts'
import { type Selection, type SelectOptions, selectCookies } from './select.ts'
import { parseSetCookie } from './set-cookie.ts'
import { canonicalHost, hostMatches, isSecure, siteOf } from './site.ts'

export type SetOutcome =
  /** `changed` is false when the jar held exactly this before, so that nothing needs to be saved. */
  | { readonly kind: 'stored' | 'deleted'; readonly cookie: Cookie; readonly changed: boolean }
  | { readonly kind: 'refused'; readonly name: string; readonly reason: string }

/** A change of a jar. It can be applied again, to the same jar or to a later one. */
export interface JarChange {
  /** Names the changed part: a later change with the same key replaces an earlier one. */
  readonly key: string
  readonly apply: (jar: Jar) => void
}

/** As Chrome: beyond it a site pushes out its own cookies, never those of another site. */
export const maxCookiesPerSite = 180

/** Hosts that a jar remembers beyond their cookies. A site with wildcard names could otherwise grow the record without end. */
const maxCovers = 1000

/** The cookies of a session, by RFC 6265bis 5.7 and 5.8. Pure: time comes in with each call. */
export class Jar {
  /** By identity, in order of creation. A Map, so that a cookie named `__proto__` is a name like any other. */
  readonly #cookies = new Map<string, Cookie>()
  /** By their text, oldest first. */
  readonly #covers = new Map<string, Cover>()

  /** From `toRecord`. A value that is not exactly such a record throws `record-damaged`. */
  static fromRecord(value: unknown): Jar {
    const record = parseRecord(value)
    const jar = new Jar()
    for (const cookie of record.cookies) jar.#cookies.set(identityOf(cookie), cookie)
    for (const cover of record.covers) jar.#covers.set(coverKey(cover), cover)
    return jar
  }

  /** Plain JSON. */
  toRecord(): CookieRecord {
    return { cookies: [...this.#cookies.values()], covers: [...this.#covers.values()] }
  }

  /** Takes a Set-Cookie line as it stood in a response. */
  set(line: string, context: SetContext): SetOutcome {
    const { now } = context
    const url = canonicalUrl(context.url)
    const said = parseSetCookie(line, now)
    if ('refused' in said) return { kind: 'refused', name: said.name, reason: said.refused }
    const admission = admit(said, { ...context, url })
    if ('refused' in admission) return { kind: 'refused', name: said.name, reason: admission.refused }
    const { cookie } = admission
    if (!isSecure(url) && this.all().some((held) => !isExpired(held, now) && guardedBy(cookie, held))) {
      return { kind: 'refused', name: said.name, reason: 'http may not touch a Secure cookie' }
    }
    return this.#store(cookie, now)
  }

  /** Takes a ready cookie: typed by the user or imported. It passes the same gate, as if an https host had set it. */
  put(cookie: Cookie, now: number): SetOutcome {
    const admission = admitReady(cookie, now)
    return 'refused' in admission
      ? { kind: 'refused', name: cookie.name, reason: admission.refused }
      : this.#store(admission.cookie, now)
  }

  /** The cookies for a request, in order, and the cookies of the same site that stay off, with the reason. */
  select(url: RequestUrl, options: SelectOptions): Selection {
    return selectCookies(this.#cookies.values(), canonicalUrl(url), options)
  }

  /**
   * Removes the cookies of a host and of the hosts below it, or all; with a name only those of that name. Without a name what
   * the jar remembers of the hosts goes too. Returns how many cookies went.
   */
  remove(filter: { readonly host?: string; readonly name?: string }): number {
    const host = filter.host === undefined ? undefined : canonicalHost(filter.host)
    const within = (domain: string) => host === undefined || hostMatches(domain, host)
    let removed = 0
    for (const [key, cookie] of this.#cookies) {
      if (!within(cookie.domain) || (filter.name !== undefined && filter.name !== cookie.name)) continue
      this.#cookies.delete(key)
      removed++
    }
    if (filter.name === undefined) {
      for (const [key, cover] of this.#covers) if (within(cover.domain)) this.#covers.delete(key)
    }
    return removed
  }

  /**
   * `Clear-Site-Data: "cookies"`: every cookie of the registrable domain goes, the hosts stay known. From plain http nothing
   * is cleared (the header counts in secure contexts only), or anyone on the path could sign the user out.
   */
  clear(url: RequestUrl): readonly Cookie[] {
    const { host, scheme } = canonicalUrl(url)
    if (!isSecure({ host, scheme })) return []
    const site = siteOf(host)
    const cleared = this.all().filter((cookie) => siteOf(cookie.domain) === site)
    for (const cookie of cleared) this.#cookies.delete(identityOf(cookie))
    return cleared
  }

  /** Whether the jar ever held a cookie for this host: then a new sign-in there is captured. */
  covers(host: string): boolean {
    const canonical = canonicalHost(host)
    return [...this.#covers.values(), ...this.#cookies.values()].some((held) =>
      held.hostOnly ? held.domain === canonical : hostMatches(canonical, held.domain),
    )
  }

  /** Every cookie, the expired ones too, in order of creation. */
  all(): readonly Cookie[] {
    return [...this.#cookies.values()]
  }

  #store(incoming: Cookie, now: number): SetOutcome {
    const key = identityOf(incoming)
    const held = this.#cookies.get(key)
    if (isExpired(incoming, now)) {
      return { kind: 'deleted', cookie: incoming, changed: this.#cookies.delete(key) }
    }
    // An expired one is gone as far as the RFC goes: its successor is a new cookie, at the end of the order.
    const old = held !== undefined && !isExpired(held, now) ? held : undefined
    if (old === undefined) this.#cookies.delete(key)
    const cookie = old === undefined ? incoming : { ...incoming, createdAt: old.createdAt }
    if (old !== undefined && sameBut(old, cookie)) return { kind: 'stored', cookie: old, changed: false }
    this.#cookies.set(key, cookie)
    this.#evict(siteOf(cookie.domain), now)
    if (!this.#cookies.has(key)) {
      return {
        kind: 'refused',
        name: cookie.name,
        reason: `no room: the site has ${maxCookiesPerSite} cookies that stay before it`,
      }
    }
    this.#cover({ domain: cookie.domain, hostOnly: cookie.hostOnly })
    return { kind: 'stored', cookie, changed: true }
  }

  /** RFC 6265bis 5.7, "remove excess cookies": expired cookies first, then those that are not Secure, the oldest first. */
  #evict(site: string, now: number): void {
    if (this.#cookies.size <= maxCookiesPerSite) return
    const rank = (cookie: Cookie) => (isExpired(cookie, now) ? 0 : cookie.secure ? 2 : 1)
    const ofSite = this.all().filter((cookie) => siteOf(cookie.domain) === site)
    const excess = ofSite
      .toSorted((a, b) => rank(a) - rank(b) || a.updatedAt - b.updatedAt)
      .slice(0, Math.max(0, ofSite.length - maxCookiesPerSite))
    for (const cookie of excess) this.#cookies.delete(identityOf(cookie))
  }

  #cover(cover: Cover): void {
    this.#covers.set(coverKey(cover), cover)
    for (const key of this.#covers.keys()) {
      if (this.#covers.size <= maxCovers) break
      this.#covers.delete(key)
    }
  }
}

/** `EXAMPLE.com.` and `example.com` are one host here. */
function canonicalUrl(url: RequestUrl): RequestUrl {
  return { ...url, host: canonicalHost(url.host) }
}

function coverKey(cover: Cover): string {
  return JSON.stringify([cover.domain, cover.hostOnly])
}

/** Equal in all but the time of the last change. */
function sameBut(a: Cookie, b: Cookie): boolean {
  return JSON.stringify(sorted({ ...a, updatedAt: 0 })) === JSON.stringify(sorted({ ...b, updatedAt: 0 }))
}

function sorted(cookie: Cookie): readonly (readonly [string, unknown])[] {
  return Object.entries(cookie).toSorted(([a], [b]) => (a < b ? -1 : 1))
}
