import type { Format, Reading, Skipped } from './format.ts'
import { dottedDomain, member, ownPartition } from './json-cookie.ts'
import { holdsAllOfCookies, jsonBytes, readCookieList, writeCookieList } from './json-list.ts'
import { formatInvalid } from './source.ts'
import { namesAndValues, readOrigin } from './web-origin.ts'

/** What Playwright can save of an origin and is not kept. */
const otherStores = ['indexedDB', 'opfs'] as const

const sameSites = { strict: 'Strict', lax: 'Lax', none: 'None' } as const

/** Playwright's `storageState`. */
export const storageState: Format = {
  name: 'storage-state',
  aliases: ['playwright'],
  summary: "Playwright's storageState: cookies and localStorage",

  detects({ json }) {
    if ('flaw' in json) return false
    return Array.isArray(member(json.value, 'cookies')) || Array.isArray(member(json.value, 'origins'))
  },

  read(source) {
    const { json, wellEncoded } = source
    if ('flaw' in json) throw formatInvalid(json.flaw)
    if (!this.detects(source)) throw formatInvalid('no storageState: no list "cookies" and none "origins"')
    const given = member(json.value, 'cookies') ?? []
    const stores = member(json.value, 'origins') ?? []
    if (!Array.isArray(given)) throw formatInvalid('cookies: not a list')
    if (!Array.isArray(stores)) throw formatInvalid('origins: not a list')
    const { cookies, skipped } = readCookieList(given, 'cookies', { wellEncoded })
    const origins = readOrigins(stores)
    return { cookies, origins: origins.origins, skipped: [...skipped, ...origins.skipped] }
  },

  holds: { ...holdsAllOfCookies, localStorage: true },

  write({ cookies, origins }) {
    const { items, left } = writeCookieList(cookies, (cookie, texts) => ({
      name: texts.name,
      value: texts.value,
      domain: dottedDomain(cookie),
      path: texts.path,
      expires: cookie.expiresAt === undefined ? -1 : cookie.expiresAt / 1000,
      httpOnly: cookie.httpOnly,
      secure: cookie.secure,
      // Left out, a browser takes its own default: as it was when the site said nothing.
      ...(cookie.sameSite === 'default' ? {} : { sameSite: sameSites[cookie.sameSite] }),
      // Playwright assumes a frame of another site in between unless this is said.
      ...(cookie.partitioned ? { partitionKey: ownPartition(cookie), _crHasCrossSiteAncestor: false } : {}),
    }))
    const stores = origins
      .filter(({ localStorage }) => localStorage.length > 0)
      .map(({ origin, localStorage }) => ({ origin, localStorage: namesAndValues(localStorage) }))
    return { bytes: jsonBytes({ cookies: items, origins: stores }), left }
  },
}

function readOrigins(values: readonly unknown[]): Pick<Reading, 'origins' | 'skipped'> {
  const origins: Reading['origins'][number][] = []
  const skipped: Skipped[] = []
  for (const [index, value] of values.entries()) {
    const where = `origins[${index}]`
    const read = readOrigin(value)
    if ('storage' in read) origins.push({ where, storage: read.storage })
    else skipped.push({ where, reason: read.reason, what: 'storage' })
    for (const name of otherStores) {
      const other = member(value, name)
      if (Array.isArray(other) && other.length > 0) {
        skipped.push({ where: `${where}.${name}`, reason: `${name} is not kept`, what: 'storage' })
      }
    }
  }
  return { origins, skipped }
}
