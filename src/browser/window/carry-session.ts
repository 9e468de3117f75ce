import type { Cookie } from '../../cookies/cookie.ts'
import type { Session } from '../../index.ts'
import type { ImportReport } from '../../sessions/import-contents.ts'
import { cookieChanges } from './cookie-changes.ts'
import type { DrivenWindow, Refused } from './driven-window.ts'
import type { KeptSites } from './kept-sites.ts'
import { hostOf, nothingYet, readingOf, readWindow, type WindowState } from './window-state.ts'

export interface WindowReport extends ImportReport {
  readonly ignored: WindowState['ignored']
  /** Milliseconds since the epoch; undefined when all cookies end with the browser's session. */
  readonly earliestExpiry: number | undefined
}

/** The last reading, and the session's cookies just before it. */
export interface LastLook {
  readonly state: WindowState
  readonly held: readonly Cookie[]
}

/**
 * Replaces what the profile still has by what the session has.
 * @param emptied origins whose web storage goes although the session has none of them
 */
export async function putIn(
  session: Session,
  window: DrivenWindow,
  keep: KeptSites,
  emptied: readonly string[],
): Promise<{ readonly put: WindowState; readonly refused: Refused }> {
  const now = Date.now()
  const cookies = await heldOf(session, keep)
  const storages = (await Promise.all(keep.sites.map((site) => session.storage.list(site)))).flat()
  for (const origin of emptied) {
    if (!storages.some((held) => held.origin === origin))
      storages.push({ origin, localStorage: [], sessionStorage: [], indexedDB: [], capturedAt: now })
  }
  const old = (await window.cookies()).filter((cookie) => keep.has(hostOf(cookie)))
  for (const domain of new Set(old.map((cookie) => cookie.domain))) await window.forget(domain)
  const refused = await window.fill(
    cookies.filter(({ expiresAt = Number.POSITIVE_INFINITY }) => expiresAt > now),
    storages,
  )
  return { put: await readWindow(window, keep, nothingYet), refused }
}

export async function heldOf(session: Session, keep: KeptSites): Promise<readonly Cookie[]> {
  return (await Promise.all(keep.sites.map((site) => session.cookies.list(site)))).flat()
}

/** @param put the window's state at the start. Without it, everything comes in and nothing is removed. */
export async function bringIn(
  session: Session,
  keep: KeptSites,
  { state, held }: LastLook,
  put?: WindowState,
): Promise<WindowReport> {
  const reading = readingOf(state)
  const { come, gone } = cookieChanges({
    put: put === undefined ? [] : readingOf(put).cookies,
    seen: reading.cookies,
    before: held,
    now: await heldOf(session, keep),
  })
  const changed = { ...reading, cookies: come }
  const mode = put === undefined ? 'merge' : 'replace'
  const report = await session.importInto(changed, { mode, gone })
  for (const site of keep.sites) {
    const times = (await session.cookies.list(site)).map(({ updatedAt }) => updatedAt)
    // The window's proxy captured most of them.
    await session.health.renewedAt(site, Math.max(0, ...times))
  }
  const expiries = reading.cookies.flatMap(({ cookie }) => cookie.expiresAt ?? [])
  const earliestExpiry = expiries.length === 0 ? undefined : Math.min(...expiries)
  return { ...report, ignored: state.ignored, earliestExpiry }
}
