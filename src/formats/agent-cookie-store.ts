import { isObject } from '../json.ts'
import type { WrittenFormat } from './format.ts'
import { member, readJsonCookie } from './json-cookie.ts'
import { drivenCookie, holdsAllOfCookies, jsonBytes, writeCookieList } from './json-list.ts'
import { joined, readEach } from './read-each.ts'
import { formatInvalid, jsonOf } from './source.ts'

const version = 'agent-cookie-store-v1'

/**
 * `agent-cookie-store-v1`: cookies by domain under `domain_cookies`, notes under `metadata`. A domain has a list of
 * cookies, or an object from name to value or cookie. The notes are about the file and are not taken in.
 */
export const agentCookieStore: WrittenFormat = {
  detects({ json }) {
    return 'value' in json && isObject(member(json.value, 'domain_cookies'))
  },

  read(source) {
    const { wellEncoded } = source
    const byDomain = member(jsonOf(source), 'domain_cookies')
    if (!isObject(byDomain)) throw formatInvalid('domain_cookies: not an object')
    const readings = Object.entries(byDomain).map(([domain, held]) => {
      const path = `domain_cookies[${JSON.stringify(domain)}]`
      const items = itemsOf(held)
      if (items === undefined)
        return { cookies: [], skipped: [{ where: path, reason: 'neither a list nor an object of cookies' }] }
      const placed = items.map(({ key, value }) => ({
        where: `${path}[${JSON.stringify(key)}]`,
        item: value,
      }))
      return readEach(placed, (value) => readJsonCookie(value, { domain, wellEncoded }))
    })
    return { ...joined(readings), origins: [] }
  },

  holds: holdsAllOfCookies,

  write({ cookies }, now) {
    const { items, left } = writeCookieList(cookies, (cookie, texts) => ({
      ...drivenCookie(cookie, texts),
      ...(cookie.partitioned ? { partitioned: true } : {}),
    }))
    const byDomain = Map.groupBy(items, ({ domain }) => domain.replace(/^\./, ''))
    const written = new Date(now).toISOString()
    const file = {
      schema: version,
      domain_cookies: Object.fromEntries(byDomain),
      metadata: { created_at: written, last_updated: written, source: 'hallpass' },
    }
    return { bytes: jsonBytes(file), left }
  },
}

/** The cookies of a domain, each with the key that leads to it. */
function itemsOf(
  held: unknown,
): readonly { readonly key: string | number; readonly value: unknown }[] | undefined {
  if (Array.isArray(held)) return held.map((value, key) => ({ key, value }))
  if (!isObject(held)) return undefined
  return Object.entries(held).map(([name, value]) => {
    return { key: name, value: isObject(value) ? { name, ...value } : { name, value } }
  })
}
