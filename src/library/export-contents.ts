import { identityOf, isExpired } from '../cookies/cookie.ts'
import { HallpassError } from '../errors.ts'
import type { Contents, Skipped } from '../formats/format.ts'
import type { NamedFormat } from '../formats/formats.ts'
import { withoutTimes } from '../formats/given-cookie.ts'
import { type Loss, lossesOf } from '../formats/losses.ts'
import { parseRequestUrl } from '../plan/request-url.ts'
import { authorityOf } from '../proxy/origin.ts'
import { contentsOf, type SessionContents } from '../sessions/bundle.ts'
import { areas } from '../sessions/origin-storage.ts'
import { siteOperand } from '../sessions/place-operand.ts'
import type { Session } from '../sessions/session.ts'
import type { Store } from '../store/store.ts'

/** A written file, and what could not be written. */
export interface Exported {
  readonly bytes: Uint8Array
  readonly left: readonly Skipped[]
  readonly lost: readonly Loss[]
}

/** What an export writes. */
export interface Gathered extends Contents {
  readonly credentials: SessionContents['credentials']
  /** How many cookies have expired and are not written. */
  readonly expired: number
}

/**
 * Gathers what a session has of these sites, or of the URL of a request; everything without an operand.
 * @param format undefined for a bundle
 */
export async function gatherExport(
  session: Session,
  store: Store,
  operands: readonly string[],
  format: NamedFormat | undefined,
): Promise<Gathered> {
  if (format?.holds?.domain === false) return forRequest(session, operands, format)
  const whole = await contentsOf(session, store)
  const now = Date.now()
  const places = operands.map(siteOperand)
  const asked = operands.length === 0
  const held = asked
    ? await session.cookies.list()
    : (await Promise.all(places.map((site) => session.cookies.list(site)))).flat()
  const cookies = [...new Map(held.map((cookie) => [identityOf(cookie), cookie])).values()]
  const live = cookies.filter((cookie) => !isExpired(cookie, now))
  const stored = asked
    ? whole.origins
    : (await Promise.all(places.map((site) => session.storage.list(site)))).flat()
  return {
    cookies: live.map(withoutTimes),
    origins: [...new Map(stored.map((storage) => [storage.origin, storage])).values()],
    // Tokens belong to no site, so an export of single sites leaves them out.
    credentials: format === undefined && asked ? whole.credentials : [],
    expired: cookies.length - live.length,
  }
}

/** The cookies of one request: a header does not say which other requests a cookie belongs to. */
async function forRequest(
  session: Session,
  operands: readonly string[],
  format: NamedFormat,
): Promise<Gathered> {
  const [operand, ...others] = operands
  if (operand === undefined || others.length > 0) {
    throw new HallpassError('usage', `--format ${format.name} writes one request: name its URL`, {
      hint: `hallpass export --format ${format.name} --reveal https://app.example.com/`,
    })
  }
  const { scheme, host, port, path } = parseRequestUrl(operand)
  const url = `${scheme}://${authorityOf({ scheme, host, port })}${path}`
  const cookies = (await session.explain(url)).cookies.attached
  return { cookies: cookies.map(withoutTimes), origins: [], credentials: [], expired: 0, url }
}

export function writeExport(format: NamedFormat, contents: Gathered): Exported {
  if (format.write === undefined || format.holds === undefined) {
    throw new HallpassError('usage', `--format ${format.name} is only for import`)
  }
  const { bytes, left } = format.write(contents, Date.now())
  // A format for one request leaves the rest out on purpose; that is no loss.
  return { bytes, left, lost: format.holds.domain ? lossesOf(format.holds, contents) : [] }
}

/** How many keys of web storage the format holds; a bundle holds all. */
export function heldKeys(origins: Contents['origins'], format: NamedFormat | undefined): number {
  const held = areas.filter((area) => format === undefined || format.holds?.[area] === true)
  return origins.reduce((sum, origin) => sum + held.reduce((keys, area) => keys + origin[area].length, 0), 0)
}
