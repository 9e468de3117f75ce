import type { GivenCookie, Reading, Skipped } from './format.ts'
import { type JsonCookieOptions, jsonTexts, readJsonCookie } from './json-cookie.ts'
import { bytesOf, toWire } from './wire-text.ts'

/** Reads each cookie of a list; `path` leads to the list. */
export function readCookieList(
  values: readonly unknown[],
  path: string,
  options: JsonCookieOptions,
): Pick<Reading, 'cookies' | 'skipped'> {
  const cookies: Reading['cookies'][number][] = []
  const skipped: Skipped[] = []
  for (const [index, value] of values.entries()) {
    const where = `${path}[${index}]`
    const read = readJsonCookie(value, options)
    if ('cookie' in read) cookies.push({ where, cookie: read.cookie })
    else skipped.push({ where, reason: read.reason })
  }
  return { cookies, skipped }
}

/** Makes an item of each cookie that JSON can hold. */
export function writeCookieList<Item>(
  cookies: readonly GivenCookie[],
  itemOf: (cookie: GivenCookie, texts: NonNullable<ReturnType<typeof jsonTexts>>, index: number) => Item,
): { readonly items: readonly Item[]; readonly left: readonly Skipped[] } {
  const items: Item[] = []
  const left: Skipped[] = []
  for (const cookie of cookies) {
    const texts = jsonTexts(cookie)
    if (texts !== undefined) items.push(itemOf(cookie, texts, items.length))
    else left.push({ where: cookie.domain, reason: 'JSON cannot hold bytes that are not UTF-8' })
  }
  return { items, left }
}

export function jsonBytes(value: unknown): Uint8Array {
  return bytesOf(toWire(`${JSON.stringify(value, null, 2)}\n`))
}

/** Every attribute, as those formats hold them that came out of a browser. */
export const holdsAllOfCookies = {
  domain: true,
  path: true,
  expiry: 'milliseconds',
  secure: true,
  httpOnly: true,
  sameSite: true,
  partitioned: true,
  localStorage: false,
  sessionStorage: false,
  indexedDB: false,
  bytes: 'UTF-8',
} as const
