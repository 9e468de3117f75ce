import { areas, type OriginStorage } from '../../../sessions/origin-storage.ts'
import { counted } from '../../counted.ts'

/** Enough of a key to recognize it. */
const maxKeyLength = 80

/** A row for each key, without its value. */
export function storageRows(storage: OriginStorage): string[][] {
  return areas.flatMap((area) =>
    storage[area].map(([key, value]) => [`  ${shownKey(key)}`, area, counted(value.length, 'character')]),
  )
}

/** A page may choose a key of any length. */
function shownKey(key: string): string {
  const cut = key.length > maxKeyLength ? `${key.slice(0, maxKeyLength)}…` : key
  return cut === '' ? '(empty)' : cut
}
