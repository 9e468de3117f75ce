import type { GivenCookie, Reading, Skipped, WrittenFormat } from './format.ts'
import { writtenDatabases } from './indexed-db.ts'
import { member, ownPartition } from './json-cookie.ts'
import {
  drivenCookie,
  holdsAllOfCookies,
  jsonBytes,
  readCookieList,
  type Texts,
  writeCookieList,
} from './json-list.ts'
import { formatInvalid, jsonOf } from './source.ts'
import { namesAndValues, readOrigin } from './web-origin.ts'

/** Playwright's `storageState`. */
export const storageState: WrittenFormat = {
  detects({ json }) {
    if ('flaw' in json) return false
    return Array.isArray(member(json.value, 'cookies')) || Array.isArray(member(json.value, 'origins'))
  },

  read(source) {
    const json = jsonOf(source)
    if (!this.detects(source))
      throw formatInvalid('not a storageState: it has neither a list "cookies" nor a list "origins"')
    const given = member(json, 'cookies') ?? []
    const stores = member(json, 'origins') ?? []
    if (!Array.isArray(given)) throw formatInvalid('cookies: not a list')
    if (!Array.isArray(stores)) throw formatInvalid('origins: not a list')
    const { cookies, skipped } = readCookieList(given, 'cookies', source)
    const origins = readOrigins(stores)
    return { cookies, origins: origins.origins, skipped: [...skipped, ...origins.skipped] }
  },

  holds: { ...holdsAllOfCookies, localStorage: true, indexedDB: true },

  write({ cookies, origins }) {
    const { items, left } = writeCookieList(cookies, playwrightCookie)
    const stores = origins
      .filter(({ localStorage, indexedDB }) => localStorage.length + indexedDB.length > 0)
      .map(({ origin, localStorage, indexedDB }) => ({
        origin,
        localStorage: namesAndValues(localStorage),
        ...(indexedDB.length === 0 ? {} : { indexedDB: writtenDatabases(indexedDB) }),
      }))
    return { bytes: jsonBytes({ cookies: items, origins: stores }), left }
  },
}

/** A cookie as Playwright takes it, from a file and into a browser. */
export function playwrightCookie(cookie: GivenCookie, texts: Texts) {
  return {
    ...drivenCookie(cookie, texts),
    // Playwright assumes a frame of another site in between unless this is said.
    ...(cookie.partitioned ? { partitionKey: ownPartition(cookie), _crHasCrossSiteAncestor: false } : {}),
  }
}

function readOrigins(values: readonly unknown[]): Pick<Reading, 'origins' | 'skipped'> {
  const origins: Reading['origins'][number][] = []
  const skipped: Skipped[] = []
  for (const [index, value] of values.entries()) {
    const where = `origins[${index}]`
    const read = readOrigin(value)
    if ('storage' in read) origins.push({ where, storage: read.storage })
    const flawed = 'storage' in read ? read.flawed : [{ where: '', reason: read.reason }]
    for (const flaw of flawed) {
      const path = flaw.where === '' ? where : `${where}.${flaw.where}`
      skipped.push({ where: path, reason: flaw.reason, what: 'storage' })
    }
    // The origin's private files: Playwright can save them, too.
    const files = member(value, 'opfs')
    if (Array.isArray(files) && files.length > 0)
      skipped.push({ where: `${where}.opfs`, reason: 'files of a page are not kept', what: 'storage' })
  }
  return { origins, skipped }
}
