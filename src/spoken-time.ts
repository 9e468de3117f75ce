const seconds = { name: 's', ms: 1000 }

/** From the largest to the smallest. */
const units = [
  { name: 'd', ms: 86_400_000 },
  { name: 'h', ms: 3_600_000 },
  { name: 'min', ms: 60_000 },
  seconds,
]

/** The distance from now in the largest unit: `in 14 d`, `3 h ago`. */
export function spokenTime(at: number, now: number): string {
  const text = spokenDuration(Math.abs(at - now))
  return at > now ? `in ${text}` : `${text} ago`
}

/** `5 min`, in the largest unit. Rounded: 14 days that began a minute ago are not 13 days. */
export function spokenDuration(durationMs: number): string {
  // What rounds up to a whole larger unit is written in that unit: 59.6 min are 1 h.
  const unit = units.find(({ ms }, index) => durationMs >= ms - (units[index + 1]?.ms ?? ms) / 2) ?? seconds
  return `${Math.round(durationMs / unit.ms)} ${unit.name}`
}
