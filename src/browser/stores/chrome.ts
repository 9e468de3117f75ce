import { createHash } from 'node:crypto'
import { siteOf } from '../../cookies/site.ts'
import { HallpassError } from '../../errors.ts'
import { domainOf } from '../../formats/domain.ts'
import type { GivenCookie, Reading, Skipped } from '../../formats/format.ts'
import { latin1Of } from '../../formats/wire-text.ts'
import type { ChromeKeys } from './chrome-keys.ts'
import { columnsOf, cookieBytes, nameOf, type Row, readCopied, rowsOf, wireOf } from './copied-database.ts'

/** From this version of the store on, what is encrypted begins with the SHA-256 of the host: a value moved to another is noticed. */
const boundSince = 24

/** Microseconds between 1601, where Chrome counts from, and 1970. */
const epochMicroseconds = 11_644_473_600_000_000n

const sameSites: Readonly<Record<number, GivenCookie['sameSite']>> = { 0: 'none', 1: 'lax', 2: 'strict' }

/** The cookies of a profile of Chrome, Chromium, Edge or Brave: `Cookies`, newer ones `Network/Cookies`. */
export async function readChrome(file: string, keys: ChromeKeys): Promise<Reading> {
  const { rows, bound } = await readCopied(file, (database) => {
    const columns = columnsOf(database, 'cookies')
    if (!columns.has('encrypted_value') || !columns.has('host_key')) {
      throw new HallpassError('profile-unreadable', `${file} is no cookie store of Chrome that is known`)
    }
    const [meta] = rowsOf(database, "SELECT value FROM meta WHERE key = 'version'")
    return {
      rows: rowsOf(database, `SELECT *, ${cookieBytes} FROM cookies ORDER BY creation_utc, rowid`),
      bound: Number(meta?.value ?? 0) >= boundSince,
    }
  })
  const cookies: Reading['cookies'][number][] = []
  const skipped: Skipped[] = []
  for (const [index, row] of rows.entries()) {
    const where = `cookie ${index + 1} (${nameOf(row)} of ${String(row.host_key)})`
    const value = await contentOf(row, bound, keys)
    const read = 'reason' in value ? value.reason : cookieOf(row, value.value)
    if (typeof read === 'string') skipped.push({ where, reason: read })
    else cookies.push({ where, cookie: read })
  }
  return { cookies, origins: [], skipped }
}

async function contentOf(
  row: Row,
  bound: boolean,
  keys: ChromeKeys,
): Promise<{ readonly value: string } | { readonly reason: string }> {
  const sealed = row.encrypted_value
  if (!(sealed instanceof Uint8Array)) return { reason: 'an encrypted value that is no bytes' }
  if (sealed.length === 0) {
    const value = wireOf(row.value)
    return value === undefined ? { reason: 'a value that is no text' } : { value }
  }
  const opened = await keys.open(Buffer.from(sealed))
  if ('reason' in opened) return opened
  if (!bound) return { value: latin1Of(opened.plaintext) }
  const host = createHash('sha256').update(String(row.host_key)).digest()
  if (!opened.plaintext.subarray(0, host.length).equals(host))
    return { reason: 'a value that belongs to another host' }
  return { value: latin1Of(opened.plaintext.subarray(host.length)) }
}

function cookieOf(row: Row, value: string): GivenCookie | string {
  const name = wireOf(row.name)
  const { host_key: host } = row
  if (name === undefined || typeof host !== 'string') return 'name or host is no text'
  const domain = domainOf(host)
  if (domain === undefined) return 'a host that is none'
  const partition = partitionOf(row, domain.domain)
  if (typeof partition === 'string') return partition
  const secure = row.is_secure === 1n
  const sameSite = sameSites[Number(row.samesite ?? -1)] ?? 'default'
  return {
    name,
    value,
    domain: domain.domain,
    hostOnly: !domain.dotted,
    path: wireOf(row.path) || '/',
    secure,
    httpOnly: row.is_httponly === 1n,
    sameSite: sameSite === 'none' && !secure ? 'default' : sameSite,
    ...(partition ? { partitioned: true } : {}),
    ...(row.has_expires === 1n && typeof row.expires_utc === 'bigint'
      ? { expiresAt: Number((row.expires_utc - epochMicroseconds) / 1000n) }
      : {}),
  }
}

function partitionOf(row: Row, domain: string): boolean | string {
  const key = row.top_frame_site_key
  if (typeof key !== 'string' || key === '') return false
  const own = URL.canParse(key) && siteOf(new URL(key).hostname) === siteOf(domain)
  if (own && row.has_cross_site_ancestor !== 1n) return true
  return 'of the partition that another site has; only those of the own site are kept'
}
