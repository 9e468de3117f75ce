/** RFC 3339 of ms since the epoch. */
export function timeOf(at: number | undefined): string | null {
  return at === undefined ? null : new Date(at).toISOString()
}
