import type { Format } from './format.ts'
import { dottedDomain, isObject, member, ownPartition } from './json-cookie.ts'
import { holdsAllOfCookies, jsonBytes, readCookieList, writeCookieList } from './json-list.ts'
import { formatInvalid } from './source.ts'

const sameSites = { strict: 'Strict', lax: 'Lax', none: 'None' } as const

/** The array that Puppeteer's `cookies()` gives and `setCookie()` takes. Selenium's is read as well. */
export const puppeteer: Format = {
  name: 'puppeteer',
  aliases: [],
  summary: "Puppeteer's array of cookies",

  detects({ json }) {
    if ('flaw' in json || !Array.isArray(json.value)) return false
    return json.value.length === 0 || json.value.some((item) => isObject(item) && Object.hasOwn(item, 'name'))
  },

  read({ json, wellEncoded }) {
    if ('flaw' in json) throw formatInvalid(json.flaw)
    const list = Array.isArray(json.value) ? json.value : member(json.value, 'cookies')
    if (!Array.isArray(list)) throw formatInvalid('not a list of cookies')
    return { ...readCookieList(list, '', { wellEncoded }), origins: [] }
  },

  holds: holdsAllOfCookies,

  write({ cookies }) {
    const { items, left } = writeCookieList(cookies, (cookie, texts) => ({
      name: texts.name,
      value: texts.value,
      domain: dottedDomain(cookie),
      path: texts.path,
      expires: cookie.expiresAt === undefined ? -1 : cookie.expiresAt / 1000,
      httpOnly: cookie.httpOnly,
      secure: cookie.secure,
      session: cookie.expiresAt === undefined,
      ...(cookie.sameSite === 'default' ? {} : { sameSite: sameSites[cookie.sameSite] }),
      ...(cookie.partitioned
        ? { partitionKey: { sourceOrigin: ownPartition(cookie), hasCrossSiteAncestor: false } }
        : {}),
    }))
    return { bytes: jsonBytes(items), left }
  },
}
