import type { BrowserContext } from 'playwright-core'
import { HallpassError } from '../../errors.ts'
import { loadPlaywright } from './playwright.ts'

export interface AttachedBrowser {
  readonly context: BrowserContext
  /** Settles when the browser has ended. */
  readonly closed: Promise<void>
  /** Lets go of it; it stays open. */
  leave(): Promise<void>
}

/** @param endpoint `127.0.0.1:9222`, what `--remote-debugging-port` of a running browser listens on */
export async function attachTo(endpoint: string): Promise<AttachedBrowser> {
  const { chromium } = await loadPlaywright()
  try {
    const browser = await chromium.connectOverCDP(`http://${endpoint}`)
    const [context] = browser.contexts()
    if (context === undefined) throw new Error('it has no window')
    const closed = new Promise<void>((resolve) => browser.once('disconnected', () => resolve()))
    return { context, closed, leave: () => browser.close() }
  } catch (error) {
    const [first = ''] = String(error instanceof Error ? error.message : error).split('\n', 1)
    throw new HallpassError('browser-failed', `no browser answers on ${endpoint}: ${first}`, {
      hint: 'chromium --remote-debugging-port=9222 --user-data-dir=FOLDER',
      cause: error,
    })
  }
}
