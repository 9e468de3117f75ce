import { HallpassError } from '../errors.ts'
import type { GivenOrigin, Pairs } from '../formats/format.ts'
import { webOrigin } from '../formats/web-origin.ts'
import type { Json } from '../store/store.ts'

/** The web storage of one origin, as it was at the last capture or import. */
export interface OriginStorage extends GivenOrigin {
  /** Milliseconds since the epoch. */
  readonly capturedAt: number
}

/** Chrome's limit for one origin. Here it is for all areas together, as JSON. */
export const maxOriginBytes = 10 * 1024 * 1024

/** All origins of a site share one record. A record, sealed and in Base64, has at most 64 MiB. */
export const maxSiteBytes = 40 * 1024 * 1024

/** A site with wildcard names could otherwise make an endless record of small origins. */
export const maxOriginsPerSite = 200

/** No usable page has more. */
export const maxKeysPerOrigin = 10_000

export const areas = ['localStorage', 'sessionStorage', 'indexedDB'] as const
export type Area = (typeof areas)[number]

/** The keys of one area that found no room. */
export interface NoRoom {
  readonly area: Area
  readonly keys: number
  readonly reason: string
}

/** Lays the given storage over the held one, key by key. A database counts as a key. A key that finds no room stays as it was. */
export function mergeOrigin(
  held: OriginStorage | undefined,
  given: GivenOrigin,
  { now, roomBytes }: { readonly now: number; readonly roomBytes: number },
): { readonly storage: OriginStorage; readonly noRoom: readonly NoRoom[] } {
  const merged = {
    localStorage: new Map(held?.localStorage),
    sessionStorage: new Map(held?.sessionStorage),
    indexedDB: new Map(held?.indexedDB),
  }
  const limit = Math.min(maxOriginBytes, roomBytes)
  const noRoom: NoRoom[] = []
  let bytes = areas.reduce((sum, area) => sum + bytesOfPairs([...merged[area]]), 0)
  for (const area of areas) {
    const pairs = merged[area]
    let keys = 0
    for (const [key, value] of given[area]) {
      const old = pairs.get(key)
      const grown = bytes + bytesOfPair(key, value) - (old === undefined ? 0 : bytesOfPair(key, old))
      const full =
        old === undefined && areas.reduce((sum, each) => sum + merged[each].size, 0) >= maxKeysPerOrigin
      if (grown > limit || full) {
        keys++
        continue
      }
      pairs.set(key, value)
      bytes = grown
    }
    if (keys > 0) noRoom.push({ area, keys, reason: reasonOf(limit) })
  }
  const storage = {
    origin: given.origin,
    localStorage: [...merged.localStorage],
    sessionStorage: [...merged.sessionStorage],
    indexedDB: [...merged.indexedDB],
    capturedAt: now,
  }
  return { storage, noRoom }
}

function reasonOf(limit: number): string {
  const room =
    limit < maxOriginBytes ? `${maxSiteBytes / 1024 / 1024} MiB of one site` : '10 MiB of one origin'
  return `no room: ${room} and ${maxKeysPerOrigin} keys are the most`
}

export function bytesOfOrigin(storage: GivenOrigin): number {
  return areas.reduce((sum, area) => sum + bytesOfPairs(storage[area]), 0)
}

function bytesOfPairs(pairs: Pairs): number {
  return pairs.reduce((sum, [key, value]) => sum + bytesOfPair(key, value), 0)
}

/** The bytes in the record. A control character takes six. */
function bytesOfPair(key: string, value: string): number {
  return Buffer.byteLength(JSON.stringify(key)) + Buffer.byteLength(JSON.stringify(value)) + 4
}

/** The number of keys in all areas. */
export function keysOf(storage: GivenOrigin): number {
  return areas.reduce((sum, area) => sum + storage[area].length, 0)
}

/** The record of a site; undefined when no origin has a key, since an empty record says nothing. */
export function storageRecord(origins: readonly OriginStorage[]): Json | undefined {
  const filled = origins.filter((origin) => keysOf(origin) > 0)
  return filled.length === 0 ? undefined : { origins: filled as unknown as Json }
}

/** Throws `record-damaged` for a record that is not exactly as it was written. No value is part of the error. */
export function parseStorageRecord(value: Json | undefined): readonly OriginStorage[] {
  if (value === undefined) return []
  const origins =
    typeof value === 'object' && value !== null && 'origins' in value ? value.origins : undefined
  // Older records have no databases.
  const whole = Array.isArray(origins)
    ? origins.map((origin) => ({ ...origin, indexedDB: origin?.indexedDB ?? [] }))
    : [undefined]
  if (!whole.every(isOriginStorage)) {
    throw new HallpassError('record-damaged', 'a record of web storage is damaged')
  }
  return whole
}

function isOriginStorage(value: unknown): value is OriginStorage {
  if (typeof value !== 'object' || value === null) return false
  const { origin, capturedAt, ...stored } = value as Record<string, unknown>
  return (
    typeof origin === 'string' &&
    webOrigin(origin) === origin &&
    areas.every((area) => isPairs(stored[area])) &&
    Number.isFinite(capturedAt)
  )
}

function isPairs(value: unknown): value is Pairs {
  const isPair = (pair: unknown) =>
    Array.isArray(pair) && pair.length === 2 && pair.every((part) => typeof part === 'string')
  return Array.isArray(value) && value.every(isPair)
}
