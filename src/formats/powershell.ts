import { domainOf } from './domain.ts'
import type { Format } from './format.ts'
import { type KeptCookie, keptCookie } from './found-cookie.ts'
import { hasHiddenName } from './given-cookie.ts'
import { fromWire, toWire } from './latin1.ts'
import { lineAt } from './line-at.ts'
import { type CookiesRead, joined, readEach } from './read-each.ts'
import { readField, targetOf } from './request-field.ts'
import { formatInvalid } from './source.ts'

const requests = /-Uri\s+"((?:[^"`]|`[\s\S])*)"/gi

const cookieObjects = /\bSystem\.Net\.Cookie\(/gi

/** An argument, and the comma or the bracket behind it. */
const argument = /"((?:[^"`]|`[\s\S])*)"(?:,\s?|\s?\))/y

/** Older browsers put the cookies into the header fields. */
const headerFields = /"(cookie|(?:proxy-)?authorization)"\s*=\s*"((?:[^"`]|`[\s\S])*)"/gi

/** "Copy as PowerShell" of browsers: `Invoke-WebRequest`, with the cookies in a session object before it. */
export const powershell: Format = {
  detects({ latin1 }) {
    return /\bSystem\.Net\.Cookie\(|\bInvoke-WebRequest\s/i.test(latin1)
  },

  read({ latin1 }) {
    const objects = placedIn(latin1, cookieObjects).map(({ match, where, after }) => {
      return { where, item: { texts: textsAt(latin1, match.index + match[0].length), uri: after } }
    })
    const fields = placedIn(latin1, headerFields).map(({ match, where, before }): CookiesRead => {
      const [, name = '', text = ''] = match
      const value = plain(text)
      const field = { where, name, value: toWire(value ?? ''), expands: value === undefined }
      return readField(field, targetOf(before, undefined))
    })
    const read = joined([readEach(objects, cookieOf), ...fields])
    if (read.cookies.length + read.skipped.length === 0)
      throw formatInvalid('no cookie in the PowerShell command')
    return { ...read, origins: [] }
  },
}

interface PlacedMatch {
  readonly match: RegExpExecArray
  readonly where: string
  /** The URIs of the requests before and behind it. */
  readonly before: string | undefined
  readonly after: string | undefined
}

function placedIn(latin1: string, pattern: RegExp): readonly PlacedMatch[] {
  const line = lineAt(latin1)
  const uris = [...latin1.matchAll(requests)]
  let next = 0
  const uriOf = (at: number) => plain(uris[at]?.[1] ?? '')
  return [...latin1.matchAll(pattern)].map((match) => {
    while ((uris[next]?.index ?? Number.POSITIVE_INFINITY) < match.index) next++
    return { match, where: `line ${line(match.index)}`, before: uriOf(next - 1), after: uriOf(next) }
  })
}

function textsAt(latin1: string, from: number): CookieObject['texts'] {
  argument.lastIndex = from
  return Array.from({ length: 4 }, () => plain(argument.exec(latin1)?.[1] ?? '$'))
}

interface CookieObject {
  /** Name, value, path and domain, the arguments of .NET's Cookie; undefined for what PowerShell would fill in. */
  readonly texts: readonly (string | undefined)[]
  readonly uri: string | undefined
}

function cookieOf({ texts, uri }: CookieObject): KeptCookie | string {
  const [name, value, path, domainText] = texts
  if (name === undefined || value === undefined || path === undefined || domainText === undefined) {
    return 'not four texts in double quotes: only PowerShell knows the values'
  }
  const domain = domainOf(domainText)
  if (domain === undefined) return 'the domain is not a host name'
  return keptCookie({
    name: toWire(name),
    value: toWire(value),
    domain,
    hostOnly: undefined,
    path: path === '' ? '/' : toWire(path),
    expiresAt: undefined,
    // As of a Cookie header: the command does not say it, and over https the cookie may be Secure.
    secure: targetOf(uri, undefined)?.secure !== false,
    httpOnly: hasHiddenName(name),
    sameSite: 'default',
    partitioned: false,
  })
}

const escapes: Readonly<Record<string, string>> = { 0: '\0', n: '\n', r: '\r', t: '\t' }

/** The text of a string in double quotes; undefined when PowerShell would fill in a part of it. */
function plain(latin1: string): string | undefined {
  const pieces = /`([\s\S])|\$\(\[char\](\d{1,5})\)|(\$)/g
  const text = fromWire(latin1)
  if (text === undefined) return undefined
  let expands = false
  const unescaped = text.replace(pieces, (_, escaped?: string, unit?: string, variable?: string) => {
    expands ||= variable !== undefined
    // Browsers write all that is not ASCII as UTF-16 units.
    return unit === undefined ? (escapes[escaped ?? ''] ?? escaped ?? '') : String.fromCharCode(Number(unit))
  })
  return expands ? undefined : unescaped
}
