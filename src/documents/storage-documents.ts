import type { Pairs } from '../formats/format.ts'
import { Secret } from '../secret.ts'
import type { OriginStorage } from '../sessions/origin-storage.ts'
import type { Document } from './document.ts'
import { timeOf } from './time-of.ts'

/** The web storage of an origin as a part of a document, with the values only if `reveal` is set. */
export function storageFields(storage: OriginStorage, reveal = false) {
  const keys = (pairs: Pairs) =>
    pairs.map(([key, value]) => ({
      key,
      length: value.length,
      fingerprint: new Secret(value).fingerprint(),
      ...(reveal ? { value } : {}),
    }))
  return {
    origin: storage.origin,
    captured_at: timeOf(storage.capturedAt),
    local_storage: keys(storage.localStorage),
    session_storage: keys(storage.sessionStorage),
    indexed_db: keys(storage.indexedDB),
  }
}

/** `storage list` */
export function storageDocument(
  session: string,
  place: string | undefined,
  storages: readonly OriginStorage[],
  reveal = false,
) {
  return {
    schema: 'hallpass.storage/1',
    session,
    place: place ?? null,
    storage: storages.map((storage) => storageFields(storage, reveal)),
  } as const satisfies Document
}

/** `storage rm` */
export function removedStorageDocument(session: string, place: string | undefined, removed: number) {
  return {
    schema: 'hallpass.storage-rm/1',
    session,
    place: place ?? null,
    removed,
  } as const satisfies Document
}
