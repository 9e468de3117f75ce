import { isObject } from '../json.ts'
import type { WrittenFormat } from './format.ts'
import { ownPartition } from './json-cookie.ts'
import { drivenCookie, holdsAllOfCookies, jsonBytes, readCookieFile, writeCookieList } from './json-list.ts'

/** The array that Puppeteer's `cookies()` gives and `setCookie()` takes. Selenium's is read as well. */
export const puppeteer: WrittenFormat = {
  detects({ json }) {
    if ('flaw' in json || !Array.isArray(json.value)) return false
    return json.value.length === 0 || json.value.some((item) => isObject(item) && Object.hasOwn(item, 'name'))
  },

  read: readCookieFile,

  holds: holdsAllOfCookies,

  write({ cookies }) {
    const { items, left } = writeCookieList(cookies, (cookie, texts) => ({
      ...drivenCookie(cookie, texts),
      session: cookie.expiresAt === undefined,
      ...(cookie.partitioned
        ? { partitionKey: { sourceOrigin: ownPartition(cookie), hasCrossSiteAncestor: false } }
        : {}),
    }))
    return { bytes: jsonBytes(items), left }
  },
}
