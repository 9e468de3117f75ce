const units: Readonly<Record<string, number>> = { '': 1, kib: 1_024, mib: 1_048_576 }

/**
 * A number of bytes: `64KiB`, `1MiB`, or bare bytes.
 * @throws Error whose message is the reason.
 */
export function parseSize(text: string, max: number): number {
  const match = /^(\d{1,9}) ?(KiB|MiB|)$/i.exec(text.trim())
  // KB and MB are 1000 to some and 1024 to others.
  if (match === null) throw new Error('must be a size, such as 64KiB or 1MiB')
  const [, digits, unit = ''] = match
  const bytes = Number(digits) * (units[unit.toLowerCase()] ?? 1)
  if (bytes > max) throw new Error(`must be at most ${sizeText(max)}`)
  return bytes
}

/** The shortest spelling that `parseSize` reads as the same number. */
export function sizeText(bytes: number): string {
  if (bytes > 0 && bytes % 1_048_576 === 0) return `${bytes / 1_048_576}MiB`
  if (bytes > 0 && bytes % 1_024 === 0) return `${bytes / 1_024}KiB`
  return String(bytes)
}
