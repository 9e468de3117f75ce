import type { SameSite } from '../cookies/cookie.ts'
import { siteOf } from '../cookies/site.ts'
import { isObject, type JsonObject } from '../json.ts'
import { domainOf } from './domain.ts'
import type { GivenCookie } from './format.ts'
import { type KeptCookie, keptCookie, unreadable } from './found-cookie.ts'
import { timeOfSeconds, timeOfText } from './given-time.ts'
import { fromWire, toWire } from './latin1.ts'

/** A member of a value that may not be an object. */
export function member(object: unknown, name: string): unknown {
  return isObject(object) ? object[name] : undefined
}

export interface JsonCookieOptions {
  /** For a cookie that names no domain. */
  readonly domain?: string | undefined
  /** Whether the text could be decoded as it stands; where not, a replaced character is a byte that is lost. */
  readonly wellEncoded: boolean
}

/** The members under which tools keep an end of life: Chrome's API, Playwright and Puppeteer, Selenium, others. */
const expiryNames = ['expirationDate', 'expires', 'expiry', 'expires_at', 'expiresAt'] as const

/** A cookie as JSON has it, in any of the spellings of browsers and their tools, or why it cannot be read. */
export function readJsonCookie(
  value: unknown,
  { domain: fallback, wellEncoded }: JsonCookieOptions,
): KeptCookie | string {
  if (!isObject(value)) return 'not an object'
  const field = (...names: readonly string[]) =>
    names.map((name) => member(value, name)).find((found) => found !== undefined && found !== null)
  const name = textOf(field('name'))
  const content = textOf(field('value'))
  if (name === undefined) return 'no name'
  if (content === undefined) {
    return field('value') === undefined ? 'no value' : 'the value is not text'
  }
  const where = textOf(field('domain', 'host')) ?? fallback
  if (where === undefined || where === '') return 'no domain'
  const host = domainOf(where)
  if (host === undefined) return 'the domain is not a host name'
  const isText = (text: string) => text.isWellFormed() && (wellEncoded || !text.includes('\ufffd'))
  if (![name, content].every(isText)) {
    return name.isWellFormed() && content.isWellFormed() ? 'text that is not UTF-8' : 'half a character'
  }
  const path = textOf(field('path') ?? '/')
  const partitioned = partitionOf(value, host.domain)
  if (typeof partitioned === 'string') return partitioned
  return keptCookie({
    name: toWire(name),
    value: toWire(content),
    domain: host,
    hostOnly: flagOf(field('hostOnly', 'host_only')),
    path: path === undefined || !isText(path) ? unreadable : path === '' ? '/' : toWire(path),
    expiresAt: expiryOf(value),
    secure: flagOf(field('secure')) ?? false,
    httpOnly: flagOf(field('httpOnly', 'http_only')) ?? false,
    sameSite: sameSiteOf(field('sameSite', 'same_site')),
    partitioned,
  })
}

/** Name, value and path as JSON can have them; undefined when their bytes are no UTF-8. */
export function jsonTexts(
  cookie: GivenCookie,
): { readonly name: string; readonly value: string; readonly path: string } | undefined {
  const [name, value, path] = [fromWire(cookie.name), fromWire(cookie.value), fromWire(cookie.path)]
  if (name === undefined || value === undefined || path === undefined) return undefined
  return { name, value, path }
}

/** `.example.com` for the domain with the hosts below it, `example.com` for the host alone. */
export function dottedDomain({ domain, hostOnly }: GivenCookie): string {
  return hostOnly ? domain : `.${domain}`
}

/** The top-level site whose partition a partitioned cookie of ours is in: its own. */
export function ownPartition(cookie: GivenCookie): string {
  const site = siteOf(cookie.domain)
  return `https://${site.includes(':') ? `[${site}]` : site}`
}

/** A number or a flag is text that somebody forgot to quote; a number that JSON does not hold exactly has lost digits of it. */
function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  return typeof value === 'boolean' || Number.isSafeInteger(value) ? String(value) : undefined
}

function flagOf(value: unknown): boolean | typeof unreadable | undefined {
  if (typeof value === 'boolean') return value
  if (value === 1 || value === 0) return value === 1
  if (value === undefined || value === null || value === '') return undefined
  const text = String(value).toLowerCase()
  return text === 'true' ? true : text === 'false' ? false : unreadable
}

function expiryOf(cookie: JsonObject): number | typeof unreadable | undefined {
  if (flagOf(member(cookie, 'session')) === true) return undefined
  const given = expiryNames
    .map((name) => member(cookie, name))
    .find((value) => value !== undefined && value !== null)
  if (given === undefined || given === '' || given === -1 || given === 0) return undefined
  if (typeof given === 'number') return timeOfSeconds(given) ?? unreadable
  if (typeof given !== 'string') return unreadable
  if (/^session$/i.test(given)) return undefined
  if (/^-?\d+(\.\d+)?$/.test(given)) return expiryOf({ expires: Number(given) })
  return timeOfText(given) ?? unreadable
}

/** Tools have these words for a cookie whose site said nothing. */
const noSameSite = ['', 'default', 'unspecified', 'unset', 'null']

export function sameSiteOf(value: unknown): SameSite | typeof unreadable {
  const text = String(value ?? '').toLowerCase()
  if (text === 'strict' || text === 'lax' || text === 'none') return text
  if (text === 'no_restriction') return 'none'
  return noSameSite.includes(text) ? 'default' : unreadable
}

/** Whether it is partitioned, or why it cannot be taken: a jar knows each site's own partition alone. */
export function partitionOf(cookie: JsonObject, domain: string): boolean | string {
  const key = member(cookie, 'partitionKey') ?? undefined
  if (key === undefined || key === '') {
    const flag = flagOf(member(cookie, 'partitioned')) ?? false
    return flag === unreadable ? 'whether it is partitioned cannot be read' : flag
  }
  const top = isObject(key) ? (member(key, 'topLevelSite') ?? member(key, 'sourceOrigin')) : key
  // Chrome's API writes an empty key for a cookie without a partition.
  if (isObject(key) && (top === undefined || top === '')) return false
  if (typeof top !== 'string' || !URL.canParse(top)) return 'the partition key is not a site'
  const ancestor = isObject(key)
    ? member(key, 'hasCrossSiteAncestor')
    : member(cookie, '_crHasCrossSiteAncestor')
  if (siteOf(new URL(top).hostname) !== siteOf(domain) || ancestor === true) {
    return 'it is in the partition of another site; hallpass keeps only cookies in the partition of their own site'
  }
  return true
}
