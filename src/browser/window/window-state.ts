import { canonicalHost, siteOf } from '../../cookies/site.ts'
import type { Reading } from '../../formats/format.ts'
import { readCookieList } from '../../formats/json-list.ts'
import type { DrivenWindow, WindowCookie } from './driven-window.ts'
import type { KeptSites } from './kept-sites.ts'
import type { PageStorage } from './page-storage.ts'

/** A browser's state at one moment: everything of the kept sites, and only counts of the others. */
export interface WindowState {
  readonly cookies: readonly WindowCookie[]
  /** By origin. */
  readonly pages: ReadonlyMap<string, PageStorage>
  readonly ignored: { readonly cookies: number; readonly sites: number }
}

export const nothingYet: WindowState = { cookies: [], pages: new Map(), ignored: { cookies: 0, sites: 0 } }

/**
 * Reads all cookies, and the web storage of every open page and frame. Storage of origins that no page shows now comes from
 * `before`.
 */
export async function readWindow(
  window: DrivenWindow,
  keep: KeptSites,
  before: WindowState,
): Promise<WindowState> {
  const all = await window.cookies()
  const others = all.filter((cookie) => !keep.has(hostOf(cookie)))
  const pages = new Map(before.pages)
  for (const page of await window.storages((host) => keep.has(host))) {
    const { origin } = page.storage
    pages.set(origin, laidOver(before.pages.get(origin), page))
  }
  return {
    cookies: all.filter((cookie) => keep.has(hostOf(cookie))),
    pages,
    ignored: {
      cookies: others.length,
      sites: new Set(others.map((cookie) => siteOf(hostOf(cookie)))).size,
    },
  }
}

/** A database that could not be read this time still exists: keep it from the reading before. */
function laidOver(before: PageStorage | undefined, { storage, unread }: PageStorage): PageStorage {
  const isUnread = (database: string) => unread.some(({ name = database }) => name === database)
  const kept = before?.storage.indexedDB.filter(([name]) => isUnread(name)) ?? []
  return { storage: { ...storage, indexedDB: [...new Map([...kept, ...storage.indexedDB])] }, unread }
}

export function hostOf({ domain }: WindowCookie): string {
  return canonicalHost(domain.replace(/^\./, ''))
}

/** Passes the state through the gate of imported files, with the same reasons for what is left out. */
export function readingOf({ cookies, pages }: WindowState): Reading {
  const read = readCookieList(cookies, 'cookies', { wellEncoded: true })
  const unread = [...pages.values()].flatMap(({ storage, unread }) =>
    [...new Set(unread.map(({ reason }) => reason))].map((reason) => ({
      where: storage.origin,
      reason: `${reason}: it stays only in the window's profile`,
      what: 'storage' as const,
    })),
  )
  return {
    cookies: read.cookies,
    skipped: [...read.skipped, ...unread],
    origins: [...pages.values()].map(({ storage }) => ({ where: storage.origin, storage })),
  }
}
