import { clearsCookies } from '../cookies/clear-site-data.ts'
import { identityOf, type RequestUrl, type SiteContext } from '../cookies/cookie.ts'
import type { Jar, JarChange } from '../cookies/jar.ts'
import type { Reveal } from '../rules/rule.ts'
import { isVisible } from './is-visible.ts'

/** The parts of a response head that can change a session. */
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
  /** From the plan of the request. */
  readonly reveal: Reveal
  /** From the plan of the request; true when left out. */
  readonly capture?: boolean
  /** From the plan of the request; same-site when left out. */
  readonly site?: SiteContext
}

export interface Capture {
  /** Names of the cookies that the session took in. */
  readonly captured: readonly string[]
  /** Names of the cookies that the response deleted. */
  readonly deleted: readonly string[]
  /** Indexes of the Set-Cookie lines that the client does not see. */
  readonly hidden: ReadonlySet<number>
  readonly refused: readonly { readonly name: string; readonly reason: string }[]
  /** The disk failed: the change holds in memory, and hallpass tries again to write it. */
  readonly warning?: 'not-saved'
}

export interface CaptureOutcome {
  readonly capture: Omit<Capture, 'warning'>
  /** The changes to repeat on the saved jar; empty when the response changed nothing. */
  readonly changes: readonly JarChange[]
}

/** Applies the cookie fields of a response to `jar`, and reports the result. */
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
  // After Set-Cookie, because it also clears the cookies of its own response (Clear-Site-Data, "Fetch integration").
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

/** A cookie that the jar refuses can still be a secret: HttpOnly hides its line from the client all the same. */
function saysHttpOnly(line: string): boolean {
  return line
    .split(';')
    .slice(1)
    .some((part) => part.split('=', 1)[0]?.trim().toLowerCase() === 'httponly')
}
