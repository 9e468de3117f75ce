import { HallpassError } from '../errors.ts'
import type { GivenOrigin, Pairs } from '../formats/format.ts'
import { webOrigin } from '../formats/web-origin.ts'
import type { Json } from '../store/store.ts'

/** What the pages of one origin store, as it was when it was captured or imported last. */
export interface OriginStorage extends GivenOrigin {
  /** Milliseconds since the epoch. */
  readonly capturedAt: number
}

/** As Chrome: what one origin may keep; here all areas together, as JSON. */
export const maxOriginBytes = 10 * 1024 * 1024

/** All of a site are one record, and a record ends at 64 MiB once it is sealed and in Base64. */
export const maxSiteBytes = 40 * 1024 * 1024

/** A site with wildcard names could otherwise make an endless record of small origins. */
export const maxOriginsPerSite = 200

/** As many as any page that is still usable has. */
export const maxKeysPerOrigin = 10_000

export const areas = ['localStorage', 'sessionStorage', 'indexedDB'] as const
export type Area = (typeof areas)[number]

/** What found no room, by area. */
export interface NoRoom {
  readonly area: Area
  readonly keys: number
  readonly reason: string
}

/** Lays what is given over what is held, key by key, a database being one. A key that finds no room stays as it was. */
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

/** As it stands in the record: a control character takes six. */
function bytesOfPair(key: string, value: string): number {
  return Buffer.byteLength(JSON.stringify(key)) + Buffer.byteLength(JSON.stringify(value)) + 4
}

/** How many keys there are in all areas. */
export function keysOf(storage: GivenOrigin): number {
  return areas.reduce((sum, area) => sum + storage[area].length, 0)
}

/** The record of a site; undefined for nothing, which its absence says as well. */
export function storageRecord(origins: readonly OriginStorage[]): Json | undefined {
  const filled = origins.filter((origin) => keysOf(origin) > 0)
  return filled.length === 0 ? undefined : { origins: filled as unknown as Json }
}

/** Strict: what is not exactly what was written is damaged, and nothing of it is used. No value is part of the error. */
export function parseStorageRecord(value: Json | undefined): readonly OriginStorage[] {
  if (value === undefined) return []
  const origins =
    typeof value === 'object' && value !== null && 'origins' in value ? value.origins : undefined
  // Records were made before databases were kept.
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
