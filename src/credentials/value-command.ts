/** A quoted part, an escaped character, blanks, or any other character. */
const parts = /'([^']*)'|"((?:[^"\\]|\\[\s\S])*)"|\\([\s"'\\])|(\s+)|([\s\S])/g

/**
 * The words of a command line, with quotes as in a shell.
 * @returns why not: a shell would do more with the line than split it
 */
export function commandWords(line: string): readonly string[] | string {
  const words: string[] = []
  let word: string | undefined
  for (const [part, single, double, escaped, blank, plain] of line.trim().matchAll(parts)) {
    if (/[\r\n]/.test(blank ?? escaped ?? '')) return 'the command has a line break outside quotes'
    if (blank !== undefined) {
      if (word !== undefined) words.push(word)
      word = undefined
      continue
    }
    if (plain === '"' || plain === "'") return 'a quote is not closed'
    const text = single ?? double?.replaceAll(/\\(["\\])/g, '$1') ?? escaped ?? plain ?? ''
    if (means(plain, word) || (double !== undefined && /[$`]/.test(double))) {
      return `no shell runs the command, so ${plain ?? part} would be an ordinary word: put it into single quotes, or name a script`
    }
    word = `${word ?? ''}${text}`
  }
  if (word !== undefined) words.push(word)
  if (words[0] === undefined || words[0] === '') return 'the command is empty'
  const [, variable] = /^(\w+)=/.exec(words[0]) ?? []
  if (variable !== undefined)
    return `no shell runs the command, so it cannot begin with ${variable}=: write env ${variable}=… before the program`
  return words.some((each) => each.includes('\0')) ? 'the command has a NUL' : words
}

/** Whether a shell would give this character a meaning. `~` and `#` have one at the beginning of a word. */
function means(plain: string | undefined, before: string | undefined): boolean {
  return plain !== undefined && (/[|&;<>$`()*?[]/.test(plain) || (/[~#]/.test(plain) && before === undefined))
}
