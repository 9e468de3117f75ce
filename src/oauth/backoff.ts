/** Soon, for a server that was away for a moment. */
const firstMs = 2_000
/** A refresh starts five minutes before it is needed: some tries must fit in. */
const lastMs = 60_000
/** A server may ask for more patience than that, though not for so much that a token would never come again. */
const longestAskedMs = 60 * 60_000

/** When to ask again after so many failures in a row, a quarter of it by chance. */
export function retryAtAfter(failures: number, now: number, chance: number = Math.random()): number {
  const wait = Math.min(firstMs * 2 ** Math.min(failures - 1, 30), lastMs)
  return now + Math.round(wait * (0.75 + chance / 4))
}

/** Retry-After, RFC 9110 section 10.2.3: seconds or a date; undefined when it says neither. */
export function askedRetryAt(retryAfter: string | null, now: number): number | undefined {
  if (retryAfter === null) return undefined
  const at = /^\d+$/.test(retryAfter) ? now + Number(retryAfter) * 1000 : Date.parse(retryAfter)
  return Number.isNaN(at) ? undefined : Math.min(Math.max(at, now), now + longestAskedMs)
}
