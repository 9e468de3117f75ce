const units = [
  { name: 'd', ms: 86_400_000 },
  { name: 'h', ms: 3_600_000 },
  { name: 'min', ms: 60_000 },
  { name: 's', ms: 1000 },
] as const

/** `in 14 d`, `3 h ago`: how far a time is from now, in its largest unit. */
export function spokenTime(at: number, now: number): string {
  // Half a second that has passed since an hour was asked for is not 59 minutes.
  const text = spokenDuration(Math.abs(at - now) + 500)
  return at > now ? `in ${text}` : `${text} ago`
}

/** `5 min`, in the largest unit. */
export function spokenDuration(durationMs: number): string {
  const unit = units.find(({ ms }) => durationMs >= ms) ?? units[3]
  return `${Math.floor(durationMs / unit.ms)} ${unit.name}`
}

/** `90`, `90s`, `30m`, `8h`, `7d` in seconds; undefined when it is none of these. */
export function parseSeconds(text: string): number | undefined {
  const match = /^(\d{1,9})(s|m|h|d)?$/.exec(text.trim())
  if (match === null) return undefined
  const factor = { s: 1, m: 60, h: 3600, d: 86_400 }[match[2] ?? 's'] ?? 1
  return Number(match[1]) * factor
}
