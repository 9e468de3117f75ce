import { isObject } from '../json.ts'
import type { Format, Reading, Skipped } from './format.ts'
import { member } from './json-cookie.ts'
import { readCookieList } from './json-list.ts'
import { joined } from './read-each.ts'
import { formatInvalid, jsonOf } from './source.ts'
import { readOrigin } from './web-origin.ts'

/**
 * CookieCloud's JSON, decrypted: lists of an extension's cookies by domain under `cookie_data`, and localStorage by host under
 * `local_storage_data`. https://github.com/easychen/CookieCloud
 */
export const cookieCloud: Format = {
  detects({ json }) {
    return 'value' in json && (isObject(member(json.value, 'cookie_data')) || isEncrypted(json.value))
  },

  read(source) {
    const json = jsonOf(source)
    if (isEncrypted(json)) {
      throw formatInvalid('it is still encrypted: the server decrypts it for a POST with the password')
    }
    const byDomain = member(json, 'cookie_data')
    if (!isObject(byDomain)) throw formatInvalid('cookie_data: not an object')
    const { wellEncoded } = source
    const readings = Object.entries(byDomain).map(([domain, list]) => {
      const path = `cookie_data[${JSON.stringify(domain)}]`
      return Array.isArray(list)
        ? readCookieList(list, path, { domain, wellEncoded })
        : { cookies: [], skipped: [{ where: path, reason: 'not a list of cookies' }] }
    })
    const { cookies, skipped } = joined(readings)
    const stores = readStores(member(json, 'local_storage_data'))
    return { cookies, origins: stores.origins, skipped: [...skipped, ...stores.skipped] }
  },
}

/** The answer of the server to a request without the password. */
function isEncrypted(json: unknown): boolean {
  return typeof member(json, 'encrypted') === 'string' && Object.keys(json as object).length === 1
}

/** The file does not have the scheme of an origin, and nearly every site has https. */
function readStores(byHost: unknown): Pick<Reading, 'origins' | 'skipped'> {
  const origins: Reading['origins'][number][] = []
  const skipped: Skipped[] = []
  if (byHost !== undefined && !isObject(byHost))
    skipped.push({ where: 'local_storage_data', reason: 'not an object', what: 'storage' })
  for (const [host, localStorage] of isObject(byHost) ? Object.entries(byHost) : []) {
    const where = `local_storage_data[${JSON.stringify(host)}]`
    const read = readOrigin({ origin: `https://${host}`, localStorage })
    if ('storage' in read) origins.push({ where, storage: read.storage })
    else skipped.push({ where, reason: read.reason, what: 'storage' })
  }
  return { origins, skipped }
}
