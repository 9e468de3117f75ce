import { isObject } from '../json.ts'
import type { Pairs } from './format.ts'

/**
 * The databases of an origin as Playwright's storageState lists them: `{ name, version, stores: [{ name, keyPath | keyPathArray,
 * autoIncrement, indexes, records: [{ key, value }] }] }`, where values that JSON cannot hold are encoded, under `keyEncoded` and
 * `valueEncoded`. Kept by name as the text of that JSON, so that a database is one more thing that an origin stores.
 */
export function readDatabases(value: unknown): {
  readonly databases: Pairs
  /** Items that are not databases, with their places in the list. */
  readonly flawed: readonly { readonly where: string; readonly reason: string }[]
} {
  if (value === undefined || value === null) return { databases: [], flawed: [] }
  if (!Array.isArray(value)) {
    return { databases: [], flawed: [{ where: 'indexedDB', reason: 'no list of databases' }] }
  }
  const databases = new Map<string, string>()
  const flawed: { where: string; reason: string }[] = []
  for (const [index, item] of value.entries()) {
    const database = databaseOf(item)
    if (database === undefined)
      flawed.push({ where: `indexedDB[${index}]`, reason: 'no database of IndexedDB' })
    // The page makes an empty database anew.
    else if (database.stores.some(({ records }) => records.length > 0))
      databases.set(database.name, JSON.stringify(database))
  }
  return { databases: [...databases], flawed }
}

export function writtenDatabases(databases: Pairs): readonly unknown[] {
  return databases.map(([, text]) => JSON.parse(text))
}

/** Whether a text is a database of this name in the form of `readDatabases`. */
export function isDatabase(name: string, text: string): boolean {
  try {
    const [[readName, readText] = []] = readDatabases([JSON.parse(text)]).databases
    return readName === name && readText === text
  } catch {
    return false
  }
}

/** Strict: a browser could read any other shape as anything. */
function databaseOf(value: unknown) {
  if (!isObject(value)) return undefined
  const { name, version, stores } = value
  if (typeof name !== 'string' || !Number.isSafeInteger(version) || Number(version) < 1) return undefined
  const read = listOf(stores, storeOf)
  return read && { name, version, stores: read }
}

function storeOf(value: unknown) {
  if (!isObject(value)) return undefined
  const { name, autoIncrement } = value
  const keyPath = keyPathOf(value)
  const records = listOf(value.records, recordOf)
  const indexes = listOf(value.indexes, indexOf)
  if (typeof name !== 'string' || typeof autoIncrement !== 'boolean') return undefined
  if (keyPath === undefined || records === undefined || indexes === undefined) return undefined
  return { name, autoIncrement, ...keyPath, records, indexes }
}

function indexOf(value: unknown) {
  if (!isObject(value)) return undefined
  const { name, multiEntry, unique } = value
  const keyPath = keyPathOf(value)
  if (typeof name !== 'string' || typeof multiEntry !== 'boolean' || typeof unique !== 'boolean')
    return undefined
  return keyPath && { name, ...keyPath, multiEntry, unique }
}

function recordOf(value: unknown) {
  if (!isObject(value)) return undefined
  const members = Object.entries(value).filter(([name]) => recordMembers.has(name))
  const fits =
    members.some(([name]) => name.startsWith('value')) && members.every(([, held]) => isShallow(held))
  return fits ? Object.fromEntries(members) : undefined
}

const recordMembers = new Set(['key', 'keyEncoded', 'value', 'valueEncoded'])

function keyPathOf({ keyPath, keyPathArray }: Readonly<Record<string, unknown>>) {
  if (typeof keyPath === 'string') return { keyPath }
  if (keyPath !== undefined && keyPath !== null) return undefined
  if (keyPathArray === undefined) return {}
  return Array.isArray(keyPathArray) && keyPathArray.every((part) => typeof part === 'string')
    ? { keyPathArray }
    : undefined
}

function listOf<T>(value: unknown, read: (item: unknown) => T | undefined): readonly T[] | undefined {
  if (!Array.isArray(value)) return undefined
  const items = value.map(read)
  return items.every((item) => item !== undefined) ? items : undefined
}

/** JSON is read however deep it is, and written only as deep as the stack. */
const maxDepth = 500

function isShallow(value: unknown, depth = 0): boolean {
  if (typeof value !== 'object' || value === null) return true
  return depth < maxDepth && Object.values(value).every((inner) => isShallow(inner, depth + 1))
}
