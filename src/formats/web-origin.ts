import { isObject } from '../json.ts'
import type { GivenOrigin, Pairs } from './format.ts'
import { readDatabases } from './indexed-db.ts'
import { member } from './json-cookie.ts'

/** The origin as a browser writes it, or undefined when storage cannot belong to it (`null`, `file://`, no URL). */
export function webOrigin(text: string): string | undefined {
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) return undefined
  const url = new URL(text)
  // Attack: with a user name in front, the URL reads as another host.
  if (url.username !== '' || url.password !== '' || url.hostname.endsWith('.')) return undefined
  return url.origin
}

/** The storage of an origin, as Playwright has it: lists of `{ name, value }`, and databases. */
export function readOrigin(value: unknown):
  | {
      readonly storage: GivenOrigin
      readonly flawed: readonly { readonly where: string; readonly reason: string }[]
    }
  | { readonly reason: string } {
  const text = member(value, 'origin')
  const origin = typeof text === 'string' ? webOrigin(text) : undefined
  if (origin === undefined) return { reason: 'no origin of a site' }
  const localStorage = pairsOf(member(value, 'localStorage'))
  const sessionStorage = pairsOf(member(value, 'sessionStorage'))
  if (localStorage === undefined || sessionStorage === undefined) {
    return { reason: 'the web storage is not a list of names and values' }
  }
  const { databases, flawed } = readDatabases(member(value, 'indexedDB'))
  return { storage: { origin, localStorage, sessionStorage, indexedDB: databases }, flawed }
}

export function namesAndValues(pairs: Pairs): readonly { readonly name: string; readonly value: string }[] {
  return pairs.map(([name, value]) => ({ name, value }))
}

/** A list of `{ name, value }`, or an object of them. The later of two with one name wins, as a page setting it twice. */
function pairsOf(value: unknown): Pairs | undefined {
  if (value === undefined || value === null) return []
  const pairs = isObject(value)
    ? Object.entries(value)
    : Array.isArray(value)
      ? value.map((item) => [member(item, 'name'), member(item, 'value')] as const)
      : undefined
  if (
    pairs?.every((pair): pair is [string, string] => pair.every((part) => typeof part === 'string')) !== true
  ) {
    return undefined
  }
  return [...new Map(pairs)]
}
