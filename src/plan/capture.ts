import { clearsCookies } from '../cookies/clear-site-data.ts'
import { identityOf, type RequestUrl, type SiteContext } from '../cookies/cookie.ts'
import type { Jar, JarChange } from '../cookies/jar.ts'
import type { Reveal } from '../rules/rule.ts'
import { isVisible } from './is-visible.ts'

/** The head of a response, as far as the session is concerned. */
export interface CapturedResponse {
  readonly scheme: 'https' | 'http'
  readonly host: string
  readonly port: number
  /** Of the request, with or without the query. */
  readonly path: string
  readonly status: number
  /** The values of the Set-Cookie lines, in order. */
  readonly setCookie: readonly string[]
  readonly clearSiteData: readonly string[]
  /** As the plan of the request said. */
  readonly reveal: Reveal
  /** As the plan of the request said; true when left out. */
  readonly capture?: boolean
  /** As the plan of the request said; same-site when left out. */
  readonly site?: SiteContext
}

export interface Capture {
  /** Names of the cookies that were taken in. */
  readonly captured: readonly string[]
  /** Names of the cookies that the response deleted. */
  readonly deleted: readonly string[]
  /** Indexes of the Set-Cookie lines that the client does not get to see. */
  readonly hidden: ReadonlySet<number>
  readonly refused: readonly { readonly name: string; readonly reason: string }[]
  /** The disk failed: the change holds in memory and is tried again. */
  readonly warning?: 'not-saved'
}

export interface CaptureOutcome {
  readonly capture: Omit<Capture, 'warning'>
  /** What is to be repeated on the jar that is being saved; empty when the jar held all of it before. */
  readonly changes: readonly JarChange[]
}

/** Takes what a response brings into a jar, which changes. The rest is what came of it. */
export function captureInto(jar: Jar, response: CapturedResponse, now: number): CaptureOutcome {
  const url = urlOf(response)
  const changes: JarChange[] = []
  const captured = new Set<string>()
  const deleted = new Set<string>()
  const hidden = new Set<number>()
  const refused: { name: string; reason: string }[] = []

  response.setCookie.forEach((line, index) => {
    const context = { url, now, ...(response.site && { site: response.site }) }
    const outcome = jar.set(line, context)
    if (outcome.kind === 'refused') {
      refused.push({ name: outcome.name, reason: outcome.reason })
      if (!isVisible({ httpOnly: saysHttpOnly(line) }, response.reveal)) hidden.add(index)
      return
    }
    const { cookie } = outcome
    if (!isVisible(cookie, response.reveal)) hidden.add(index)
    if (outcome.kind === 'stored') captured.add(cookie.name)
    else if (outcome.changed) deleted.add(cookie.name)
    if (outcome.changed)
      changes.push({ key: identityOf(cookie), apply: (other) => void other.set(line, context) })
  })
  // After the new ones, which it takes along: Clear-Site-Data, "Fetch integration", says why that is meant so.
  if (clearsCookies(response.clearSiteData)) {
    const cleared = jar.clear(url)
    for (const { name } of cleared) {
      captured.delete(name)
      deleted.add(name)
    }
    if (cleared.length > 0) changes.push({ key: '*', apply: (other) => void other.clear(url) })
  }
  return { capture: { captured: [...captured], deleted: [...deleted], hidden, refused }, changes }
}

function urlOf({ scheme, host, port, path }: CapturedResponse): RequestUrl {
  const end = path.search(/[?#]/)
  return { scheme, host, port, path: end === -1 ? path : path.slice(0, end) }
}

/** What the jar refused may be a secret all the same: what the origin meant to hide from scripts stays hidden. */
function saysHttpOnly(line: string): boolean {
  return line
    .split(';')
    .slice(1)
    .some((part) => part.split('=', 1)[0]?.trim().toLowerCase() === 'httponly')
}
