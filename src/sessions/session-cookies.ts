import type { Cookie } from '../cookies/cookie.ts'
import { canonicalHost, hostMatches, siteOf } from '../cookies/site.ts'
import { parseRequestUrl } from '../plan/request-url.ts'
import { isName } from '../store/names.ts'
import type { Records } from '../store/store.ts'
import { type CookieInput, cookieLine, refused } from './cookie-input.ts'
import type { SessionHealth } from './session-health.ts'
import { type JarCache, SiteJar } from './site-jar.ts'

/** The number of jars that are held. A jar that is saved makes room for another. */
const maxJars = 1000

/** The cookies of one session: a jar for each site. */
export class SessionCookies {
  readonly #store: Records
  readonly #session: string
  readonly #cache: JarCache
  readonly #now: () => number
  readonly #health: SessionHealth
  readonly #jars = new Map<string, SiteJar>()
  readonly #siteOfHost = new Map<string, string>()

  /** @internal */
  constructor(store: Records, session: string, cache: JarCache, now: () => number, health: SessionHealth) {
    this.#store = store
    this.#session = session
    this.#cache = cache
    this.#now = now
    this.#health = health
  }

  /**
   * undefined for a host that no record can be named after. Its cookies are neither kept nor attached.
   * @internal
   */
  jar(host: string): SiteJar | undefined {
    const known = this.#siteOfHost.get(host)
    const site = known ?? siteOf(host)
    if (known === undefined) {
      // A look-up in the public suffix list costs as much as the rest of a memoised plan.
      if (this.#siteOfHost.size >= maxJars) this.#siteOfHost.clear()
      this.#siteOfHost.set(host, site)
    }
    const held = this.#jars.get(site)
    if (held !== undefined) return held
    if (!isName('site', site)) return undefined
    const jar = new SiteJar(this.#store, this.#session, site, this.#cache)
    this.#jars.set(site, jar)
    if (this.#jars.size > maxJars) {
      const oldest = [...this.#jars].find(([name, other]) => other.idle && name !== site)
      if (oldest !== undefined) this.#jars.delete(oldest[0])
    }
    return jar
  }

  /** The cookies of a site, of a host, or of the session. The expired ones are among them. */
  async list(site?: string): Promise<readonly Cookie[]> {
    if (site === undefined) {
      const all = await Promise.all((await this.#sites()).map((name) => this.list(name)))
      return all.flat()
    }
    const host = canonicalHost(site)
    const cookies = (await this.jar(host)?.read())?.all() ?? []
    return cookies.filter(
      ({ domain, hostOnly }) => hostMatches(domain, host) || (!hostOnly && hostMatches(host, domain)),
    )
  }

  /** The cookie with this name that a request to the URL would carry. */
  async find(url: string, name: string): Promise<Cookie | undefined> {
    const request = requestUrl(url)
    const jar = await this.jar(request.host)?.read()
    const selection = jar?.select(request, { now: this.#now(), site: 'same-site' })
    return selection?.attached.find((cookie) => cookie.name === name)
  }

  /** Sets a cookie, as a response of the URL could. Throws `cookie-refused`, and names the rule. */
  async set(url: string, input: CookieInput): Promise<Cookie> {
    const { cookie, save } = await this.#admit(url, input)
    await save()
    return cookie
  }

  /**
   * Sets several cookies. When one is refused, none is set.
   * @internal
   */
  async setAll(
    given: readonly { readonly url: string; readonly input: CookieInput }[],
  ): Promise<readonly Cookie[]> {
    const admitted = await Promise.all(given.map(({ url, input }) => this.#admit(url, input)))
    // Cookies of one site that come together share a write.
    await Promise.all(admitted.map(({ save }) => save()))
    return admitted.map(({ cookie }) => cookie)
  }

  async #admit(url: string, input: CookieInput) {
    const context = { url: requestUrl(url), now: this.#now() }
    const jar = this.jar(context.url.host)
    if (jar === undefined) throw refused(`none can be kept for ${context.url.host}`)
    const line = cookieLine(input)
    const outcome = (await jar.copy()).set(line, context)
    if (outcome.kind === 'refused') throw refused(outcome.reason)
    if (outcome.kind === 'deleted') throw refused('it would have expired already')
    const { cookie } = outcome
    if (cookie.name !== input.name || cookie.value !== input.value)
      throw refused('a space at an end would be lost')
    const save = async () => {
      await jar.save({ key: 'set', apply: (held) => void held.set(line, context) })
      await this.#health.renewed(siteOf(context.url.host))
    }
    return { cookie, save }
  }

  /** Removes the cookies of a site or host, or only those with this name. Returns the number of removed cookies. */
  async remove(site: string, name?: string): Promise<number> {
    const host = canonicalHost(site)
    let removed = 0
    let left = 0
    const apply: Parameters<SiteJar['save']>[0]['apply'] = (jar) => {
      removed = jar.remove({ host, ...(name !== undefined && { name }) })
      left = jar.all().length
    }
    await this.jar(host)?.save({ key: 'remove', apply })
    if (name === undefined && left === 0) await this.#health.forget(siteOf(host))
    return removed
  }

  /** Removes the cookies of all sites. Returns the number of removed cookies. */
  async clear(): Promise<number> {
    let removed = 0
    for (const site of await this.#sites()) removed += await this.remove(site)
    return removed
  }

  /** The sites with a record, or with a change that is not yet in one. */
  async #sites(): Promise<readonly string[]> {
    const unsaved = [...this.#jars].filter(([, jar]) => !jar.idle).map(([name]) => name)
    return [...new Set([...(await this.#store.names(this.#session, 'cookies')), ...unsaved])].sort()
  }

  /**
   * Tries once more to save every unsaved change.
   * @internal
   */
  async flush(): Promise<void> {
    await Promise.all([...this.#jars.values()].map((jar) => jar.flush()))
  }
}

function requestUrl(url: string) {
  const { scheme, host, port, path } = parseRequestUrl(url)
  return { scheme, host, port, path: path.split('?', 1)[0] ?? '/' }
}
