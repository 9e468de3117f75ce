import { HallpassError } from '../../../errors.ts'
import { parseSeconds } from '../../../parse-seconds.ts'

/** The time that a flag names, in seconds. @throws HallpassError `usage` */
export function secondsOf(flag: string, text: string, hint: string): number {
  const seconds = parseSeconds(text)
  if (seconds !== undefined) return seconds
  throw new HallpassError('usage', `${flag} must be a number with s, m, h or d: 90s, 30m, 2h or 7d`, { hint })
}
