import type { BrowserContext, Frame } from 'playwright-core'
import { canonicalHost, siteOf } from '../../cookies/site.ts'
import type { GivenOrigin, Reading } from '../../formats/format.ts'
import { Source } from '../../formats/source.ts'
import { storageState } from '../../formats/storage-state.ts'
import type { KeptSites } from './kept-sites.ts'

type BrowserCookie = Awaited<ReturnType<BrowserContext['cookies']>>[number]

/** What a browser holds at one moment, of the sites that are kept; of the others only how much there is. */
export interface WindowState {
  readonly cookies: readonly BrowserCookie[]
  readonly origins: ReadonlyMap<string, GivenOrigin>
  readonly ignored: { readonly cookies: number; readonly sites: number }
}

/**
 * Reads cookies (those that scripts set too) and the web storage of every page and frame that is open. What was read before
 * of origins that no page shows now is kept from `before`.
 */
export async function readWindow(
  context: BrowserContext,
  keep: KeptSites,
  before: WindowState,
): Promise<WindowState> {
  const all = await context.cookies()
  const isKept = ({ domain }: BrowserCookie) => keep.has(hostOf(domain))
  const others = all.filter((cookie) => !isKept(cookie))
  const frames = context.pages().flatMap((page) => page.frames())
  const read = await Promise.all(frames.map((frame) => originOf(frame, keep)))
  const origins = new Map(before.origins)
  for (const origin of read) if (origin !== undefined) origins.set(origin.origin, origin)
  return {
    cookies: all.filter(isKept),
    origins,
    ignored: {
      cookies: others.length,
      sites: new Set(others.map(({ domain }) => siteOf(hostOf(domain)))).size,
    },
  }
}

/** The state as any file that is imported: through the same gate, with the same reasons for what is left out. */
export function readingOf({ cookies, origins }: WindowState, now: number): Reading {
  const state = { cookies, origins: [] }
  const { skipped, ...read } = storageState.read(new Source(Buffer.from(JSON.stringify(state))), { now })
  return {
    ...read,
    origins: [...origins.values()].map((storage) => ({ where: storage.origin, storage })),
    skipped,
  }
}

/** A frame that goes away meanwhile, or one of an opaque origin, has nothing to say. */
async function originOf(frame: Frame, keep: KeptSites): Promise<GivenOrigin | undefined> {
  const url = URL.parse(frame.url())
  if (url === null || !/^https?:$/.test(url.protocol) || !keep.has(hostOf(url.hostname))) return undefined
  try {
    const { localStorage, sessionStorage } = await frame.evaluate(() => {
      const pairs = (area: Storage) =>
        Array.from({ length: area.length }, (_, index) => area.key(index) ?? '').map(
          (key): [string, string] => [key, area.getItem(key) ?? ''],
        )
      return {
        localStorage: pairs(globalThis.localStorage),
        sessionStorage: pairs(globalThis.sessionStorage),
      }
    })
    return { origin: url.origin, localStorage, sessionStorage }
  } catch {
    return undefined
  }
}

function hostOf(domain: string): string {
  return canonicalHost(domain.replace(/^\./, '').replace(/^\[(.*)\]$/, '$1'))
}
