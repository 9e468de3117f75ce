import { setTimeout as sleep } from 'node:timers/promises'
import { canonicalHost } from '../../cookies/site.ts'
import type { GivenOrigin } from '../../formats/format.ts'
import { readOrigin } from '../../formats/web-origin.ts'
import type { OriginStorage } from '../../sessions/origin-storage.ts'

/** What the page of an origin keeps. */
export interface PageStorage {
  readonly storage: GivenOrigin
  /** IndexedDB, which is not read. */
  readonly hasDatabases: boolean
}

/** A page that shows a dialog or computes without end answers later, or never: the others and its user do not wait for it. */
const answersWithinMs = 5_000

const script = `(async () => {
  const pairs = (area) =>
    Array.from({ length: area.length }, (_, index) => area.key(index)).map((name) => ({ name, value: area.getItem(name) }))
  const hasDatabases = async () => (await indexedDB.databases()).length > 0
  return JSON.stringify({
    localStorage: pairs(localStorage),
    sessionStorage: pairs(sessionStorage),
    hasDatabases: await hasDatabases().catch(() => false),
  })
})()`

/**
 * Reads the web storage of a page or a frame. One that goes away meanwhile, or is of an opaque origin, has nothing to say.
 * @param url of the page, as the browser says it
 * @param evaluate runs a script in it and gives what that resolves with
 */
export async function readPage(
  url: string,
  wanted: (host: string) => boolean,
  evaluate: (script: string) => Promise<unknown>,
): Promise<PageStorage | undefined> {
  const { protocol = '', hostname = '', origin = '' } = URL.parse(url) ?? {}
  if (!/^https?:$/.test(protocol) || !wanted(canonicalHost(hostname))) return undefined
  const answer = evaluate(script).catch(() => undefined)
  const text = await Promise.race([answer, sleep(answersWithinMs, undefined, { ref: false })])
  return typeof text === 'string' ? pageStorage(origin, text) : undefined
}

/**
 * The script runs among the page's own, which may have made `JSON` and `localStorage` into anything: what it gives is read like a
 * stranger's file, and is of the origin that the browser names, whatever it says.
 */
function pageStorage(origin: string, text: string): PageStorage | undefined {
  const value = parsedJson(text)
  const read = readOrigin({ ...value, origin })
  if ('reason' in read) return undefined
  return { storage: read.storage, hasDatabases: value.hasDatabases === true }
}

function parsedJson(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? { ...value } : {}
  } catch {
    return {}
  }
}

/**
 * Run in a page: its web storage becomes this, and no other page's does: a service worker of the origin, which answers instead of
 * us, may have led elsewhere.
 */
export function writingScript({ origin, localStorage, sessionStorage }: OriginStorage): string {
  return `(() => {
  if (location.origin !== ${JSON.stringify(origin)}) return
  localStorage.clear()
  sessionStorage.clear()
  for (const [key, value] of ${JSON.stringify(localStorage)}) localStorage.setItem(key, value)
  for (const [key, value] of ${JSON.stringify(sessionStorage)}) sessionStorage.setItem(key, value)
})()`
}
