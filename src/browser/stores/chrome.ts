import { createHash } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { siteOf } from '../../cookies/site.ts'
import { HallpassError } from '../../errors.ts'
import type { GivenCookie } from '../../formats/format.ts'
import { unreadable } from '../../formats/found-cookie.ts'
import { latin1Of } from '../../formats/latin1.ts'
import { ChromeKeys, type SafeStorage } from './chrome-keys.ts'
import { columnsOf, cookieBytes, type Row, readCopied, rowsOf, wireOf } from './copied-database.ts'
import type { Engine, ProfileFolder } from './engine.ts'
import { type CookieColumns, ofOtherPartition, readRows } from './row-cookie.ts'

/** From this version of the store on, what is encrypted begins with the SHA-256 of the host: a value moved to another is noticed. */
const boundSince = 24

/** Microseconds between 1601, where Chrome counts from, and 1970. */
const epochMicroseconds = 11_644_473_600_000_000n

/** -1 stands for a cookie without SameSite. */
const sameSites: Readonly<Record<number, GivenCookie['sameSite']>> = {
  [-1]: 'default',
  0: 'none',
  1: 'lax',
  2: 'strict',
}

/** Chrome, Chromium, Edge and Brave keep cookies in `Cookies`, newer ones in `Network/Cookies`, encrypted. */
export function chrome(storage: SafeStorage): Engine {
  return {
    cookieFiles: [join('Network', 'Cookies'), 'Cookies'],
    folders: foldersOf,
    async read({ cookies, root }) {
      const keys = new ChromeKeys(storage, root)
      const { rows, bound } = await readCopied(cookies, (database) => {
        const columns = columnsOf(database, 'cookies')
        if (!columns.has('encrypted_value') || !columns.has('host_key')) {
          throw new HallpassError(
            'profile-unreadable',
            `${cookies} is no cookie store of Chrome that is known`,
          )
        }
        const [meta] = rowsOf(database, "SELECT value FROM meta WHERE key = 'version'")
        return {
          rows: rowsOf(database, `SELECT *, ${cookieBytes} FROM cookies ORDER BY creation_utc, rowid`),
          bound: Number(meta?.value ?? 0) >= boundSince,
        }
      })
      return await readRows(rows, (row) => cookieColumns(row, bound, keys), 'host_key')
    },
  }
}

function foldersOf(root: string): readonly ProfileFolder[] {
  return readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && /^(Default|Profile \d+|Guest Profile)$/.test(entry.name))
    .map(({ name }) => ({ name, folder: join(root, name) }))
}

async function cookieColumns(row: Row, bound: boolean, keys: ChromeKeys): Promise<CookieColumns | string> {
  const content = await contentOf(row, bound, keys)
  if ('reason' in content) return content.reason
  return {
    value: content.value,
    host: row.host_key,
    secure: row.is_secure,
    httpOnly: row.is_httponly,
    sameSite: sameSites[Number(row.samesite ?? -1)] ?? unreadable,
    expiresAt: expiryOf(row),
    partition: (domain) => partitionOf(row, domain),
  }
}

function expiryOf({ has_expires, expires_utc }: Row): number | typeof unreadable | undefined {
  if (has_expires === 0n) return undefined
  return typeof expires_utc === 'bigint' ? Number((expires_utc - epochMicroseconds) / 1000n) : unreadable
}

async function contentOf(
  row: Row,
  bound: boolean,
  keys: ChromeKeys,
): Promise<{ readonly value: string } | { readonly reason: string }> {
  const sealed = row.encrypted_value
  if (!(sealed instanceof Uint8Array)) return { reason: 'the encrypted value is not bytes' }
  if (sealed.length === 0) {
    const value = wireOf(row.value)
    return value === undefined ? { reason: 'the value is not text' } : { value }
  }
  const opened = await keys.open(Buffer.from(sealed))
  if ('reason' in opened) return opened
  if (!bound) return { value: latin1Of(opened.plaintext) }
  const host = createHash('sha256').update(String(row.host_key)).digest()
  if (!opened.plaintext.subarray(0, host.length).equals(host))
    return { reason: 'a value that belongs to another host' }
  return { value: latin1Of(opened.plaintext.subarray(host.length)) }
}

function partitionOf(row: Row, domain: string): boolean | string {
  const key = row.top_frame_site_key
  if (typeof key !== 'string' || key === '') return false
  const own = URL.canParse(key) && siteOf(new URL(key).hostname) === siteOf(domain)
  if (own && row.has_cross_site_ancestor !== 1n) return true
  return ofOtherPartition
}
