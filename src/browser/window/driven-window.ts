import type { Cookie } from '../../cookies/cookie.ts'
import type { OriginStorage } from '../../sessions/origin-storage.ts'
import type { PageStorage } from './page-storage.ts'

/** A cookie as Playwright's storageState has it, in which every browser's are told. */
export interface WindowCookie {
  readonly name: string
  readonly value: string
  /** With a leading dot for the hosts below it. */
  readonly domain: string
  readonly path: string
  /** Seconds since the epoch; -1 for one of the browser's session. */
  readonly expires: number
  readonly httpOnly: boolean
  readonly secure: boolean
  readonly sameSite?: string
  readonly partitionKey?: string
}

/** A browser's window, driven in whichever way the browser has. */
export interface DrivenWindow {
  /** Settles when the last window is closed, by whomever. */
  readonly closed: Promise<void>
  /** Begins to load a page; one that fails is for its user to see and to mend. */
  visit(url: string): Promise<void>
  /** Of the pages that are open. */
  urls(): Promise<readonly string[]>
  /** All that it has, those that scripts set too. */
  cookies(): Promise<readonly WindowCookie[]>
  /** The web storage of the pages and frames that are open, of hosts that are wanted. */
  storages(wanted: (host: string) => boolean): Promise<readonly PageStorage[]>
  /** Removes the cookies of exactly this domain, written as in `cookies`. */
  forget(domain: string): Promise<void>
  /** Puts these in, before the first page is loaded; returns the cookies that the browser does not take. */
  fill(cookies: readonly Cookie[], storages: readonly OriginStorage[]): Promise<readonly Cookie[]>
  /** Closes it, or lets go of one that its user started. */
  close(): Promise<void>
}
