import { basename } from 'node:path'
import { HallpassError } from '../../errors.ts'
import type { Hallpass } from '../../index.ts'
import type { ImportReport } from '../../sessions/import-contents.ts'
import { withLock } from '../../store/lock.ts'
import { windowLock } from '../../store/record-path.ts'
import { attachToChromium, openChromium } from './chromium-window.ts'
import type { DrivenWindow } from './driven-window.ts'
import { openFirefox } from './firefox-window.ts'
import type { KeptSites } from './kept-sites.ts'
import { checkScreen, type WindowOptions } from './window-proxy.ts'
import { hostOf, nothingYet, readingOf, readWindow, type WindowState } from './window-state.ts'

/** What ends it, besides closing the window. */
export type Until =
  | { readonly kind: 'url'; readonly text: string; readonly pattern: RegExp }
  | { readonly kind: 'cookie'; readonly name: string }
  | { readonly kind: 'closed' }

export interface Attendance {
  readonly keep: KeptSites
  readonly until: Until
  /** The user says that he is done. */
  readonly done: AbortSignal
  /** He does not want it any more: nothing more is brought in, and its reason is thrown. */
  readonly givenUp: AbortSignal
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
  return await alone(hallpass, async () => {
    await using window = disposable(await openWindow(hallpass, options))
    void window.visit(options.url) // its user may give up a site that does not answer
    return await bringIn(hallpass, await attend(window, options), 'merge')
  })
}

/** The same with the session in it from the beginning; in the end the session is what the browser has made of it. */
export async function open(
  hallpass: Hallpass,
  options: Attendance & WindowOptions & { readonly url: string },
): Promise<WindowReport> {
  return await alone(hallpass, async () => {
    await using window = disposable(await openWindow(hallpass, options))
    await putIn(hallpass, window, options.keep)
    void window.visit(options.url)
    return await bringIn(hallpass, await attend(window, options), 'replace')
  })
}

/** Takes over what a browser holds that its user started himself, with remote debugging. It stays open. */
export async function attach(
  hallpass: Hallpass,
  options: Attendance & { readonly endpoint: string },
): Promise<WindowReport> {
  await using window = disposable(await attachToChromium(options.endpoint))
  return await bringIn(hallpass, await attend(window, options), 'merge')
}

/** Two browsers cannot have one profile, and the later of two windows would undo what the other brings. */
async function alone<T>(hallpass: Hallpass, use: () => Promise<T>): Promise<T> {
  let mine = false
  const run = async () => {
    mine = true
    return await use()
  }
  try {
    return await withLock(windowLock(hallpass.home, hallpass.sessionName), run, { timeoutMs: 0 })
  } catch (error) {
    if (mine || !(error instanceof HallpassError && error.code === 'lock-timeout')) throw error
    throw new HallpassError(
      'browser-failed',
      `a window of the session "${hallpass.sessionName}" is open already: close it first`,
      { hint: 'hallpass session create NAME' },
    )
  }
}

/** What the session has, instead of what was left in the profile. */
async function putIn(hallpass: Hallpass, window: DrivenWindow, keep: KeptSites): Promise<void> {
  const session = await hallpass.session()
  const now = Date.now()
  const cookies = (await Promise.all(keep.sites.map((site) => session.cookies(site)))).flat()
  const storages = (await Promise.all(keep.sites.map((site) => session.storages(site)))).flat()
  const left = (await window.cookies()).filter((cookie) => keep.has(hostOf(cookie)))
  for (const domain of new Set(left.map((cookie) => cookie.domain))) await window.forget(domain)
  await window.fill(
    cookies.filter(({ expiresAt = Number.POSITIVE_INFINITY }) => expiresAt > now),
    storages,
  )
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
  { until, keep, done, givenUp, onProgress }: Attendance,
): Promise<WindowState> {
  const end = Promise.withResolvers<void>()
  let ended = done.aborted || givenUp.aborted
  const stop = () => {
    ended = true
    end.resolve()
  }
  void window.closed.then(stop)
  for (const signal of [done, givenUp]) signal.addEventListener('abort', stop, { once: true })
  let state = nothingYet
  while (!ended) {
    try {
      state = await readWindow(window, keep, state)
      const urls = await window.urls()
      // Without windows some systems leave the program running.
      if (urls.length === 0 || isReached(until, urls, state)) break
    } catch {
      break // it was closed meanwhile
    }
    onProgress(state)
    await Promise.race([end.promise, new Promise((resolve) => setTimeout(resolve, lookEveryMs))])
  }
  givenUp.throwIfAborted()
  // Once more, for what came with the last step; of one that is closed, what was seen last counts.
  return await readWindow(window, keep, state).catch(() => state)
}

function isReached(until: Until, urls: readonly string[], { cookies }: WindowState): boolean {
  switch (until.kind) {
    case 'url':
      return urls.some((url) => until.pattern.test(url))
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
