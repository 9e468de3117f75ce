import type { BrowserContext, Page } from 'playwright-core'
import type { Hallpass } from '../../index.ts'
import type { ImportReport } from '../../sessions/import-contents.ts'
import { type AttachedBrowser, attachTo } from './attach.ts'
import { fillWindow } from './fill-window.ts'
import type { KeptSites } from './kept-sites.ts'
import { openWindow, type WindowOptions } from './open-window.ts'
import { readingOf, readWindow, type WindowState } from './window-state.ts'

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
  const window = await openWindow(hallpass, options)
  try {
    const page = await firstPage(window.context)
    await visit(page, options.url)
    return await bringIn(hallpass, await attend(window, options), 'merge')
  } finally {
    await window.close().catch(() => undefined)
  }
}

/** The same with the session in it from the beginning; in the end the session is what the browser has made of it. */
export async function open(
  hallpass: Hallpass,
  options: Attendance & WindowOptions & { readonly url: string },
): Promise<WindowReport> {
  const session = await hallpass.session()
  const window = await openWindow(hallpass, options)
  try {
    const page = await firstPage(window.context)
    await fillWindow(page, session, options.keep, Date.now())
    await visit(page, options.url)
    return await bringIn(hallpass, await attend(window, options), 'replace')
  } finally {
    await window.close().catch(() => undefined)
  }
}

/** Takes over what a browser holds that its user started himself, with remote debugging. It stays open. */
export async function attach(
  hallpass: Hallpass,
  options: Attendance & { readonly endpoint: string },
): Promise<WindowReport> {
  const browser = await attachTo(options.endpoint)
  try {
    return await bringIn(hallpass, await attend(browser, options), 'merge')
  } finally {
    await browser.leave()
  }
}

async function firstPage(context: BrowserContext): Promise<Page> {
  return context.pages()[0] ?? (await context.newPage())
}

/** A page that fails to load is for its user to see and to mend: another address, another try. */
async function visit(page: Page, url: string): Promise<void> {
  await page.goto(url, { waitUntil: 'commit' }).catch(() => undefined)
}

async function attend(
  { context, closed }: Pick<AttachedBrowser, 'context' | 'closed'>,
  { until, keep, done, onProgress }: Attendance,
): Promise<WindowState> {
  const end = Promise.withResolvers<void>()
  let ended = done.aborted
  const stop = () => {
    ended = true
    end.resolve()
  }
  void closed.then(stop)
  done.addEventListener('abort', stop, { once: true })
  const isThere = (page: Page) => until.kind === 'url' && until.pattern.test(page.url())
  let state: WindowState = { cookies: [], origins: new Map(), ignored: { cookies: 0, sites: 0 } }
  while (!ended) {
    try {
      state = await readWindow(context, keep, state)
    } catch {
      // The window was closed meanwhile; what was seen last counts.
      return state
    }
    onProgress(state)
    if (context.pages().some(isThere)) break
    if (until.kind === 'cookie' && state.cookies.some(({ name }) => name === until.name)) break
    await Promise.race([end.promise, new Promise((resolve) => setTimeout(resolve, lookEveryMs))])
  }
  // Once more, for what came with the last step.
  return await readWindow(context, keep, state).catch(() => state)
}

async function bringIn(
  hallpass: Hallpass,
  state: WindowState,
  mode: 'merge' | 'replace',
): Promise<WindowReport> {
  const reading = readingOf(state, Date.now())
  const report = await (await hallpass.session()).importInto(reading, { mode })
  const expiries = reading.cookies.flatMap(({ cookie }) => cookie.expiresAt ?? [])
  const earliestExpiry = expiries.length === 0 ? undefined : Math.min(...expiries)
  return { ...report, ignored: state.ignored, earliestExpiry }
}
