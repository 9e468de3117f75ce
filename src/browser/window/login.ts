import type { Page } from 'playwright-core'
import type { Hallpass } from '../../index.ts'
import type { ImportReport } from '../../sessions/import-contents.ts'
import { type OpenWindow, openWindow, type WindowOptions } from './open-window.ts'
import { readingOf, readWindow, type WindowState } from './window-state.ts'

/** What ends a sign-in, besides closing the window. */
export type Until =
  | { readonly kind: 'url'; readonly pattern: RegExp }
  | { readonly kind: 'cookie'; readonly name: string }
  | { readonly kind: 'closed' }

export interface LoginOptions extends WindowOptions {
  readonly url: string
  readonly until: Until
  /** The user says that he is done, or gives up. */
  readonly done: AbortSignal
  readonly onProgress: (state: WindowState) => void
}

export interface LoginReport extends ImportReport {
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
export async function login(hallpass: Hallpass, options: LoginOptions): Promise<LoginReport> {
  const window = await openWindow(hallpass, options)
  try {
    const state = await watch(window, options)
    const session = await hallpass.session()
    const reading = readingOf(state, Date.now())
    const report = await session.importInto(reading, { mode: 'merge' })
    const expiries = reading.cookies.flatMap(({ cookie }) => cookie.expiresAt ?? [])
    const earliestExpiry = expiries.length === 0 ? undefined : Math.min(...expiries)
    return { ...report, ignored: state.ignored, earliestExpiry }
  } finally {
    await window.close().catch(() => undefined)
  }
}

async function watch(
  { context, closed }: OpenWindow,
  { url, until, keep, done, onProgress }: LoginOptions,
): Promise<WindowState> {
  let ended = false
  const end = Promise.withResolvers<void>()
  void closed.then(() => end.resolve())
  done.addEventListener('abort', () => end.resolve(), { once: true })
  void end.promise.then(() => {
    ended = true
  })
  const isThere = (page: Page) => until.kind === 'url' && until.pattern.test(page.url())
  const page = context.pages()[0] ?? (await context.newPage())
  // A page that fails to load is for its user to see and to mend: another address, another try.
  await page.goto(url, { waitUntil: 'commit' }).catch(() => undefined)
  let state: WindowState = { cookies: [], origins: new Map(), ignored: { cookies: 0, sites: 0 } }
  while (!ended && !done.aborted) {
    try {
      state = await readWindow(context, keep, state)
    } catch {
      // The window was closed meanwhile; what was seen last counts.
      break
    }
    onProgress(state)
    if (context.pages().some(isThere)) break
    if (until.kind === 'cookie' && state.cookies.some(({ name }) => name === until.name)) break
    await Promise.race([end.promise, new Promise((resolve) => setTimeout(resolve, lookEveryMs))])
  }
  // Once more, for what came with the last step.
  return await readWindow(context, keep, state).catch(() => state)
}
