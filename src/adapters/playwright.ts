import type { Browser, BrowserContext, BrowserContextOptions } from 'playwright-core'
import { bringIn, heldOf, putIn } from '../browser/window/carry-session.ts'
import type { Refused } from '../browser/window/driven-window.ts'
import { KeptSites } from '../browser/window/kept-sites.ts'
import { describedBrowser } from '../browser/window/playwright.ts'
import { PlaywrightWindow } from '../browser/window/playwright-window.ts'
import { refusedItems, withRefused } from '../browser/window/refused-items.ts'
import { readWindow, type WindowState } from '../browser/window/window-state.ts'
import { type Hallpass, HallpassError, type Session } from '../index.ts'
import { parseRequestUrl } from '../plan/request-url.ts'

export interface SessionContextOptions extends Omit<BrowserContextOptions, 'storageState'> {
  /** The name of the session. By default the chosen one. */
  readonly session?: string
  /** The sites whose cookies and web storage go in and come back. By default all that the session has something of. */
  readonly sites?: readonly string[]
}

/** The changes that `save` brought into the session. */
export interface SavedChanges {
  readonly cookies: { readonly added: number; readonly changed: number; readonly removed: number }
  /** Keys of web storage, of all pages that were open. */
  readonly storageKeys: number
  /** Items that the browser or the session did not take, without their values. */
  readonly skipped: readonly { readonly where: string; readonly reason: string }[]
}

/**
 * A new context of a Chromium that Playwright drives, with the session's cookies and web storage, and with its user agent,
 * viewport, locale and time zone. sessionStorage is in its first page: `context.pages()[0]`.
 *
 * @throws HallpassError `session-missing`, `usage` for another browser than Chromium, `browser-failed`
 * @see https://playwright.dev/docs/api/class-browsercontext
 *
 * @example
 * ```ts
 * import { openHallpass } from 'hallpass'
 * import { sessionContext } from 'hallpass/playwright'
 * import { chromium } from 'playwright-core'
 *
 * const browser = await chromium.launch()
 * const signedIn = await sessionContext(browser, await openHallpass(), { sites: ['app.example.com'] })
 * const page = await signedIn.context.newPage()
 * await page.goto('https://app.example.com/me')
 * await signedIn.close()
 * await browser.close()
 * ```
 */
export async function sessionContext(
  browser: Browser,
  hallpass: Hallpass,
  { session: name, sites, ...options }: SessionContextOptions = {},
): Promise<SessionContext> {
  const kind = browser.browserType().name()
  if (kind !== 'chromium')
    throw new HallpassError('usage', `a session goes into Chromium only, not into ${kind}`)
  const session = await hallpass.session(name)
  const keep = new KeptSites(
    sites?.map((site) => parseRequestUrl(site).host) ?? (await sitesOf(hallpass, session)),
  )
  const context = await browser.newContext({ ...describedBrowser(session.metadata), ...options })
  try {
    const closed = new Promise<void>((resolve) => context.once('close', () => resolve()))
    const window = new PlaywrightWindow(context, closed, () => context.close())
    const { put, refused } = await putIn(session, window, keep, [])
    // An empty page of the last origin: nobody asked for it.
    await window.visit('about:blank')
    return new SessionContext(context, window, session, keep, put, refused)
  } catch (error) {
    await context.close().catch(() => 'the first error says more')
    throw error
  }
}

async function sitesOf({ store }: Hallpass, { name }: Session): Promise<readonly string[]> {
  return (await Promise.all([store.names(name, 'cookies'), store.names(name, 'storage')])).flat()
}

/** A context with a session in it. The session gets the changes by `save` and `close`, and not before. */
export class SessionContext implements AsyncDisposable {
  readonly context: BrowserContext
  readonly #window: PlaywrightWindow
  readonly #session: Session
  readonly #keep: KeptSites
  readonly #refused: Refused
  /** At the start, and then at the last `save`. */
  #before: WindowState

  /** @internal */
  constructor(
    context: BrowserContext,
    window: PlaywrightWindow,
    session: Session,
    keep: KeptSites,
    put: WindowState,
    refused: Refused,
  ) {
    this.context = context
    this.#window = window
    this.#session = session
    this.#keep = keep
    this.#refused = refused
    // The pages that it was filled with are no pages of the user.
    this.#before = { ...put, pages: new Map() }
  }

  /**
   * Brings changed cookies, and the web storage of the pages that are open, into the session: on disk when it resolves. A cookie
   * that the browser did not change keeps the session's value.
   *
   * @throws HallpassError `not-saved`, `session-missing`
   */
  async save(): Promise<SavedChanges> {
    const held = await heldOf(this.#session, this.#keep)
    const state = await readWindow(this.#window, this.#keep, this.#before)
    const last = { state: withRefused(state, this.#refused), held }
    const { cookies, storage, skipped } = await bringIn(this.#session, this.#keep, last, this.#before)
    this.#before = state
    const { added, changed, removed } = cookies
    return {
      cookies: { added, changed, removed },
      storageKeys: storage.keys,
      skipped: [...skipped, ...refusedItems(this.#refused)],
    }
  }

  /** Saves, and closes the context. When saving fails, the context is closed all the same. */
  async close(): Promise<SavedChanges> {
    try {
      return await this.save()
    } finally {
      await this.context.close()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}
