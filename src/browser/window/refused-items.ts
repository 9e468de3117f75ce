import type { GivenOrigin, Pairs, Skipped } from '../../formats/format.ts'
import { areas } from '../../sessions/origin-storage.ts'
import type { Refused } from './driven-window.ts'
import type { WindowState } from './window-state.ts'

/**
 * The window's state with the items that the browser refused at the start. A page never had them and cannot have removed them, so
 * they stay in the session. If a page has since stored an item under such a key, that item wins.
 */
export function withRefused(state: WindowState, { origins }: Refused): WindowState {
  const pages = [...state.pages].map(([origin, page]) => {
    const refused = origins.find((each) => each.origin === origin)
    return [
      origin,
      refused === undefined ? page : { ...page, storage: beside(page.storage, refused) },
    ] as const
  })
  return { ...state, pages: new Map(pages) }
}

function beside(storage: GivenOrigin, refused: GivenOrigin): GivenOrigin {
  const pairs = (area: (typeof areas)[number]): Pairs => {
    const present = new Set(storage[area].map(([key]) => key))
    return [...storage[area], ...refused[area].filter(([key]) => !present.has(key))]
  }
  return {
    origin: storage.origin,
    localStorage: pairs('localStorage'),
    sessionStorage: pairs('sessionStorage'),
    indexedDB: pairs('indexedDB'),
  }
}

/** One line for each cookie and each item of web storage. */
export function refusedItems({ cookies, origins }: Refused): readonly Skipped[] {
  const reason = 'the browser refuses it: it stays only in the session'
  return [
    ...cookies.map(({ name, domain }) => ({ where: `${name || 'nameless'} of ${domain}`, reason })),
    ...origins.flatMap((storage) =>
      areas.flatMap((area) =>
        storage[area].map(([key]): Skipped => {
          return { where: `${JSON.stringify(key)} in ${area} of ${storage.origin}`, reason, what: 'storage' }
        }),
      ),
    ),
  ]
}
