import type { BrowserContext, Frame, Page } from 'playwright-core'
import type { Cookie } from '../../cookies/cookie.ts'
import type { GivenOrigin } from '../../formats/format.ts'
import { jsonTexts } from '../../formats/json-cookie.ts'
import { playwrightCookie } from '../../formats/storage-state.ts'
import type { OriginStorage } from '../../sessions/origin-storage.ts'
import type { DrivenWindow, Refused, WindowCookie } from './driven-window.ts'
import { fillPage } from './fill-page.ts'
import { type PageStorage, readPage } from './page-storage.ts'

/** A browser of Chrome's family, driven by Playwright. */
export class PlaywrightWindow implements DrivenWindow {
  readonly closed: Promise<void>
  readonly close: () => Promise<void>
  readonly #context: BrowserContext

  constructor(context: BrowserContext, closed: Promise<void>, close: () => Promise<void>) {
    this.#context = context
    this.closed = closed
    this.close = close
  }

  async visit(url: string): Promise<void> {
    const page = await this.#firstPage().catch(() => undefined) // a browser that has ended makes none
    await page?.goto(url, { waitUntil: 'commit' }).catch(() => undefined)
  }

  async urls(): Promise<readonly string[]> {
    return this.#context.pages().map((page) => page.url())
  }

  cookies(): Promise<readonly WindowCookie[]> {
    return this.#context.cookies()
  }

  async storages(wanted: (host: string) => boolean): Promise<readonly PageStorage[]> {
    const frames = this.#context.pages().flatMap((page) => page.frames())
    const read = await Promise.all(
      frames.map((frame) => readPage(urlsOf(frame), wanted, (script) => frame.evaluate(script))),
    )
    return read.filter((page) => page !== undefined)
  }

  async forget(domain: string): Promise<void> {
    await this.#context.clearCookies({ domain })
  }

  async fill(cookies: readonly Cookie[], storages: readonly OriginStorage[]): Promise<Refused> {
    const refused: Cookie[] = []
    for (const cookie of cookies) {
      const texts = jsonTexts(cookie)
      // Playwright cannot express bytes that are not text. One by one, because it takes all cookies of a call or none.
      if (texts === undefined) refused.push(cookie)
      else await this.#context.addCookies([playwrightCookie(cookie, texts)]).catch(() => refused.push(cookie))
    }
    const origins = storages.length === 0 ? [] : await this.#fillStorages(storages)
    return { cookies: refused, origins }
  }

  /** Loads an empty page of each origin, without asking its server: storage can be written only there. The tab keeps sessionStorage. */
  async #fillStorages(storages: readonly OriginStorage[]): Promise<Refused['origins']> {
    const page = await this.#firstPage()
    const devTools = await this.#context.newCDPSession(page)
    // A service worker of the site would answer before us.
    await devTools.send('Network.enable')
    await devTools.send('Network.setBypassServiceWorker', { bypass: true })
    await page.route('**', (route) => route.fulfill({ contentType: 'text/html', body: '' }))
    try {
      const refused: GivenOrigin[] = []
      for (const storage of storages) {
        const of = await fillPage(storage, async (script) => {
          await page.goto(storage.origin)
          return await page.evaluate(script)
        })
        refused.push(of)
      }
      return refused
    } finally {
      await page.unroute('**')
      await devTools.detach()
    }
  }

  async #firstPage(): Promise<Page> {
    return this.#context.pages()[0] ?? (await this.#context.newPage())
  }
}

/** The URLs of a frame and of the pages around it, from the inside out. */
function urlsOf(frame: Frame): readonly string[] {
  const outer = frame.parentFrame()
  return [frame.url(), ...(outer === null ? [] : urlsOf(outer))]
}
