import { isIPv6 } from 'node:net'
import { HallpassError } from '../errors.ts'

export type NameKind = 'session' | 'credential' | 'site'

// Lower case only. On a file system that folds case, `Work` and `work` would be two identities in one folder.
const plainName = /^[a-z0-9_][a-z0-9._-]{0,63}$/
const hostName = /^(?=.{1,253}$)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*$/

/**
 * Returns a name that can be part of a path and a key of a map; else throws `name-invalid`.
 * Sessions and credentials: lower-case letters, digits, `.`, `_`, `-`, at most 64, not starting with `.` or `-`.
 * Sites: a lower-case host name without trailing dot, or an IP address (IPv6 without brackets or zone).
 */
export function checkName(kind: NameKind, name: string): string {
  if (isName(kind, name)) return name
  throw new HallpassError(
    'name-invalid',
    `${JSON.stringify(clip(name))} cannot be the name of a ${kind}: ${rule[kind]}`,
  )
}

export function isName(kind: NameKind, name: string): boolean {
  // Attack: `__proto__` and `constructor` as keys of an object reach its prototype (CVE-2023-26136).
  if (name in {}) return false
  return kind === 'site' ? hostName.test(name) || isPlainIPv6(name) : isPlainName(name)
}

const plainRule = 'use up to 64 lower-case letters, digits, ".", "_" and "-", not starting with "." or "-"'

const rule: Readonly<Record<NameKind, string>> = {
  session: plainRule,
  credential: plainRule,
  site: 'a site is a lower-case host name or an IP address',
}

function isPlainName(name: string): boolean {
  // `a..b` is harmless, but this way no path of ours ever has a "..".
  return plainName.test(name) && !name.includes('..')
}

function isPlainIPv6(name: string): boolean {
  return isIPv6(name) && /^[0-9a-f:.]+$/.test(name)
}

function clip(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80)}…` : text
}
