import { existsSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { siteOf } from '../../cookies/site.ts'
import { HallpassError } from '../../errors.ts'
import type { GivenCookie } from '../../formats/format.ts'
import { unreadable } from '../../formats/found-cookie.ts'
import { Containers } from './containers.ts'
import { columnsOf, cookieBytes, type Row, readCopied, rowsOf, wireOf } from './copied-database.ts'
import type { Engine, ProfileFolder } from './engine.ts'
import { type CookieColumns, ofOtherPartition, readRows } from './row-cookie.ts'

/** From this version of its schema on, Firefox keeps times in milliseconds. */
const millisecondsSince = 16

/** The values of nsICookie. 256 stands for a cookie without SameSite. */
const sameSites: Readonly<Record<number, GivenCookie['sameSite']>> = {
  0: 'none',
  1: 'lax',
  2: 'strict',
  256: 'default',
}

/** The cookies of a Firefox profile are in `cookies.sqlite`, in clear. */
export const firefox: Engine = {
  cookieFiles: ['cookies.sqlite'],
  lacks: 'cookies that last until Firefox ends are in its memory alone, and not in its store',
  folders: foldersOf,
  hasContainers: true,
  async read({ cookies, container }) {
    const containers = new Containers(cookies)
    const id = container === undefined ? null : containers.idOf(container)
    const { rows, scale } = await readCopied(cookies, (database) => {
      const columns = columnsOf(database, 'moz_cookies')
      if (!columns.has('host') || !columns.has('expiry')) {
        throw new HallpassError(
          'profile-unreadable',
          `${cookies} is no cookie store of Firefox that is known`,
        )
      }
      const version = Number(rowsOf(database, 'PRAGMA user_version')[0]?.user_version ?? 0)
      return {
        rows: rowsOf(database, `SELECT *, ${cookieBytes} FROM moz_cookies ORDER BY rowid`),
        scale: version >= millisecondsSince ? 1 : 1000,
      }
    })
    const asked = rows.filter((row) => id === null || containerOf(row) === id)
    return await readRows(
      asked,
      (row) => {
        const other = containerOf(row)
        if (other === id) return cookieColumns(row, scale)
        return `it is in the container ${containers.nameOf(other ?? '')}: choose it with --container`
      },
      'host',
    )
  },
}

/** `profiles.ini` says where the profiles are and what the user calls them. */
function foldersOf(root: string): readonly ProfileFolder[] {
  const file = join(root, 'profiles.ini')
  if (!existsSync(file)) return []
  const sections = readFileSync(file, 'utf8').split(/^\[/m)
  return sections.flatMap((section) => {
    const value = (key: string) => new RegExp(`^${key}=(.*?)\\r?$`, 'm').exec(section)?.[1]
    const path = section.startsWith('Profile') ? value('Path') : undefined
    if (path === undefined) return []
    const folder = value('IsRelative') === '0' ? path : join(root, path)
    return [{ name: value('Name') ?? basename(path), folder }]
  })
}

function cookieColumns(row: Row, scale: number): CookieColumns | string {
  const value = wireOf(row.value)
  if (value === undefined) return 'the value is not text'
  return {
    value,
    host: row.host,
    secure: row.isSecure,
    httpOnly: row.isHttpOnly,
    sameSite: sameSites[Number(row.sameSite ?? 256)] ?? unreadable,
    expiresAt: typeof row.expiry === 'bigint' ? Number(row.expiry) * scale : unreadable,
    partition: (domain) => partitionOf(attributesOf(row), domain),
  }
}

/** The number of the container; null outside of all. */
function containerOf(row: Row): string | null {
  return attributesOf(row).get('userContextId')
}

function attributesOf({ originAttributes }: Row): URLSearchParams {
  return new URLSearchParams(String(originAttributes ?? '').replace(/^\^/, ''))
}

/** `^userContextId=2&partitionKey=%28https%2Cexample.com%29`: whether it is partitioned, or why it cannot be taken. */
function partitionOf(parts: URLSearchParams, domain: string): boolean | string {
  if (parts.has('privateBrowsingId')) return 'of a private window'
  if (parts.has('firstPartyDomain')) return 'isolated by first party'
  const key = parts.get('partitionKey')
  if (key === null) return false
  const [, top = ''] = /^\((?:https?),([^,)]+)/.exec(key) ?? []
  if (siteOf(top) === siteOf(domain) && !key.endsWith(',f)')) return true
  return ofOtherPartition
}
