import { domainOf } from '../../formats/domain.ts'
import type { GivenCookie, Reading } from '../../formats/format.ts'
import { readEach } from '../../formats/read-each.ts'
import { nameOf, type Row, wireOf } from './copied-database.ts'

/** The columns of a row, in the words that browsers share. */
export interface CookieColumns {
  readonly value: string
  readonly host: unknown
  readonly secure: boolean
  readonly httpOnly: boolean
  /** undefined: the site said nothing. */
  readonly sameSite: GivenCookie['sameSite'] | undefined
  readonly expiresAt: number | undefined
  /** Whether the cookie is partitioned, or why it cannot be taken. */
  partition(domain: string): boolean | string
}

/** Reads each row; a text says why a row is skipped. */
export async function readRows(
  rows: readonly Row[],
  columnsOf: (row: Row) => CookieColumns | string | Promise<CookieColumns | string>,
  hostColumn: string,
): Promise<Reading> {
  const placed = rows.map(async (row, index) => {
    const where = `cookie ${index + 1} (${nameOf(row)} of ${String(row[hostColumn])})`
    return { where, item: { row, columns: await columnsOf(row) } }
  })
  const read = readEach(await Promise.all(placed), ({ row, columns }) =>
    typeof columns === 'string' ? columns : cookieOf(row, columns),
  )
  return { ...read, origins: [] }
}

function cookieOf(row: Row, columns: CookieColumns): GivenCookie | string {
  const name = wireOf(row.name)
  const { value, host, secure, httpOnly, sameSite = 'default', expiresAt } = columns
  if (name === undefined || typeof host !== 'string') return 'the name or the host is not text'
  const domain = domainOf(host)
  if (domain === undefined) return 'not a host name'
  const partitioned = columns.partition(domain.domain)
  if (typeof partitioned === 'string') return partitioned
  return {
    name,
    value,
    domain: domain.domain,
    hostOnly: !domain.dotted,
    path: wireOf(row.path) || '/',
    secure,
    httpOnly,
    // Older versions of Firefox wrote None for a cookie that said nothing; no browser takes one that is None and not Secure.
    sameSite: sameSite === 'none' && !secure ? 'default' : sameSite,
    ...(partitioned ? { partitioned } : {}),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  }
}

export const ofOtherPartition =
  'it is in the partition of another site; hallpass keeps only cookies in the partition of their own site'
