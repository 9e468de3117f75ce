import { isObject } from '../json.ts'
import type { WrittenFormat } from './format.ts'
import { dottedDomain, ownPartition } from './json-cookie.ts'
import { holdsAllOfCookies, jsonBytes, readCookieFile, writeCookieList } from './json-list.ts'

/** Members that only the cookies of a browser's extension API have. */
const marks = ['expirationDate', 'hostOnly', 'storeId'] as const

const sameSites = { strict: 'strict', lax: 'lax', none: 'no_restriction', default: 'unspecified' } as const

/** The JSON of browser extensions: EditThisCookie, Cookie-Editor and others that print the result of `chrome.cookies`. */
export const extension: WrittenFormat = {
  detects({ json }) {
    if ('flaw' in json || !Array.isArray(json.value)) return false
    return json.value.some((item) => isObject(item) && marks.some((name) => Object.hasOwn(item, name)))
  },

  read: readCookieFile,

  holds: holdsAllOfCookies,

  write({ cookies }) {
    const { items, left } = writeCookieList(cookies, (cookie, texts, index) => ({
      domain: dottedDomain(cookie),
      ...(cookie.expiresAt === undefined ? {} : { expirationDate: cookie.expiresAt / 1000 }),
      hostOnly: cookie.hostOnly,
      httpOnly: cookie.httpOnly,
      name: texts.name,
      ...(cookie.partitioned
        ? { partitionKey: { topLevelSite: ownPartition(cookie), hasCrossSiteAncestor: false } }
        : {}),
      path: texts.path,
      sameSite: sameSites[cookie.sameSite],
      secure: cookie.secure,
      session: cookie.expiresAt === undefined,
      storeId: '0',
      value: texts.value,
      id: index + 1,
    }))
    return { bytes: jsonBytes(items), left }
  },
}
