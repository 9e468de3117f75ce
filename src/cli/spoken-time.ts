const units = [
  { name: 'd', ms: 86_400_000 },
  { name: 'h', ms: 3_600_000 },
  { name: 'min', ms: 60_000 },
  { name: 's', ms: 1000 },
] as const

/** The distance from now in the largest unit: `in 14 d`, `3 h ago`. */
export function spokenTime(at: number, now: number): string {
  // Rounded: an hour that began half a second ago must not be shown as 59 min.
  const text = spokenDuration(Math.abs(at - now) + 500)
  return at > now ? `in ${text}` : `${text} ago`
}

/** `5 min`, in the largest unit. */
export function spokenDuration(durationMs: number): string {
  const unit = units.find(({ ms }) => durationMs >= ms) ?? units[3]
  return `${Math.floor(durationMs / unit.ms)} ${unit.name}`
}

/** `90`, `90s`, `30m`, `8h`, `7d` in seconds; undefined for any other text. */
export function parseSeconds(text: string): number | undefined {
  const match = /^(\d{1,9})(s|m|h|d)?$/.exec(text.trim())
  if (match === null) return undefined
  const factor = { s: 1, m: 60, h: 3600, d: 86_400 }[match[2] ?? 's'] ?? 1
  return Number(match[1]) * factor
}
