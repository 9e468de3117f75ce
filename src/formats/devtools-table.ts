import { domainOf } from './domain.ts'
import type { Format } from './format.ts'
import { type KeptCookie, keptCookie, unreadable } from './found-cookie.ts'
import { timeOfText } from './given-time.ts'
import { partitionOf, sameSiteOf } from './json-cookie.ts'
import { fromWire } from './latin1.ts'
import { readEach } from './read-each.ts'
import { formatInvalid } from './source.ts'

/** Size, SameSite and the columns behind it may be missing: an editor removes TABs at the end of a line. */
const leastColumns = 5

/**
 * Rows copied from the cookie table in the developer tools of Chrome, Edge and Brave: name, value, domain, path, expiry, size,
 * HttpOnly, Secure, SameSite, the site of the partition, whether another site is in between, priority; separated by TABs.
 */
export const devtoolsTable: Format = {
  detects({ lines }) {
    return lines.some((line) => looksLikeRow(line.split('\t')))
  },

  read({ lines }) {
    const rows = lines.flatMap((line, index) => {
      const columns = line.split('\t')
      const isHead = columns[0] === 'Name' && columns[1] === 'Value'
      return line.trim() === '' || isHead ? [] : [{ where: `line ${index + 1}`, item: columns }]
    })
    const read = readEach(rows, cookieOf)
    const [first] = read.skipped
    if (read.cookies.length === 0 && first !== undefined)
      throw formatInvalid(`${first.where}: ${first.reason}`)
    return { ...read, origins: [] }
  },
}

/** No cookies.txt has a path in its fourth column. */
function looksLikeRow(columns: readonly string[]): boolean {
  const [, , domain = '', path = '', expiry = ''] = columns
  return (
    columns.length >= leastColumns &&
    path.startsWith('/') &&
    domainOf(fromWire(domain) ?? '') !== undefined &&
    expiryOf(expiry) !== unreadable
  )
}

function cookieOf(columns: readonly string[]): KeptCookie | string {
  if (columns.length < leastColumns) return `fewer than ${leastColumns} columns`
  const [name = '', value = '', domainText = '', path = '', expiry = '', , httpOnly, secure, sameSite] =
    columns
  const domain = domainOf(fromWire(domainText) ?? '')
  if (domain === undefined) return 'column 3: the domain is not a host name'
  const [site = '', crossSite] = columns.slice(9)
  // Chrome had a mark for SameParty in this column for a time.
  const key = site === mark ? undefined : { topLevelSite: site, hasCrossSiteAncestor: crossSite === mark }
  const partitioned = partitionOf({ partitionKey: key }, domain.domain)
  if (typeof partitioned === 'string') return partitioned
  const kept = keptCookie({
    name,
    value,
    domain,
    hostOnly: undefined,
    path,
    expiresAt: expiryOf(expiry),
    secure: flagOf(secure),
    httpOnly: flagOf(httpOnly),
    sameSite: sameSiteOf(sameSite),
    partitioned,
  })
  // A TAB in a value shifts the columns.
  return kept.flaws.length > 1 ? 'more than one column cannot be read' : kept
}

/** The bytes of a check mark. */
const mark = '\u00e2\u009c\u0093'

function flagOf(text = ''): boolean | typeof unreadable {
  if (text === mark || /^true$/i.test(text)) return true
  return /^(false)?$/i.test(text) ? false : unreadable
}

function expiryOf(text: string): number | typeof unreadable | undefined {
  return text === 'Session' ? undefined : (timeOfText(text) ?? unreadable)
}
