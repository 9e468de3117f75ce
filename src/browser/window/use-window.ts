import { rm } from 'node:fs/promises'
import { basename } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { HallpassError } from '../../errors.ts'
import type { Hallpass } from '../../index.ts'
import { type Glob, matchesGlob } from '../../rules/glob.ts'
import { withLock } from '../../store/lock.ts'
import { profilesFolder, windowLock } from '../../store/record-path.ts'
import { bringIn, heldOf, type LastLook, putIn, type WindowReport } from './carry-session.ts'
import { attachToChromium, openChromium } from './chromium-window.ts'
import type { DrivenWindow } from './driven-window.ts'
import { openFirefox } from './firefox-window.ts'
import type { KeptSites } from './kept-sites.ts'
import { refusedItems, withRefused } from './refused-items.ts'
import { notStarted, type WindowOptions } from './window-proxy.ts'
import { nothingYet, readWindow, type WindowState } from './window-state.ts'

/** The sign that ends a login before the window is closed. */
export type Until =
  | { readonly kind: 'url'; readonly text: string; readonly glob: Glob }
  | { readonly kind: 'cookie'; readonly name: string }
  | { readonly kind: 'closed' }

export interface Attendance {
  readonly keep: KeptSites
  readonly until: Until
  /** The user is done. */
  readonly done: AbortSignal
  /** The user gives up: nothing more enters the session, and the reason is thrown. */
  readonly givenUp: AbortSignal
  readonly onProgress: (state: WindowState) => void
}

/** A window takes its state with it when it closes, so we read it this often. */
const lookEveryMs = 500

/** The page of `--until` may not have stored its token yet: wait until two readings agree, at most this long. */
const settlesWithinMs = 5_000

/**
 * Signs in with a window: opens the page, waits for the user, and brings the browser's cookies and storage into the session. The
 * window's proxy captures cookies of responses as they come; the cookies that scripts set come from the browser.
 */
export async function login(
  hallpass: Hallpass,
  options: Attendance & WindowOptions & { readonly url: string },
): Promise<WindowReport> {
  return await alone(hallpass, async () => {
    await using window = disposable(await openWindow(hallpass, options))
    void window.visit(options.url) // its user may give up a site that does not answer
    return await bringIn(await hallpass.session(), options.keep, await attend(hallpass, window, options))
  })
}

/** Opens a window that has the session from the start. At the end the changes come back. */
export async function open(
  hallpass: Hallpass,
  options: Attendance & WindowOptions & { readonly url: string },
): Promise<WindowReport> {
  return await alone(hallpass, async () => {
    await using window = disposable(await openWindow(hallpass, options))
    const { put, refused } = await putIn(await hallpass.session(), window, options.keep, [
      new URL(options.url).origin,
    ]).catch((error: unknown) => {
      throw notStarted(options.executable, error) // it ended before it was filled
    })
    void window.visit(options.url)
    const { state, held } = await attend(hallpass, window, options, put)
    const last = { state: withRefused(state, refused), held }
    const report = await bringIn(await hallpass.session(), options.keep, last, put)
    return { ...report, skipped: [...report.skipped, ...refusedItems(refused)] }
  })
}

/** Takes over cookies and storage from a browser that the user started with remote debugging. It stays open. */
export async function attach(
  hallpass: Hallpass,
  options: Attendance & { readonly endpoint: string },
): Promise<WindowReport> {
  await using window = disposable(await attachToChromium(options.endpoint, options.givenUp))
  return await bringIn(await hallpass.session(), options.keep, await attend(hallpass, window, options))
}

/** Two browsers cannot share a profile, and the second window would undo the changes of the first. */
async function alone<T>(hallpass: Hallpass, use: () => Promise<T>): Promise<T> {
  let mine = false
  const run = async () => {
    mine = true
    try {
      return await use()
    } catch (error) {
      // The session and its profile were removed meanwhile. The browser may have written into the profile since.
      if (error instanceof HallpassError && error.code === 'session-missing')
        await rm(profilesFolder(hallpass.home, hallpass.sessionName), { recursive: true, force: true })
      throw error
    }
  }
  try {
    return await withLock(windowLock(hallpass.home, hallpass.sessionName), run, { timeoutMs: 0 })
  } catch (error) {
    if (mine || !(error instanceof HallpassError && error.code === 'lock-timeout')) throw error
    throw new HallpassError(
      'browser-failed',
      `the session "${hallpass.sessionName}" already has a window open: close it first`,
      { hint: 'hallpass session create NAME' },
    )
  }
}

async function openWindow(hallpass: Hallpass, options: WindowOptions): Promise<DrivenWindow> {
  const isFirefox = basename(options.executable).toLowerCase().startsWith('firefox')
  return isFirefox ? await openFirefox(hallpass, options) : await openChromium(hallpass, options)
}

function disposable(window: DrivenWindow): DrivenWindow & AsyncDisposable {
  return Object.assign(window, {
    // The user may have closed it already.
    [Symbol.asyncDispose]: () => window.close().catch(() => undefined),
  })
}

async function attend(
  hallpass: Hallpass,
  window: DrivenWindow,
  { until, keep, done, givenUp, onProgress }: Attendance,
  begun = nothingYet,
): Promise<LastLook> {
  const end = Promise.withResolvers<void>()
  let ended = done.aborted || givenUp.aborted
  const stop = () => {
    ended = true
    end.resolve()
  }
  void window.closed.then(stop)
  for (const signal of [done, givenUp]) signal.addEventListener('abort', stop, { once: true })
  let last: LastLook = { state: begun, held: await heldOf(await hallpass.session(), keep) }
  const look = async () => {
    const held = await heldOf(await hallpass.session(), keep)
    // When the window is closed, the last reading counts.
    const state = await readWindow(window, keep, last.state).catch(() => undefined)
    if (state !== undefined) last = { state, held }
    return state !== undefined
  }
  const pause = (ms: number) => Promise.race([end.promise, sleep(ms, undefined, { ref: false })])
  let reachedAt: number | undefined
  while (!ended) {
    const before = textOf(last.state)
    const begunAt = performance.now()
    if (!(await look())) break
    const urls = await window.urls().catch(() => [])
    // On some systems the browser goes on without windows.
    if (urls.length === 0) break
    const settled = textOf(last.state) === before
    if (reachedAt !== undefined && (settled || performance.now() > reachedAt + settlesWithinMs)) break
    if (isReached(until, urls, last.state)) reachedAt ??= performance.now()
    onProgress(last.state)
    // Reading takes at most half of the pages' time.
    await pause(Math.max(lookEveryMs, performance.now() - begunAt))
  }
  givenUp.throwIfAborted()
  await look() // for what came with the last step
  return last
}

function textOf({ cookies, pages }: WindowState): string {
  return JSON.stringify([cookies, ...pages])
}

function isReached(until: Until, urls: readonly string[], { cookies }: WindowState): boolean {
  switch (until.kind) {
    case 'url':
      return urls.some((url) => matchesGlob(until.glob, url))
    case 'cookie':
      return cookies.some(({ name }) => name === until.name)
    case 'closed':
      return false
  }
}
