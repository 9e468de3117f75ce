/**
 * A pattern taken apart: text that stands as it is, `*` for at least one character but no `/`, `**` for any text. Not a
 * regular expression: with several stars that would try every way to share a text out, and a long path would hold the proxy.
 */
export type Glob = readonly string[]

/** The work grows with the length of the text, not with its square. */
export function matchesGlob(glob: Glob, text: string): boolean {
  let ends: readonly number[] = [0]
  for (const piece of glob) ends = endsAfter(piece, ends, text)
  return ends.at(-1) === text.length
}

/** Where a piece can end that begins at one of `starts`. Both lists ascend and hold each place once. */
function endsAfter(piece: string, starts: readonly number[], text: string): readonly number[] {
  if (piece !== '*' && piece !== '**')
    return starts.filter((at) => text.startsWith(piece, at)).map((at) => at + piece.length)
  const [first = text.length + 1] = starts
  if (piece === '**') return Array.from({ length: text.length + 1 - first }, (_, index) => first + index)
  const ends: number[] = []
  let last = 0
  for (const start of starts) {
    for (let at = Math.max(start, last); at < text.length && text[at] !== '/'; at++) {
      last = at + 1
      ends.push(last)
    }
  }
  return ends
}
