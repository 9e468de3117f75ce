import { parseDate } from 'tough-cookie'
import type { SameSite } from './cookie.ts'

/** The content of a Set-Cookie line, before anyone checks whether the host may set it. */
export interface SetCookie {
  readonly name: string
  readonly value: string
  /** The last Domain attribute in lower case, a leading dot included. */
  readonly domain?: string
  /** The last Path attribute; undefined when it named no absolute path. */
  readonly path?: string
  readonly secure: boolean
  readonly httpOnly: boolean
  readonly sameSite: SameSite
  readonly partitioned: boolean
  readonly expiresAt?: number
}

/** RFC 6265bis 5.6 step 5: more is refused, or one cookie fills the header section of every later request. */
const maxPairBytes = 4096

/** RFC 6265bis 5.6: a longer attribute value is as if it were not there. */
const maxAttributeBytes = 1024

/** RFC 6265bis 5.5: no cookie lives longer than 400 days without being set again. */
export const maxAgeMs = 400 * 86_400_000

/** Every control character but TAB. One of them in a stored value would become a header line or brick the host. */
const control = /[\x00-\x08\x0a-\x1f\x7f]/

/** Bytes that cannot be in latin1 text: somebody handed over decoded Unicode, which must not reach the wire. */
const notLatin1 = /[^\x00-\xff]/

/**
 * The parser of RFC 6265bis 5.6, or the reason to drop the line. The library's own parser is not used: it cuts a line at a control
 * character instead of dropping it, trims the byte A0 (the end of a UTF-8 `à`), and knows neither limit.
 */
export function parseSetCookie(
  line: string,
  now: number,
): SetCookie | { readonly refused: string; readonly name: string } {
  const end = line.indexOf(';')
  const { name, value } = splitPair(end === -1 ? line : line.slice(0, end))
  const refused = textFlaw(line) ?? pairFlaw(name, value)
  if (refused !== undefined) return { refused, name }

  const { attributes } = attributesOf(line)
  const domain = attributes.get('domain')?.toLowerCase()
  const path = attributes.get('path')
  const expiresAt = expiry(attributes, now)
  return {
    name,
    value,
    ...(domain === undefined ? {} : { domain }),
    ...(path?.startsWith('/') ? { path } : {}),
    secure: attributes.has('secure'),
    httpOnly: attributes.has('httponly'),
    sameSite: sameSiteOf(attributes.get('samesite')),
    partitioned: attributes.has('partitioned'),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  }
}

/** The attributes of a line that are there, and that a browser ignores because of their value. */
export function ignoredAttributes(line: string): readonly ('expires' | 'path' | 'sameSite')[] {
  const { attributes, ignored } = attributesOf(line)
  const isOdd = (text: string | undefined, isKnown: boolean) => text !== undefined && text !== '' && !isKnown
  const [path, sameSite] = [attributes.get('path'), attributes.get('samesite')]
  const timed = attributes.has('max-age') || attributes.has('expires')
  return [
    ...(!timed && (ignored.has('max-age') || ignored.has('expires')) ? (['expires'] as const) : []),
    ...(ignored.has('path') || isOdd(path, path?.startsWith('/') === true) ? (['path'] as const) : []),
    ...(isOdd(sameSite, sameSiteOf(sameSite) !== 'default') ? (['sameSite'] as const) : []),
  ]
}

function attributesOf(line: string): {
  readonly attributes: ReadonlyMap<string, string>
  readonly ignored: ReadonlySet<string>
} {
  const attributes = new Map<string, string>()
  const ignored = new Set<string>()
  for (const piece of line.split(';').slice(1)) {
    const [key, text] = splitAttribute(piece)
    // A browser ignores these, so an earlier attribute of the name stays. An empty Path is not ignored: it resets the path.
    if (
      text.length > maxAttributeBytes ||
      (key === 'domain' && text === '') ||
      (key === 'expires' && parseDate(text) === undefined) ||
      (key === 'max-age' && !/^-?[0-9]+$/.test(text))
    ) {
      ignored.add(key)
    } else attributes.set(key, text)
  }
  return { attributes, ignored }
}

/** Why a text cannot be part of a cookie. */
export function textFlaw(text: string): string | undefined {
  if (control.test(text)) return 'a control character'
  if (notLatin1.test(text)) return 'a character that is not a byte'
  return undefined
}

/** Why a name and value cannot be a cookie. */
export function pairFlaw(name: string, value: string): string | undefined {
  if (name.length + value.length === 0) return 'neither name nor value'
  if (name.length + value.length > maxPairBytes) return `name and value are over ${maxPairBytes} bytes`
  return undefined
}

/** Name and value; without `=` all of it is the value of a nameless cookie (RFC 6265bis 5.6 step 3). */
export function splitPair(pair: string): { readonly name: string; readonly value: string } {
  const equals = pair.indexOf('=')
  if (equals === -1) return { name: '', value: trimBlank(pair) }
  return { name: trimBlank(pair.slice(0, equals)), value: trimBlank(pair.slice(equals + 1)) }
}

function splitAttribute(piece: string): readonly [key: string, value: string] {
  const equals = piece.indexOf('=')
  if (equals === -1) return [trimBlank(piece).toLowerCase(), '']
  return [trimBlank(piece.slice(0, equals)).toLowerCase(), trimBlank(piece.slice(equals + 1))]
}

/** Space and TAB only; `trim()` takes A0 too, which is half a character of many a UTF-8 value. */
export function trimBlank(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && isBlank(text.charCodeAt(start))) start++
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--
  return text.slice(start, end)
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09
}

/** Max-Age wins over Expires wherever it stands (RFC 6265bis 5.7 step 3); a time in the past counts as 0, the earliest date. */
function expiry(attributes: ReadonlyMap<string, string>, now: number): number | undefined {
  const maxAge = attributes.get('max-age')
  if (maxAge !== undefined) {
    const seconds = Number(maxAge)
    return seconds <= 0 ? 0 : now + Math.min(seconds * 1000, maxAgeMs)
  }
  const expires = parseDate(attributes.get('expires'))?.getTime()
  return expires === undefined ? undefined : Math.min(expires, now + maxAgeMs)
}

function sameSiteOf(text: string | undefined): SameSite {
  const lower = text?.toLowerCase()
  return lower === 'strict' || lower === 'lax' || lower === 'none' ? lower : 'default'
}
