import { parseDate } from 'tough-cookie'

/**
 * Beyond it a number is milliseconds, as newer Firefox tables have: as such it is the year 2001. "Never" is 253402300799 seconds,
 * the end of the year 9999, in the files of curl, wget and Python.
 */
const maxSeconds = 1e12

/** The last time that a Date can hold. */
const maxTimeMs = 8.64e15

/** Seconds since the epoch, as nearly every format has them, in whole milliseconds. */
export function timeOfSeconds(seconds: number): number | undefined {
  if (!Number.isFinite(seconds)) return undefined
  const ms = Math.abs(seconds) > maxSeconds ? seconds : seconds * 1000
  return Math.abs(ms) > maxTimeMs ? undefined : Math.round(ms)
}

/** A date in words: RFC 3339, or as a Set-Cookie line has it. */
export function timeOfText(text: string): number | undefined {
  if (/^\d{4}-\d\d-\d\d[T ]/.test(text)) {
    const ms = Date.parse(text)
    return Number.isNaN(ms) ? undefined : ms
  }
  return parseDate(text)?.getTime()
}
