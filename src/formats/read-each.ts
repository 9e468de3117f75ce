import type { GivenCookie, Reading, Skipped } from './format.ts'

/** Something to read, and its place in the file, for people. */
export interface Placed<Item> {
  readonly where: string
  readonly item: Item
}

/** @param read returns a cookie, or why there is none */
export function readEach<Item>(
  items: Iterable<Placed<Item>>,
  read: (item: Item) => GivenCookie | string,
): Pick<Reading, 'cookies' | 'skipped'> {
  const cookies: Reading['cookies'][number][] = []
  const skipped: Skipped[] = []
  for (const { where, item } of items) {
    const cookie = read(item)
    if (typeof cookie === 'string') skipped.push({ where, reason: cookie })
    else cookies.push({ where, cookie })
  }
  return { cookies, skipped }
}
