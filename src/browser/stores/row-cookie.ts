import { domainOf } from '../../formats/domain.ts'
import type { Reading } from '../../formats/format.ts'
import { type FoundCookie, type KeptCookie, keptCookie, unreadable } from '../../formats/found-cookie.ts'
import { readEach } from '../../formats/read-each.ts'
import { nameOf, type Row, wireOf } from './copied-database.ts'

/** The columns of a row, in the words that browsers share. */
export interface CookieColumns extends Pick<FoundCookie, 'value' | 'expiresAt' | 'sameSite'> {
  readonly host: unknown
  /** 1 or 0. */
  readonly secure: unknown
  readonly httpOnly: unknown
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

function cookieOf(row: Row, columns: CookieColumns): KeptCookie | string {
  const name = wireOf(row.name)
  const { value, host, secure, httpOnly, sameSite, expiresAt } = columns
  if (name === undefined || typeof host !== 'string') return 'the name or the host is not text'
  const domain = domainOf(host)
  if (domain === undefined) return 'not a host name'
  const partitioned = columns.partition(domain.domain)
  if (typeof partitioned === 'string') return partitioned
  const path = wireOf(row.path)
  return keptCookie({
    name,
    value,
    domain,
    hostOnly: undefined,
    path: path === '' ? '/' : (path ?? unreadable),
    expiresAt,
    secure: flagOf(secure),
    httpOnly: flagOf(httpOnly),
    sameSite,
    partitioned,
  })
}

function flagOf(value: unknown): boolean | typeof unreadable {
  return value === 1n || value === 0n ? value === 1n : unreadable
}

export const ofOtherPartition =
  'it is in the partition of another site; hallpass keeps only cookies in the partition of their own site'
