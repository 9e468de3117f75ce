import type { PlacedCookie, Reading, Skipped } from './format.ts'
import type { KeptCookie } from './found-cookie.ts'

export type CookiesRead = Pick<Reading, 'cookies' | 'skipped'>

/** Something to read, and its place in the file, for people. */
export interface Placed<Item> {
  readonly where: string
  readonly item: Item
}

/** @param read returns a cookie, or why there is none */
export function readEach<Item>(
  items: Iterable<Placed<Item>>,
  read: (item: Item) => KeptCookie | string,
): CookiesRead {
  const cookies: PlacedCookie[] = []
  const skipped: Skipped[] = []
  for (const { where, item } of items) {
    const kept = read(item)
    if (typeof kept === 'string') skipped.push({ where, reason: kept })
    else cookies.push(placed(where, kept))
  }
  return { cookies, skipped }
}

export function placed(where: string, { cookie, flaws }: KeptCookie): PlacedCookie {
  return { where, cookie, ...(flaws.length === 0 ? {} : { flaws }) }
}

/** The readings of all parts of a file, in their order. */
export function joined(readings: readonly CookiesRead[]): CookiesRead {
  return {
    cookies: readings.flatMap(({ cookies }) => cookies),
    skipped: readings.flatMap(({ skipped }) => skipped),
  }
}
