/** The known word that is nearest, without case, `-` and `_`; undefined if no word is near. */
export function didYouMean(word: string, known: readonly string[]): string | undefined {
  const folded = fold(word)
  // In a short word half of the letters may be wrong, in a long one three.
  const limit = Math.min(3, Math.floor(folded.length / 2))
  let best: string | undefined
  let least = limit + 1
  for (const candidate of known) {
    const distance = editDistance(folded, fold(candidate))
    if (distance < least) {
      best = candidate
      least = distance
    }
  }
  return best
}

function fold(word: string): string {
  // The table below is quadratic, and no key is longer.
  return word.slice(0, 40).toLowerCase().replaceAll(/[-_]/g, '')
}

/** Insertions, deletions, replacements and swaps of neighbours (optimal string alignment). */
function editDistance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, column) => column)]
  for (let row = 1; row <= a.length; row++) {
    const current = [row]
    const above = rows[row - 1] ?? []
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1]
      let least = Math.min(
        (above[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (above[column - 1] ?? 0) + (same ? 0 : 1),
      )
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]
      if (swapped) least = Math.min(least, (rows[row - 2]?.[column - 2] ?? 0) + 1)
      current.push(least)
    }
    rows.push(current)
  }
  return rows[a.length]?.[b.length] ?? 0
}
