import { HallpassError } from '../../errors.ts'
import type { GivenOrigin } from '../../formats/format.ts'
import { writtenDatabases } from '../../formats/indexed-db.ts'
import { member } from '../../formats/json-cookie.ts'
import type { areas, OriginStorage } from '../../sessions/origin-storage.ts'
import { writeDatabases } from './page-databases.ts'
import { databasesOfPage } from './page-storage.ts'

/**
 * Replaces a page's web storage item by item, except for databases that the session cannot hold. A redirect may lead to another
 * origin: such a page stays as it is.
 * @param evaluate goes to the page, runs a script in it and returns its result
 * @returns the items that the browser refuses: its quota is smaller than the session's (5 Mi characters of localStorage)
 * @throws HallpassError `browser-failed`: else the session would take over the empty storage of the window when it closes
 */
export async function fillPage(
  storage: OriginStorage,
  evaluate: (script: string) => Promise<unknown>,
): Promise<GivenOrigin> {
  const { origin } = storage
  let cause: unknown
  const refused = await evaluate(writingScript(storage)).catch((error: unknown) => {
    cause = error
  })
  if (typeof refused === 'string') return refusedOf(storage, JSON.parse(refused))
  throw new HallpassError('browser-failed', `the web storage of ${origin} could not be put into the window`, {
    hint: `hallpass login ${origin}`,
    cause,
  })
}

/** The items whose numbers the script returns, by area. */
function refusedOf(storage: OriginStorage, numbers: unknown): GivenOrigin {
  const of = (area: (typeof areas)[number]) => {
    const list = member(numbers, area)
    return storage[area].filter((_, index) => Array.isArray(list) && list.includes(index))
  }
  return {
    origin: storage.origin,
    localStorage: of('localStorage'),
    sessionStorage: of('sessionStorage'),
    indexedDB: of('indexedDB'),
  }
}

function writingScript({ origin, localStorage, sessionStorage, indexedDB }: OriginStorage): string {
  // As text: in an object literal, `__proto__` is not a key.
  const kept = JSON.stringify(JSON.stringify(writtenDatabases(indexedDB)))
  return `(async () => {
  if (location.origin !== ${JSON.stringify(origin)}) return undefined
  const refused = { localStorage: [], sessionStorage: [] }
  const put = (name, area, pairs) => {
    area.clear()
    for (const [index, [key, value]] of pairs.entries()) {
      try {
        area.setItem(key, value)
      } catch {
        refused[name].push(index)
      }
    }
  }
  put('localStorage', localStorage, ${JSON.stringify(localStorage)})
  put('sessionStorage', sessionStorage, ${JSON.stringify(sessionStorage)})
  ${databasesOfPage}
  const writeDatabases = ${writeDatabases}
  refused.indexedDB = await writeDatabases(databases, JSON.parse(${kept}))
  return JSON.stringify(refused)
})()`
}
