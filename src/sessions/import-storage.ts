import { siteOf } from '../cookies/site.ts'
import type { GivenOrigin, Reading, Skipped } from '../formats/format.ts'
import { isName } from '../store/names.ts'
import type { Json } from '../store/store.ts'
import type { ImportMode } from './import-cookies.ts'
import {
  type Area,
  bytesOfOrigin,
  keysOf,
  maxOriginsPerSite,
  maxSiteBytes,
  mergeOrigin,
  type OriginStorage,
  parseStorageRecord,
  storageRecord,
} from './origin-storage.ts'
import { hostOfOrigin } from './session-storage.ts'

export interface ReadStorage {
  readonly where: string
  readonly storage: GivenOrigin
}

export interface StorageOutcome {
  readonly record: Json | undefined
  readonly origins: number
  readonly keys: number
  readonly skipped: readonly Skipped[]
}

export function sortStorage(origins: Reading['origins']): {
  readonly bySite: ReadonlyMap<string, readonly ReadStorage[]>
  readonly skipped: readonly Skipped[]
} {
  const skipped: Skipped[] = []
  const kept = origins.filter(({ where, storage }) => {
    if (isName('site', siteOf(hostOfOrigin(storage.origin)))) return true
    skipped.push({ where, reason: 'nothing can be kept for that host', what: 'storage' })
    return false
  })
  const once = [...Map.groupBy(kept, ({ storage }) => storage.origin).values()].map(together)
  return { bySite: Map.groupBy(once, ({ storage }) => siteOf(hostOfOrigin(storage.origin))), skipped }
}

/** Joins the parts of one origin that stand in several places of a file. The last value of a key counts. */
function together(given: readonly ReadStorage[]): ReadStorage {
  const [first] = given as readonly [ReadStorage, ...ReadStorage[]]
  if (given.length === 1) return first
  const pairs = (area: Area) => [...new Map(given.flatMap(({ storage }) => storage[area]))]
  const { origin } = first.storage
  return {
    where: first.where,
    storage: {
      origin,
      localStorage: pairs('localStorage'),
      sessionStorage: pairs('sessionStorage'),
      indexedDB: pairs('indexedDB'),
    },
  }
}

/** The record of a site with the web storage in it; `replace` empties the origins that are given, and no others. */
export function importStorage(
  value: Json | undefined,
  given: readonly ReadStorage[],
  { mode, now }: { readonly mode: ImportMode; readonly now: number },
): StorageOutcome {
  const held = new Map(parseStorageRecord(value).map((storage) => [storage.origin, storage]))
  if (mode === 'replace') for (const { storage } of given) held.delete(storage.origin)
  const skipped: Skipped[] = []
  let keys = 0
  let origins = 0
  for (const { where, storage } of given) {
    if (keysOf(storage) === 0) continue
    const before = held.get(storage.origin)
    if (before === undefined && held.size >= maxOriginsPerSite) {
      const reason = `no room: ${maxOriginsPerSite} origins of one site are the most`
      skipped.push({ where, reason, what: 'storage' })
      continue
    }
    const merged = mergeOrigin(before, storage, { now, roomBytes: roomFor(storage.origin, held) })
    const missing = merged.noRoom.reduce((sum, { keys }) => sum + keys, 0)
    for (const { area, keys, reason } of merged.noRoom) {
      skipped.push({
        where: `${where}.${area}`,
        reason: `${keys} ${keys === 1 ? 'key' : 'keys'}: ${reason}`,
        what: 'storage',
      })
    }
    keys += keysOf(storage) - missing
    if (keysOf(storage) > missing) origins++
    held.set(storage.origin, unlessSame(before, merged.storage))
  }
  return { record: storageRecord([...held.values()]), origins, keys, skipped }
}

function roomFor(origin: string, held: ReadonlyMap<string, OriginStorage>): number {
  const others = [...held.values()].filter((other) => other.origin !== origin)
  return maxSiteBytes - others.reduce((sum, other) => sum + bytesOfOrigin(other), 0)
}

/** The same again is no change, and nothing to write. */
function unlessSame(before: OriginStorage | undefined, after: OriginStorage): OriginStorage {
  if (before === undefined) return after
  const same = JSON.stringify({ ...after, capturedAt: 0 }) === JSON.stringify({ ...before, capturedAt: 0 })
  return same ? before : after
}
