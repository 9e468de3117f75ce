/** The first waits are short, for a server that was away for a moment: requests wait for them. */
const firstMs = 250
/** A refresh starts five minutes before it is needed, and some tries must fit in. */
const lastMs = 60_000
/** The longest wait that a server can ask for. */
const longestAskedMs = 60 * 60_000

/** The time of the next try after this many failures in a row. A quarter of the wait is random. */
export function retryAtAfter(failures: number, now: number, chance: number = Math.random()): number {
  const wait = Math.min(firstMs * 2 ** Math.min(failures - 1, 30), lastMs)
  return now + Math.round(wait * (0.75 + chance / 4))
}

/** Retry-After, RFC 9110 section 10.2.3: seconds or a date; undefined when it is neither. */
export function askedRetryAt(retryAfter: string | null, now: number): number | undefined {
  if (retryAfter === null) return undefined
  const at = /^\d+$/.test(retryAfter) ? now + Number(retryAfter) * 1000 : Date.parse(retryAfter)
  return Number.isNaN(at) ? undefined : Math.min(Math.max(at, now), now + longestAskedMs)
}
