import { canonicalHost, hostMatches, siteOf } from '../cookies/site.ts'
import { webOrigin } from '../formats/web-origin.ts'
import { checkName, isName } from '../store/names.ts'
import type { RecordId, Records } from '../store/store.ts'
import { keysOf, type OriginStorage, parseStorageRecord, storageRecord } from './origin-storage.ts'
import type { RecordGuard } from './record-guard.ts'

/** The web storage of one session. The origins of a site share a record. */
export class SessionStorage {
  readonly #store: Records
  readonly #session: string

  /** @internal */
  constructor(store: Records, session: string) {
    this.#store = store
    this.#session = session
  }

  /** The web storage of an origin. */
  async get(origin: string): Promise<OriginStorage | undefined> {
    const canonical = webOrigin(origin)
    if (canonical === undefined) return undefined
    return (await this.#ofSite(hostOfOrigin(canonical))).find((held) => held.origin === canonical)
  }

  /**
   * Changes with the result of `get`.
   * @internal
   */
  stamp(origin: string): string | undefined {
    const id = this.#id(hostOfOrigin(origin))
    return id && this.#store.stamp(id)
  }

  /** The web storage of an origin, of a host with the hosts below it, or of the session. */
  async list(place?: string): Promise<readonly OriginStorage[]> {
    if (place !== undefined) return (await this.#ofSite(hostOf(place))).filter(belongsTo(place))
    const sites = await this.#store.names(this.#session, 'storage')
    return (await Promise.all(sites.map((site) => this.#ofSite(site)))).flat()
  }

  /**
   * Removes the web storage of an origin, of a host with the hosts below it, or of the session. Returns the number of removed
   * keys.
   */
  async clear(place?: string): Promise<number> {
    if (place !== undefined) return this.clearUnless(undefined, place)
    let removed = 0
    for (const site of await this.#store.names(this.#session, 'storage'))
      removed += await this.clearUnless(undefined, site)
    return removed
  }

  /**
   * Removes the web storage of a place, unless the guard refuses.
   * @internal
   */
  async clearUnless(guard: RecordGuard | undefined, place: string): Promise<number> {
    const id = this.#id(hostOf(place))
    if (id === undefined) return 0
    const goes = belongsTo(place)
    let removed = 0
    await this.#store.update(id, (value) => {
      guard?.(value)
      const origins = parseStorageRecord(value)
      removed = origins.filter(goes).reduce((sum, origin) => sum + keysOf(origin), 0)
      return storageRecord(origins.filter((origin) => !goes(origin)))
    })
    return removed
  }

  /**
   * The record that has the web storage of an origin. Throws `name-invalid` for a host that no record can be named after.
   * @internal
   */
  idOf(origin: string): RecordId {
    return { kind: 'storage', session: this.#session, name: checkName('site', siteOf(hostOfOrigin(origin))) }
  }

  async #ofSite(host: string): Promise<readonly OriginStorage[]> {
    const id = this.#id(host)
    return id === undefined ? [] : parseStorageRecord((await this.#store.read(id))?.value)
  }

  #id(host: string): RecordId | undefined {
    const site = siteOf(host)
    return isName('site', site) ? { kind: 'storage', session: this.#session, name: site } : undefined
  }
}

/** The host of an origin, in the form that cookies and records use. */
export function hostOfOrigin(origin: string): string {
  return canonicalHost(new URL(origin).hostname)
}

function hostOf(place: string): string {
  const origin = webOrigin(place)
  return origin === undefined ? canonicalHost(place) : hostOfOrigin(origin)
}

function belongsTo(place: string): (held: OriginStorage) => boolean {
  const origin = webOrigin(place)
  if (origin !== undefined) return (held) => held.origin === origin
  const host = canonicalHost(place)
  return (held) => hostMatches(hostOfOrigin(held.origin), host)
}
