import { setTimeout as sleep } from 'node:timers/promises'
import { canonicalHost, siteOf } from '../../cookies/site.ts'
import type { GivenOrigin } from '../../formats/format.ts'
import { member } from '../../formats/json-cookie.ts'
import { readOrigin } from '../../formats/web-origin.ts'
import { maxOriginBytes } from '../../sessions/origin-storage.ts'
import { readDatabases } from './page-databases.ts'

/** The storage of one origin. */
export interface PageStorage {
  readonly storage: GivenOrigin
  /** The databases that are missing from it, and why. */
  readonly unread: readonly UnreadDatabase[]
}

export interface UnreadDatabase {
  /** undefined: it may be any database. */
  readonly name: string | undefined
  readonly reason: string
}

/** By the script's word for the reason. */
const unreadBecause: ReadonlyMap<unknown, string> = new Map([
  ['large', 'a database of more than 10 MiB'],
  ['slow', 'a database that takes too long to read, or is being changed'],
  ['values', 'a database with keys or files that cannot leave the browser'],
  ['unlisted', 'databases that the browser does not list'],
])
const unreadable = 'a database that cannot be read'

/** A page that shows a dialog or computes endlessly may never answer. The other pages and the user do not wait for it. */
const answersWithinMs = 5_000

/** The databases' share of that time. */
const databasesWithinMs = 3_000

/** A part of a script: it defines `databases` and `unread`. */
export const databasesOfPage = `
  const readDatabases = ${readDatabases}
  const unlisted = { databases: [], unread: [{ reason: 'unlisted' }] }
  const limits = { maxBytes: ${maxOriginBytes}, withinMs: ${databasesWithinMs} }
  const { databases, unread } = await readDatabases(limits).catch(() => unlisted)`

const script = `(async () => {
  const pairs = (area) =>
    Array.from({ length: area.length }, (_, index) => area.key(index)).map((name) => ({ name, value: area.getItem(name) }))
  ${databasesOfPage}
  return JSON.stringify({
    localStorage: pairs(localStorage),
    sessionStorage: pairs(sessionStorage),
    indexedDB: databases,
    unread,
  })
})()`

/**
 * Reads the storage of a page or a frame; undefined when it goes away meanwhile or has an opaque origin. Undefined also for a frame
 * below a page of another site: browsers give it a separate storage there, which is not that of its origin.
 * @param urls the URL of the frame and of the pages around it, from the inside out, as the browser reports them
 * @param evaluate runs a script in the frame and returns its result
 */
export async function readPage(
  [url = '', ...above]: readonly string[],
  wanted: (host: string) => boolean,
  evaluate: (script: string) => Promise<unknown>,
): Promise<PageStorage | undefined> {
  const { protocol = '', hostname = '', origin = '' } = URL.parse(url) ?? {}
  if (!/^https?:$/.test(protocol) || !wanted(canonicalHost(hostname))) return undefined
  const site = siteOfUrl(url)
  // A frame of `about:` belongs to the site around it.
  if (above.some((outer) => !outer.startsWith('about:') && siteOfUrl(outer) !== site)) return undefined
  const answer = evaluate(script).catch(() => undefined)
  const text = await Promise.race([answer, sleep(answersWithinMs, undefined, { ref: false })])
  return typeof text === 'string' ? pageStorage(origin, text) : undefined
}

function siteOfUrl(url: string): string | undefined {
  const { protocol, hostname } = URL.parse(url) ?? {}
  return hostname ? `${protocol}//${siteOf(canonicalHost(hostname))}` : undefined
}

/**
 * The script runs among the page's own scripts, which may have replaced `JSON` and `localStorage`. So its result is read like a
 * stranger's file, and belongs to the origin that the browser names, whatever the result says.
 */
function pageStorage(origin: string, text: string): PageStorage | undefined {
  const value = parsedJson(text)
  const read = readOrigin({ ...value, origin })
  if ('reason' in read) return undefined
  const told: readonly unknown[] = Array.isArray(value.unread) ? value.unread : []
  const unread = [...told, ...read.flawed].map((each) => {
    const name = member(each, 'name')
    const reason = unreadBecause.get(member(each, 'reason')) ?? unreadable
    return { name: typeof name === 'string' ? name : undefined, reason }
  })
  return { storage: read.storage, unread }
}

function parsedJson(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? { ...value } : {}
  } catch {
    return {}
  }
}
