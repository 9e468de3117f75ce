import { canonicalHost, siteOf } from '../../cookies/site.ts'
import type { GivenOrigin, Reading } from '../../formats/format.ts'
import { readCookieList } from '../../formats/json-list.ts'
import type { DrivenWindow, WindowCookie } from './driven-window.ts'
import type { KeptSites } from './kept-sites.ts'

/** What a browser holds at one moment, of the sites that are kept; of the others only how much there is. */
export interface WindowState {
  readonly cookies: readonly WindowCookie[]
  readonly origins: ReadonlyMap<string, GivenOrigin>
  readonly ignored: { readonly cookies: number; readonly sites: number }
}

export const nothingYet: WindowState = { cookies: [], origins: new Map(), ignored: { cookies: 0, sites: 0 } }

/**
 * Reads cookies, those that scripts set too, and the web storage of every page and frame that is open. What was read before
 * of origins that no page shows now is kept from `before`.
 */
export async function readWindow(
  window: DrivenWindow,
  keep: KeptSites,
  before: WindowState,
): Promise<WindowState> {
  const all = await window.cookies()
  const hostOf = ({ domain }: WindowCookie) => canonicalHost(domain.replace(/^\./, ''))
  const others = all.filter((cookie) => !keep.has(hostOf(cookie)))
  const origins = new Map(before.origins)
  for (const origin of await window.storages((host) => keep.has(host))) origins.set(origin.origin, origin)
  return {
    cookies: all.filter((cookie) => keep.has(hostOf(cookie))),
    origins,
    ignored: {
      cookies: others.length,
      sites: new Set(others.map((cookie) => siteOf(hostOf(cookie)))).size,
    },
  }
}

/** The state as any file that is imported: through the same gate, with the same reasons for what is left out. */
export function readingOf({ cookies, origins }: WindowState): Reading {
  return {
    ...readCookieList(cookies, 'cookies', { wellEncoded: true }),
    origins: [...origins.values()].map((storage) => ({ where: storage.origin, storage })),
  }
}
