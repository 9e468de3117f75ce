import { siteOf } from '../cookies/site.ts'
import { HallpassError } from '../errors.ts'
import { isSuccess } from '../plan/login-sign.ts'
import { isName } from '../store/names.ts'
import type { Json, RecordId, Records } from '../store/store.ts'
import {
  type LoginState,
  parseHealth,
  type SiteHealth,
  unknownHealth,
  withNewLogin,
  withUse,
} from './site-health.ts'

/** The number of hosts that are watched. Another one makes all of them strangers again. */
const maxHosts = 1000

type HealthChange = (health: SiteHealth) => SiteHealth

/** The login at one site, as this process sees it. */
interface WatchedSite {
  readonly id: RecordId
  health: SiteHealth
  /** Of the record that `health` came from; undefined before the first look. */
  stamp: string | undefined
  used: boolean
  /** Whether the session had cookies of it at the last look. */
  hadCookies: boolean
  unsaved: HealthChange[]
  /** Resolves when the record has every change, or cannot be written. */
  saving: Promise<void> | undefined
}

/** The answers of one host, as this process sees them. It is asked for each answer, so that it makes no object for a success. */
export class WatchedHost {
  readonly site: WatchedSite
  succeeded = false
  /** Refusals in a row. `judgeLogin` counts them. */
  refusals = 0

  constructor(site: WatchedSite) {
    this.site = site
  }

  /** Notes an answer to a request that carried something of the session. Returns whether there is nothing more to say about it. */
  isWell(status: number): boolean {
    this.site.used = true
    if (!isSuccess(status)) return false
    this.succeeded = true
    this.refusals = 0
    return this.site.health.state === 'ok'
  }
}

/**
 * Whether the logins of one session are alive: a record for each site. The answers that pass write nothing, and wait for nothing;
 * a change of the state is written behind them.
 */
export class SessionHealth {
  readonly #store: Records
  readonly #session: string
  readonly #now: () => number
  readonly #doubted: (site: string) => void
  readonly #hosts = new Map<string, WatchedHost>()
  readonly #sites = new Map<string, WatchedSite>()

  /**
   * @param doubted is called when a site has become suspect
   * @internal
   */
  constructor(
    store: Records,
    session: string,
    now: () => number,
    doubted: (site: string) => void = () => {},
  ) {
    this.#store = store
    this.#session = session
    this.#now = now
    this.#doubted = doubted
  }

  /**
   * undefined for a host that no record can be named after.
   * @internal
   */
  host(host: string): WatchedHost | undefined {
    const known = this.#hosts.get(host)
    if (known !== undefined) return known
    const site = this.#site(siteOf(host))
    if (site === undefined) return undefined
    if (this.#hosts.size >= maxHosts) this.#hosts.clear()
    const watched = new WatchedHost(site)
    this.#hosts.set(host, watched)
    return watched
  }

  /**
   * The state of a site as this process knows it. Another process may just have changed it: then the answer is `ok`, and the next one
   * is right.
   * @internal
   */
  stateOf({ site }: WatchedHost): LoginState {
    if (site.saving === undefined && this.#store.stamp(site.id) !== site.stamp) {
      this.#look(site)
      return 'ok'
    }
    return site.health.state
  }

  /**
   * Changes the state of a site at once, and writes it behind. Returns whether it is another state.
   * @param change returns its argument if nothing changes
   * @internal
   */
  change({ site }: WatchedHost, change: HealthChange): boolean {
    const changed = change(site.health)
    if (changed === site.health) return false
    site.health = changed
    this.#write(site, change)
    if (changed.state === 'suspect') this.#doubted(site.id.name)
    return true
  }

  /** The health of a site as it is on disk. */
  async read(site: string): Promise<SiteHealth> {
    const id = this.#idOf(site)
    if (id === undefined) return unknownHealth
    await this.#sites.get(site)?.saving
    return parseHealth((await this.#store.read(id))?.value)
  }

  /** The sites with a record. */
  async sites(): Promise<readonly string[]> {
    await this.#settled()
    return this.#store.names(this.#session, 'health')
  }

  /**
   * Changes the record of a site. Resolves when it is on disk, with the health of then.
   * @internal
   */
  async update(site: string, change: HealthChange): Promise<SiteHealth> {
    const id = this.#idOf(site)
    if (id === undefined) return unknownHealth
    let health = unknownHealth
    await this.#store.update(id, (value) => {
      const before = parseHealth(value)
      health = change(before)
      return health === before ? value : toJson(health)
    })
    const watched = this.#sites.get(site)
    if (watched !== undefined) this.#look(watched)
    return health
  }

  /**
   * An answer of a host signed its user in.
   * @internal
   */
  async signedIn(host: string): Promise<void> {
    const watched = this.host(host)
    if (watched !== undefined && this.stateOf(watched) !== 'ok') await this.renewed(watched.site.id.name)
  }

  /**
   * The session got new cookies of a site, in a way that may be a login.
   * @internal
   */
  renewed(site: string): Promise<void> {
    return this.#renew(site, () => true)
  }

  /**
   * The session got cookies of a site, the newest of them at a time. Cookies older than a dead login are that login.
   * @internal
   */
  renewedAt(site: string, at: number): Promise<void> {
    return this.#renew(site, ({ since = 0 }) => at >= since)
  }

  /**
   * A credential got another value, or is gone.
   * @internal
   */
  async credentialRenewed(name: string): Promise<void> {
    for (const site of await this.sites()) await this.#renew(site, ({ credential }) => credential === name)
  }

  async #renew(site: string, isRenewed: (health: SiteHealth) => boolean): Promise<void> {
    const now = this.#now()
    const change = (health: SiteHealth) => (isRenewed(health) ? withNewLogin(health, now) : health)
    try {
      const before = await this.read(site)
      if (change(before) !== before) await this.update(site, change)
    } catch (error) {
      // The cookies or the value are saved. If this fails, `status` goes on to ask for a login.
      if (error instanceof HallpassError && error.code === 'session-missing') throw error
    }
  }

  /**
   * The session has nothing of a site any more.
   * @internal
   */
  async forget(site: string): Promise<void> {
    const id = this.#idOf(site)
    if (id === undefined) return
    for (const [host, watched] of this.#hosts) if (watched.site.id.name === site) this.#hosts.delete(host)
    this.#sites.delete(site)
    await this.#store.update(id, () => undefined)
  }

  /**
   * Writes when each site was last used.
   * @internal
   */
  async saveUse(): Promise<void> {
    const now = this.#now()
    for (const site of this.#sites.values()) {
      if (!site.used) continue
      site.used = false
      const had = site.hadCookies
      site.hadCookies = this.#hasCookies(site.id)
      // Another process has removed the site. Its name must not come back.
      if (had && !site.hadCookies) continue
      this.#write(site, (health) => withUse(health, now))
    }
    await this.#settled()
  }

  async #settled(): Promise<void> {
    await Promise.all([...this.#sites.values()].map(({ saving }) => saving))
  }

  #site(name: string): WatchedSite | undefined {
    const held = this.#sites.get(name)
    if (held !== undefined) return held
    const id = this.#idOf(name)
    if (id === undefined) return undefined
    const site = {
      id,
      health: unknownHealth,
      stamp: undefined,
      used: false,
      hadCookies: this.#hasCookies(id),
      unsaved: [],
      saving: undefined,
    }
    if (this.#sites.size >= maxHosts) this.#sites.clear()
    this.#sites.set(name, site)
    this.#look(site)
    return site
  }

  #hasCookies(id: RecordId): boolean {
    return this.#store.stamp({ ...id, kind: 'cookies' }) !== undefined
  }

  #idOf(site: string): RecordId | undefined {
    return isName('site', site) ? { kind: 'health', session: this.#session, name: site } : undefined
  }

  /** Reads the record behind the answer that asked. */
  #look(site: WatchedSite): void {
    const stamp = this.#store.stamp(site.id)
    site.stamp = stamp
    this.#store
      .read(site.id)
      .then((record) => parseHealth(record?.value))
      .then((health) => {
        // A write that ended meanwhile knows better.
        if (site.stamp === stamp) site.health = site.unsaved.reduce((now, change) => change(now), health)
      })
      // A record that cannot be read is named by `status`. It does not hold up requests.
      .catch(() => undefined)
  }

  #write(site: WatchedSite, change: HealthChange): void {
    site.unsaved.push(change)
    site.saving ??= this.#save(site).finally(() => {
      site.saving = undefined
    })
  }

  async #save(site: WatchedSite): Promise<void> {
    // Changes of this turn share a write.
    await Promise.resolve()
    while (site.unsaved.length > 0) {
      const changes = site.unsaved.splice(0)
      let health = site.health
      try {
        await this.#store.update(site.id, (value) => {
          const before = parseHealth(value)
          health = changes.reduce((now, each) => each(now), before)
          return health === before ? value : toJson(health)
        })
        site.health = site.unsaved.reduce((now, each) => each(now), health)
        site.stamp = this.#store.stamp(site.id)
      } catch {
        // The session is gone, or the disk fails. The state holds in memory, and the next sign says it again.
        return
      }
    }
  }
}

function toJson(health: SiteHealth): Json {
  return health as unknown as Json
}
