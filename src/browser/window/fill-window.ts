import type { Page } from 'playwright-core'
import type { Cookie } from '../../cookies/cookie.ts'
import type { Pairs } from '../../formats/format.ts'
import { dottedDomain, jsonTexts, ownPartition } from '../../formats/json-cookie.ts'
import type { OriginStorage } from '../../sessions/origin-storage.ts'
import type { Session } from '../../sessions/session.ts'
import type { KeptSites } from './kept-sites.ts'

type AddedCookies = Parameters<ReturnType<Page['context']>['addCookies']>[0]

const sameSites = { strict: 'Strict', lax: 'Lax', none: 'None' } as const

/** Puts what the session holds of the sites that are kept into a window, before its first page is loaded. */
export async function fillWindow(page: Page, session: Session, keep: KeptSites, now: number): Promise<void> {
  for (const site of keep.sites) {
    const cookies = (await session.cookies(site)).filter(
      ({ expiresAt = Number.POSITIVE_INFINITY }) => expiresAt > now,
    )
    await page.context().addCookies(cookies.flatMap(browserCookie))
    for (const storage of await session.storages(site)) await fillOrigin(page, storage)
  }
}

function browserCookie(cookie: Cookie): AddedCookies {
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

/** An empty page of the origin that no server is asked for: only there its storage can be written. The tab keeps sessionStorage. */
async function fillOrigin(
  page: Page,
  { origin, localStorage, sessionStorage }: OriginStorage,
): Promise<void> {
  const everything = `${origin}/**`
  await page.route(everything, (route) => route.fulfill({ contentType: 'text/html', body: '' }))
  try {
    await page.goto(origin)
    await page.evaluate(
      ({ local, session }: { readonly local: Pairs; readonly session: Pairs }) => {
        for (const [key, value] of local) globalThis.localStorage.setItem(key, value)
        for (const [key, value] of session) globalThis.sessionStorage.setItem(key, value)
      },
      { local: localStorage, session: sessionStorage },
    )
  } finally {
    await page.unroute(everything)
  }
}
