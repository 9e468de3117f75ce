import { parseSeconds } from '../parse-seconds.ts'

/**
 * A time in seconds, from `90s`, `30m`, `2h`, `7d` or bare seconds.
 * @throws Error whose message is the reason.
 */
export function parseDuration(text: string, max: number): number {
  const seconds = parseSeconds(text)
  if (seconds === undefined || seconds === 0) throw new Error('must be a time such as 90s, 30m, 2h or 7d')
  if (seconds > max) throw new Error(`must be at most ${durationText(max)}`)
  return seconds
}

/** The shortest spelling that `parseDuration` reads as the same time. */
export function durationText(seconds: number): string {
  if (seconds % 86_400 === 0) return `${seconds / 86_400}d`
  if (seconds % 3_600 === 0) return `${seconds / 3_600}h`
  return seconds % 60 === 0 ? `${seconds / 60}m` : `${seconds}s`
}
