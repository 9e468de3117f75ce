import { basename } from 'node:path'
import type { Hallpass } from '../../index.ts'
import type { ImportReport } from '../../sessions/import-contents.ts'
import { attachToChromium, openChromium } from './chromium-window.ts'
import type { DrivenWindow } from './driven-window.ts'
import { openFirefox } from './firefox-window.ts'
import type { KeptSites } from './kept-sites.ts'
import { checkScreen, type WindowOptions } from './window-proxy.ts'
import { nothingYet, readingOf, readWindow, type WindowState } from './window-state.ts'

/** What ends it, besides closing the window. */
export type Until =
  | { readonly kind: 'url'; readonly pattern: RegExp }
  | { readonly kind: 'cookie'; readonly name: string }
  | { readonly kind: 'closed' }

export interface Attendance {
  readonly keep: KeptSites
  readonly until: Until
  /** The user says that he is done, or gives up. */
  readonly done: AbortSignal
  readonly onProgress: (state: WindowState) => void
}

export interface WindowReport extends ImportReport {
  readonly ignored: WindowState['ignored']
  /** Milliseconds since the epoch; undefined when all end with the session. */
  readonly earliestExpiry: number | undefined
}

/** A window that is closed takes its state with it: it is looked at this often. */
const lookEveryMs = 500

/**
 * Signs in by a window: opens the page, waits until its user is done, and brings what the browser holds into the session.
 * Cookies that come over the wire are captured as they come; this completes them by what scripts have set.
 */
export async function login(
  hallpass: Hallpass,
  options: Attendance & WindowOptions & { readonly url: string },
): Promise<WindowReport> {
  await using window = disposable(await openWindow(hallpass, options))
  await window.visit(options.url)
  return await bringIn(hallpass, await attend(window, options), 'merge')
}

/** The same with the session in it from the beginning; in the end the session is what the browser has made of it. */
export async function open(
  hallpass: Hallpass,
  options: Attendance & WindowOptions & { readonly url: string },
): Promise<WindowReport> {
  const session = await hallpass.session()
  const { sites } = options.keep
  const now = Date.now()
  const cookies = (await Promise.all(sites.map((site) => session.cookies(site)))).flat()
  const storages = (await Promise.all(sites.map((site) => session.storages(site)))).flat()
  await using window = disposable(await openWindow(hallpass, options))
  await window.fill(
    cookies.filter(({ expiresAt = Number.POSITIVE_INFINITY }) => expiresAt > now),
    storages,
  )
  await window.visit(options.url)
  return await bringIn(hallpass, await attend(window, options), 'replace')
}

/** Takes over what a browser holds that its user started himself, with remote debugging. It stays open. */
export async function attach(
  hallpass: Hallpass,
  options: Attendance & { readonly endpoint: string },
): Promise<WindowReport> {
  await using window = disposable(await attachToChromium(options.endpoint))
  return await bringIn(hallpass, await attend(window, options), 'merge')
}

async function openWindow(hallpass: Hallpass, options: WindowOptions): Promise<DrivenWindow> {
  checkScreen(options.env)
  const isFirefox = basename(options.executable).toLowerCase().startsWith('firefox')
  return isFirefox ? await openFirefox(hallpass, options) : await openChromium(hallpass, options)
}

function disposable(window: DrivenWindow): DrivenWindow & AsyncDisposable {
  return Object.assign(window, {
    // Its user may have closed it already.
    [Symbol.asyncDispose]: () => window.close().catch(() => undefined),
  })
}

async function attend(
  window: DrivenWindow,
  { until, keep, done, onProgress }: Attendance,
): Promise<WindowState> {
  const end = Promise.withResolvers<void>()
  let ended = done.aborted
  const stop = () => {
    ended = true
    end.resolve()
  }
  void window.closed.then(stop)
  done.addEventListener('abort', stop, { once: true })
  let state = nothingYet
  while (!ended) {
    try {
      state = await readWindow(window, keep, state)
      if (await isReached(until, window, state)) break
    } catch {
      // The window was closed meanwhile; what was seen last counts.
      return state
    }
    onProgress(state)
    await Promise.race([end.promise, new Promise((resolve) => setTimeout(resolve, lookEveryMs))])
  }
  // Once more, for what came with the last step.
  return await readWindow(window, keep, state).catch(() => state)
}

async function isReached(until: Until, window: DrivenWindow, { cookies }: WindowState): Promise<boolean> {
  switch (until.kind) {
    case 'url':
      return (await window.urls()).some((url) => until.pattern.test(url))
    case 'cookie':
      return cookies.some(({ name }) => name === until.name)
    case 'closed':
      return false
  }
}

async function bringIn(
  hallpass: Hallpass,
  state: WindowState,
  mode: 'merge' | 'replace',
): Promise<WindowReport> {
  const reading = readingOf(state)
  const report = await (await hallpass.session()).importInto(reading, { mode })
  const expiries = reading.cookies.flatMap(({ cookie }) => cookie.expiresAt ?? [])
  const earliestExpiry = expiries.length === 0 ? undefined : Math.min(...expiries)
  return { ...report, ignored: state.ignored, earliestExpiry }
}
