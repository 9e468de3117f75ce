/** `90`, `90s`, `30m`, `8h`, `7d` in seconds; undefined for any other text. */
export function parseSeconds(text: string): number | undefined {
  const match = /^(\d{1,9})(s|m|h|d)?$/.exec(text.trim())
  if (match === null) return undefined
  const factor = { s: 1, m: 60, h: 3600, d: 86_400 }[match[2] ?? 's'] ?? 1
  return Number(match[1]) * factor
}
