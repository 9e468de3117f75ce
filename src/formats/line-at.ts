/** Counts the lines of a text: the line of an index, asked in rising order. */
export function lineAt(text: string): (index: number) => number {
  let line = 1
  let next = text.indexOf('\n')
  return (index) => {
    for (; next !== -1 && next < index; next = text.indexOf('\n', next + 1)) line++
    return line
  }
}
