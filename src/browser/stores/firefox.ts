import { siteOf } from '../../cookies/site.ts'
import { HallpassError } from '../../errors.ts'
import { domainOf } from '../../formats/domain.ts'
import type { GivenCookie, Reading, Skipped } from '../../formats/format.ts'
import { columnsOf, cookieBytes, nameOf, type Row, readCopied, rowsOf, wireOf } from './copied-database.ts'

/** From this version of its schema on, Firefox keeps times in milliseconds. */
const millisecondsSince = 16

/** What nsICookie has: 256 stands for a cookie that said nothing. */
const sameSites: Readonly<Record<number, GivenCookie['sameSite']>> = {
  0: 'none',
  1: 'lax',
  2: 'strict',
  256: 'default',
}

/**
 * The cookies of a Firefox profile: `cookies.sqlite`, in clear. Cookies that last until Firefox ends are only in its
 * memory, and so in no file that could be read.
 */
export async function readFirefox(file: string): Promise<Reading> {
  return await readCopied(file, (database) => {
    const columns = columnsOf(database, 'moz_cookies')
    if (!columns.has('host') || !columns.has('expiry')) {
      throw new HallpassError('profile-unreadable', `${file} is no cookie store of Firefox that is known`)
    }
    const version = Number(rowsOf(database, 'PRAGMA user_version')[0]?.user_version ?? 0)
    const scale = version >= millisecondsSince ? 1 : 1000
    const cookies: Reading['cookies'][number][] = []
    const skipped: Skipped[] = []
    const rows = rowsOf(database, `SELECT *, ${cookieBytes} FROM moz_cookies ORDER BY rowid`)
    for (const [index, row] of rows.entries()) {
      const read = cookieOf(row, scale)
      const where = `cookie ${index + 1} (${nameOf(row)} of ${String(row.host)})`
      if (typeof read === 'string') skipped.push({ where, reason: read })
      else cookies.push({ where, cookie: read })
    }
    return { cookies, origins: [], skipped }
  })
}

function cookieOf(row: Row, scale: number): GivenCookie | string {
  const [name, value] = [wireOf(row.name), wireOf(row.value)]
  const { host } = row
  if (name === undefined || value === undefined || typeof host !== 'string')
    return 'name, value or host is no text'
  const domain = domainOf(host)
  if (domain === undefined) return 'a host that is none'
  const partition = partitionOf(String(row.originAttributes ?? ''), domain.domain)
  if (typeof partition === 'string') return partition
  const secure = row.isSecure === 1n
  const sameSite = sameSites[Number(row.sameSite ?? 256)] ?? 'default'
  return {
    name,
    value,
    domain: domain.domain,
    hostOnly: !domain.dotted,
    path: wireOf(row.path) || '/',
    secure,
    httpOnly: row.isHttpOnly === 1n,
    // Older versions wrote None for a cookie that said nothing; no browser takes one that is None and not Secure.
    sameSite: sameSite === 'none' && !secure ? 'default' : sameSite,
    ...(partition ? { partitioned: true } : {}),
    expiresAt: Number(row.expiry) * scale,
  }
}

/** `^userContextId=2&partitionKey=%28https%2Cexample.com%29`: whether it is partitioned, or why it cannot be taken. */
function partitionOf(attributes: string, domain: string): boolean | string {
  const parts = new URLSearchParams(attributes.replace(/^\^/, ''))
  if (parts.has('userContextId')) return `of the container ${parts.get('userContextId')}`
  if (parts.has('privateBrowsingId')) return 'of a private window'
  if (parts.has('firstPartyDomain')) return 'isolated by first party'
  const key = parts.get('partitionKey')
  if (key === null) return false
  const [, top = ''] = /^\((?:https?),([^,)]+)/.exec(key) ?? []
  if (siteOf(top) === siteOf(domain) && !key.endsWith(',f)')) return true
  return 'of the partition that another site has; only those of the own site are kept'
}
