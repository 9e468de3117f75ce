import { domainWithPort } from './domain.ts'
import type { GivenCookie, Skipped, WrittenFormat } from './format.ts'
import { type KeptCookie, keptCookie, unreadable } from './found-cookie.ts'
import { timeOfSeconds } from './given-time.ts'
import { bytesOf, fromWire } from './latin1.ts'
import { readEach } from './read-each.ts'
import { formatInvalid, type Source } from './source.ts'

/** curl's mark for a cookie that scripts do not see; other readers skip it as a comment. */
const httpOnlyMark = '#HttpOnly_'

/** curl, wget (two spellings) and Python begin with one of these. */
const magic = /^# (Netscape )?HTTP Cookie File/i

/** Python puts `.local` behind every host without a dot; of other hosts than this one the name could be a real one. */
const pythonLocalhost = 'localhost.local'

/**
 * A cookies.txt: domain, whether hosts below it count, path, Secure, expiry in seconds, name, value; separated by TABs.
 * https://curl.se/docs/http-cookies.html
 */
export const netscape: WrittenFormat = {
  detects(source) {
    return magic.test(source.latin1) || source.lines.some((line) => isRow(fieldsOf(line)))
  },

  read(source) {
    const rows = source.lines.flatMap((line, index) => {
      const fields = fieldsOf(line)
      const httpOnly = line.startsWith(httpOnlyMark)
      return fields === undefined ? [] : [{ where: `line ${index + 1}`, item: { fields, httpOnly } }]
    })
    const { cookies, skipped } = readEach(rows, ({ fields, httpOnly }) => cookieOf(fields, httpOnly))
    // Of a wrong file every line is wrong, and a list of them all would say less.
    const [first] = skipped
    if (cookies.length === 0 && first !== undefined && !isCookieFile(source)) {
      throw formatInvalid(`${first.where}: ${first.reason}`)
    }
    return { cookies, origins: [], skipped }
  },

  holds: {
    domain: true,
    path: true,
    expiry: 'seconds',
    secure: true,
    httpOnly: true,
    sameSite: false,
    partitioned: false,
    localStorage: false,
    sessionStorage: false,
    indexedDB: false,
    bytes: 'no TAB',
  },

  write({ cookies }) {
    const { text, left } = cookiesTxt(cookies)
    return { bytes: bytesOf(text), left }
  },
}

/**
 * The text, latin1, to be written so. The format has no way to carry a TAB (its separator), nor any other control
 * character (a line break would forge a cookie for another site): such a cookie is left out, and a comment says how many were.
 */
export function toNetscape(cookies: readonly GivenCookie[]): string {
  return cookiesTxt(cookies).text
}

function cookiesTxt(cookies: readonly GivenCookie[]): {
  readonly text: string
  readonly left: readonly Skipped[]
} {
  const left: Skipped[] = []
  const lines = cookies.flatMap((cookie) => {
    const text = line(cookie)
    if (text !== undefined) return text
    left.push({ where: cookie.domain, reason: 'a cookies.txt cannot hold a TAB in a cookie' })
    return []
  })
  const text = [
    '# Netscape HTTP Cookie File',
    ...(left.length === 0 ? [] : [`# left out, because this format cannot carry them: ${left.length}`]),
    ...lines,
    '',
  ].join('\n')
  return { text, left }
}

function line(cookie: GivenCookie): string | undefined {
  const fields = [
    // Python refuses a file in which the dot and the second column say different things.
    cookie.hostOnly ? cookie.domain : `.${cookie.domain}`,
    cookie.hostOnly ? 'FALSE' : 'TRUE',
    cookie.path,
    cookie.secure ? 'TRUE' : 'FALSE',
    cookie.expiresAt === undefined ? '0' : String(Math.max(1, Math.floor(cookie.expiresAt / 1000))),
    cookie.name,
    cookie.value,
  ]
  if (fields.some((field) => /[\x00-\x1f\x7f]/.test(field))) return undefined
  return `${cookie.httpOnly ? httpOnlyMark : ''}${fields.join('\t')}`
}

function isCookieFile({ latin1 }: Source): boolean {
  return magic.test(latin1)
}

/** The columns of a line; undefined for a comment or an empty one. */
function fieldsOf(line: string): readonly string[] | undefined {
  const text = line.startsWith(httpOnlyMark) ? line.slice(httpOnlyMark.length) : line
  // Python knows comments that begin with $, too.
  if (text.trim() === '' || /^[#$]/.test(text)) return undefined
  if (text.includes('\t')) return text.split('\t')
  // Copied from a page or a terminal the TABs are blanks.
  const fields = text.trim().split(/ +/)
  return fields.length === 7 && isFlag(fields[1]) && isFlag(fields[3]) ? fields : [text]
}

function cookieOf(fields: readonly string[], httpOnly: boolean): KeptCookie | string {
  const [domainText = '', below = '', path = '', secure = '', expiry = '', name = '', value = ''] = fields
  if (!isRow(fields)) return sevenColumns(fields)
  const host = domainWithPort(
    fromWire(domainText === pythonLocalhost ? 'localhost' : domainText) ?? domainText,
  )
  if (host === undefined) return 'column 1: the domain is not a host name'
  const flag = flagOf(below)
  const kept = keptCookie({
    name,
    value,
    domain: host,
    hostOnly: flag === unreadable ? flag : !flag,
    path: path === '' ? '/' : path,
    expiresAt: expiryOf(expiry),
    secure: flagOf(secure),
    httpOnly,
    sameSite: 'default',
    partitioned: false,
  })
  // A lost column in the middle shifts the others: the name would be read as an expiry, and the value as a name.
  if (fields.length === 6 && kept.flaws.length > 0) return sevenColumns(fields)
  return kept.flaws.length > 1 ? 'more than one column cannot be read' : kept
}

function sevenColumns({ length }: readonly string[]): string {
  return `a line has 7 columns separated by TABs, and this one has ${length}`
}

/** Without a value the last TAB is often lost, to an editor or to the shell. */
function isRow(fields: readonly string[] | undefined): boolean {
  return fields?.length === 7 || fields?.length === 6
}

function flagOf(text: string): boolean | typeof unreadable {
  return isFlag(text) ? text.toUpperCase() === 'TRUE' : unreadable
}

function isFlag(text: string | undefined): boolean {
  return /^(TRUE|FALSE)$/i.test(text ?? '')
}

/** 0 means a session cookie to curl, wget and yt-dlp; Python takes it for the year 1970. Tools of browsers have written -1. */
function expiryOf(text: string): number | typeof unreadable | undefined {
  if (text === '' || /^(0|-1)(\.0+)?$/.test(text)) return undefined
  if (!/^-?\d{1,17}(\.\d+)?$/.test(text)) return unreadable
  return timeOfSeconds(Number(text)) ?? unreadable
}
