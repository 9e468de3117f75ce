import type { BrowserContext, Frame, Page } from 'playwright-core'
import type { Cookie } from '../../cookies/cookie.ts'
import { canonicalHost } from '../../cookies/site.ts'
import type { GivenOrigin } from '../../formats/format.ts'
import { dottedDomain, jsonTexts, ownPartition } from '../../formats/json-cookie.ts'
import type { OriginStorage } from '../../sessions/origin-storage.ts'
import { type DrivenWindow, readStorage, type WindowCookie, writeStorage } from './driven-window.ts'

const sameSites = { strict: 'Strict', lax: 'Lax', none: 'None' } as const

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
    await (await this.#firstPage()).goto(url, { waitUntil: 'commit' }).catch(() => undefined)
  }

  async urls(): Promise<readonly string[]> {
    return this.#context.pages().map((page) => page.url())
  }

  cookies(): Promise<readonly WindowCookie[]> {
    return this.#context.cookies()
  }

  async storages(wanted: (host: string) => boolean): Promise<readonly GivenOrigin[]> {
    const frames = this.#context.pages().flatMap((page) => page.frames())
    const read = await Promise.all(frames.map((frame) => storageOf(frame, wanted)))
    return read.filter((origin) => origin !== undefined)
  }

  async fill(cookies: readonly Cookie[], storages: readonly OriginStorage[]): Promise<void> {
    await this.#context.addCookies(cookies.flatMap(playwrightCookie))
    const page = await this.#firstPage()
    for (const storage of storages) await fillOrigin(page, storage)
  }

  async #firstPage(): Promise<Page> {
    return this.#context.pages()[0] ?? (await this.#context.newPage())
  }
}

/** A frame that goes away meanwhile, or one of an opaque origin, has nothing to say. */
async function storageOf(frame: Frame, wanted: (host: string) => boolean): Promise<GivenOrigin | undefined> {
  const url = URL.parse(frame.url())
  if (url === null || !/^https?:$/.test(url.protocol) || !wanted(canonicalHost(url.hostname)))
    return undefined
  try {
    return { origin: url.origin, ...JSON.parse(await frame.evaluate(readStorage)) }
  } catch {
    return undefined
  }
}

/** An empty page of the origin that no server is asked for: only there its storage can be written. The tab keeps sessionStorage. */
async function fillOrigin(page: Page, storage: OriginStorage): Promise<void> {
  const everything = `${storage.origin}/**`
  await page.route(everything, (route) => route.fulfill({ contentType: 'text/html', body: '' }))
  try {
    await page.goto(storage.origin)
    await page.evaluate(writeStorage(storage))
  } finally {
    await page.unroute(everything)
  }
}

function playwrightCookie(cookie: Cookie): Parameters<BrowserContext['addCookies']>[0] {
  const texts = jsonTexts(cookie)
  // Bytes that are no text stay in the jar: a browser's own tools cannot take them.
  if (texts === undefined) return []
  const { expiresAt, httpOnly, secure, sameSite } = cookie
  return [
    {
      ...texts,
      domain: dottedDomain(cookie),
      httpOnly,
      secure,
      ...(expiresAt === undefined ? {} : { expires: expiresAt / 1000 }),
      ...(sameSite === 'default' ? {} : { sameSite: sameSites[sameSite] }),
      ...(cookie.partitioned ? { partitionKey: ownPartition(cookie) } : {}),
    },
  ]
}
