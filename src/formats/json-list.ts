import type { GivenCookie, Reading, Skipped } from './format.ts'
import { dottedDomain, type JsonCookieOptions, jsonTexts, member, readJsonCookie } from './json-cookie.ts'
import { bytesOf, toWire } from './latin1.ts'
import { type CookiesRead, readEach } from './read-each.ts'
import { formatInvalid, jsonOf, type Source } from './source.ts'

/** Reads a file that is a list of cookies, or has one under `cookies`, as some tools wrap it. */
export function readCookieFile(source: Source): Reading {
  const json = jsonOf(source)
  const list = Array.isArray(json) ? json : member(json, 'cookies')
  if (!Array.isArray(list)) throw formatInvalid('not a list of cookies')
  return { ...readCookieList(list, '', source), origins: [] }
}

/** Reads each cookie of a list; `path` leads to the list. */
export function readCookieList(
  values: readonly unknown[],
  path: string,
  options: JsonCookieOptions,
): CookiesRead {
  const items = values.map((item, index) => ({ where: `${path}[${index}]`, item }))
  return readEach(items, (value) => readJsonCookie(value, options))
}

export type Texts = NonNullable<ReturnType<typeof jsonTexts>>

/** Makes an item of each cookie that JSON can hold. */
export function writeCookieList<Item>(
  cookies: readonly GivenCookie[],
  itemOf: (cookie: GivenCookie, texts: Texts, index: number) => Item,
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

const sameSites = { strict: 'Strict', lax: 'Lax', none: 'None' } as const

/** A cookie in the words of the tools that drive a browser. Each has its own word for the partition. */
export function drivenCookie(cookie: GivenCookie, { name, value, path }: Texts) {
  return {
    name,
    value,
    domain: dottedDomain(cookie),
    path,
    expires: cookie.expiresAt === undefined ? -1 : cookie.expiresAt / 1000,
    httpOnly: cookie.httpOnly,
    secure: cookie.secure,
    // Left out, a browser takes its own default: as it was when the site said nothing.
    ...(cookie.sameSite === 'default' ? {} : { sameSite: sameSites[cookie.sameSite] }),
  }
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
