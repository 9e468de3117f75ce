import type { Cookie } from '../../cookies/cookie.ts'
import type { GivenOrigin } from '../../formats/format.ts'
import type { OriginStorage } from '../../sessions/origin-storage.ts'
import type { PageStorage } from './page-storage.ts'

/** A cookie in the shape of Playwright's storageState, whatever the browser. */
export interface WindowCookie {
  readonly name: string
  readonly value: string
  /** A leading dot includes the hosts below it. */
  readonly domain: string
  readonly path: string
  /** Seconds since the epoch; -1 for a cookie that ends with the browser's session. */
  readonly expires: number
  readonly httpOnly: boolean
  readonly secure: boolean
  readonly sameSite?: string
  readonly partitionKey?: string
}

/** Cookies and web storage of the session that a browser does not take: for their form, or because its quota is used up. */
export interface Refused {
  readonly cookies: readonly Cookie[]
  readonly origins: readonly GivenOrigin[]
}

/** A browser's window. Each browser is driven in its own way. */
export interface DrivenWindow {
  /** Settles when the last window closes. */
  readonly closed: Promise<void>
  /** Begins to load a page. Never rejects: when it fails, the user sees it in the window. */
  visit(url: string): Promise<void>
  /** The URLs of the open pages. */
  urls(): Promise<readonly string[]>
  /** All cookies of the window, including those set by scripts. */
  cookies(): Promise<readonly WindowCookie[]>
  /** The web storage of the open pages and frames of these hosts. */
  storages(wanted: (host: string) => boolean): Promise<readonly PageStorage[]>
  /** Removes the cookies of exactly this domain, written as in `cookies`. */
  forget(domain: string): Promise<void>
  /** Fills the window before it loads its first page. Returns what the browser refuses. */
  fill(cookies: readonly Cookie[], storages: readonly OriginStorage[]): Promise<Refused>
  /** Closes the window. A browser that the user started stays open. */
  close(): Promise<void>
}
