/** One word of a command line, and the line of the text on which it begins. */
export interface Word {
  readonly text: string
  readonly line: number
  /** Something in it is for the shell to fill in: a variable, the output of a command. */
  readonly expands: boolean
}

const escapes: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  '\\': '\\',
  "'": "'",
  '"': '"',
}

/**
 * The commands of a text as a POSIX shell takes them apart, with the `$'…'` of bash, or as cmd.exe does where lines are
 * continued by `^`: the two ways in which browsers copy a request as curl. Nothing is expanded, and a word says so.
 */
export function shellCommands(text: string): readonly (readonly Word[])[] {
  return ofCmd.test(text) ? commandsOf(fromCmd(text), true) : commandsOf(text, false)
}

/** A `^` that ends a line or begins the first word. Within the quotes of a POSIX shell it is a character as any other. */
const ofCmd = /[ \t]\^\r?\n|(?:^|[\r\n])[^'"\r\n]*[ \t]\^"/

/** `^` quotes the next character; before a line break it continues the line. */
function fromCmd(text: string): string {
  return text.replace(/\^(\r?\n|[\s\S])/g, (_, next: string) => (next.endsWith('\n') ? ` \u0000` : next))
}

function commandsOf(text: string, cmd: boolean): readonly (readonly Word[])[] {
  const commands: Word[][] = []
  let command: Word[] = []
  let word: string | undefined
  let line = 1
  let began = 1
  let expands = false
  const add = (more: string) => {
    if (word === undefined) began = line
    word = (word ?? '') + more
  }
  const endWord = () => {
    if (word !== undefined) command.push({ text: word, line: began, expands })
    word = undefined
    expands = false
  }
  const endCommand = () => {
    endWord()
    if (command.length > 0) commands.push(command)
    command = []
  }
  for (let at = 0; at < text.length; at++) {
    const character = text[at] ?? ''
    const next = text[at + 1] ?? ''
    if (character === '\0') line++
    else if (character === '\n') {
      endCommand()
      line++
    } else if (character === ' ' || character === '\t' || character === '\r') endWord()
    else if (character === ';' || character === '&' || character === '|') endCommand()
    else if (character === '\\' && !cmd) {
      if (next === '\n') line++
      else if (next === '\r' && text[at + 2] === '\n') {
        line++
        at++
      } else add(next)
      at++
    } else if (character === '"' || (!cmd && (character === "'" || (character === '$' && next === "'")))) {
      const kind = character === '$' ? "$'" : character
      add('')
      const quoted = quotedAt(text, at + kind.length, kind, cmd)
      add(quoted.text)
      expands ||= quoted.expands
      line += text.slice(at, quoted.end).split('\n').length - 1
      at = quoted.end
    } else {
      expands ||= !cmd && expansion.test(text.slice(at, at + 2))
      add(character)
    }
  }
  endCommand()
  return commands
}

/** `$name`, `${name}`, `$(command)`, and the older spelling of that. */
const expansion = /^(?:\$[\w{(]|`)/

function quotedAt(
  text: string,
  from: number,
  kind: string,
  cmd: boolean,
): { text: string; end: number; expands: boolean } {
  const close = kind === '"' ? '"' : "'"
  const pieces: string[] = []
  let expands = false
  for (let at = from; at < text.length; at++) {
    const character = text[at] ?? ''
    const next = text[at + 1] ?? ''
    if (cmd && character === '"' && next === '"') {
      pieces.push('"')
      at++
    } else if (character === close) return { text: pieces.join(''), end: at, expands }
    else if (character !== '\\' || kind === "'") {
      expands ||= kind === '"' && !cmd && expansion.test(text.slice(at, at + 2))
      pieces.push(character)
    } else if (kind === "$'") {
      const { text: escaped, length } = ansiEscape(text.slice(at + 1, at + 12))
      pieces.push(escaped)
      at += length
    } else if ('\\"$`'.includes(next) && (!cmd || next === '"' || next === '\\')) {
      pieces.push(next)
      at++
    } else if (next === '\n') at++
    else pieces.push(character)
  }
  return { text: pieces.join(''), end: text.length, expands }
}

/** The bytes that bash makes of `\` and these characters in `$'…'`, as latin1 text, and how many characters it takes. */
function ansiEscape(text: string): { readonly text: string; readonly length: number } {
  // Browsers write a character of two UTF-16 units as two escapes.
  const pair = /^u(d[89ab][0-9a-f]{2})\\u(d[c-f][0-9a-f]{2})/i.exec(text)
  if (pair !== null) {
    const [whole, ...units] = pair
    const character = String.fromCharCode(...units.map((unit) => Number.parseInt(unit, 16)))
    return { text: Buffer.from(character, 'utf8').toString('latin1'), length: whole.length }
  }
  const code = /^(?:x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{1,4})|U([0-9a-fA-F]{1,8})|([0-7]{1,3}))/.exec(text)
  if (code === null) {
    const character = text[0] ?? ''
    return { text: escapes[character] ?? `\\${character}`, length: character.length }
  }
  const [whole, byte, short, long, octal] = code
  const point = Number.parseInt(byte ?? short ?? long ?? octal ?? '0', octal === undefined ? 16 : 8)
  if (short === undefined && long === undefined) {
    return { text: String.fromCharCode(point & 0xff), length: whole.length }
  }
  const unicode = point <= 0x10ffff ? String.fromCodePoint(point) : '\ufffd'
  return { text: Buffer.from(unicode, 'utf8').toString('latin1'), length: whole.length }
}
