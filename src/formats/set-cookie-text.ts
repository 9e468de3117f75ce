import { admit } from '../cookies/admit.ts'
import { parseSetCookie } from '../cookies/set-cookie.ts'
import { isPublicSuffix } from '../cookies/site.ts'
import { domainOf, hostOfLine } from './domain.ts'
import type { Format, PlacedCookie, Skipped } from './format.ts'
import { flawsOfLine, type KeptCookie } from './found-cookie.ts'
import { withoutTimes } from './given-cookie.ts'
import { fromWire } from './latin1.ts'
import { placed } from './read-each.ts'

/** With the marks that `curl -v` puts before lines, or without. */
const setCookie = /^[<*]?\s*set-cookie\s*:(.*)$/i

/** Text with Set-Cookie lines, as `curl -i`, `-v` or `-D` prints them, or the bare values, one a line. */
export const setCookieText: Format = {
  detects({ lines }) {
    return lines.some((line) => setCookie.test(line))
  },

  read(source, { now, host: given }) {
    const cookies: PlacedCookie[] = []
    const skipped: Skipped[] = []
    const headed = this.detects(source)
    let host = given
    for (const [index, line] of source.lines.entries()) {
      const where = `line ${index + 1}`
      // The host of a request counts until the text names another.
      if (headed && given === undefined) host = hostOfLine(line) ?? host
      const value = headed ? setCookie.exec(line)?.[1] : line
      if (value === undefined || value.trim() === '') continue
      const read = cookieOf(value, host, now)
      if ('cookie' in read) cookies.push(placed(where, read))
      else skipped.push({ where, reason: read.reason })
    }
    return { cookies, origins: [], skipped }
  },
}

function cookieOf(
  line: string,
  given: string | undefined,
  now: number,
): KeptCookie | { readonly reason: string } {
  const said = parseSetCookie(line, now)
  if ('refused' in said) return { reason: said.refused }
  const named = domainOf(fromWire(said.domain ?? '') ?? '')?.domain
  const host = given ?? named
  if (host === undefined) return { reason: 'no Domain, and no host was named that it is of' }
  // Only the host itself may name a public suffix, and which one it was is not known here.
  if (given === undefined && host !== 'localhost' && isPublicSuffix(host)) {
    return { reason: `domain ${host} is a public suffix` }
  }
  const url = { scheme: 'https', host, port: 443, path: '/' } as const
  const admission = admit(said, { url, now })
  if ('refused' in admission) return { reason: admission.refused }
  return { cookie: withoutTimes(admission.cookie), flaws: flawsOfLine(line) }
}
