/**
 * Where a text stops being JSON (RFC 8259), as `line 3, column 14: …`. Only called for text that a parser has refused:
 * the parser's own message would quote the text around that place.
 */
export function jsonFlaw(text: string): string {
  const { at, reason } = firstFlaw(text)
  const before = text.slice(0, at)
  const line = before.split('\n').length
  const column = at - before.lastIndexOf('\n')
  return `line ${line}, column ${column}: ${reason}`
}

interface Flaw {
  readonly at: number
  readonly reason: string
}

type Expected =
  | 'a value'
  | 'a value or "]"'
  | 'a name in quotes'
  | 'a name in quotes or "}"'
  | '":"'
  | '"," or the end'

const literal = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?|true|false|null/y

/** A loop with a stack of its own: a million open brackets are no recursion. */
function firstFlaw(text: string): Flaw {
  const open: string[] = []
  let expected: Expected = 'a value'
  for (let at = skipBlanks(text, 0); ; at = skipBlanks(text, at)) {
    const done = expected === '"," or the end' && open.length === 0
    const character = text[at]
    if (character === undefined) return endsEarly(text)
    if (done) return { at, reason: 'more after the end of the JSON' }
    const wantsValue: boolean = expected === 'a value' || expected === 'a value or "]"'
    const wantsName: boolean = expected === 'a name in quotes' || expected === 'a name in quotes or "}"'
    const wantsEnd: boolean = expected === '"," or the end'
    if (character === '"' && (wantsValue || wantsName)) {
      const end = stringEnd(text, at)
      if (typeof end !== 'number') return end
      at = end
      expected = wantsName ? '":"' : '"," or the end'
    } else if (character === ':' && expected === '":"') {
      at++
      expected = 'a value'
    } else if ((character === '[' || character === '{') && wantsValue) {
      open.push(character)
      at++
      expected = character === '[' ? 'a value or "]"' : 'a name in quotes or "}"'
    } else if (character === ',' && wantsEnd) {
      at++
      expected = open.at(-1) === '{' ? 'a name in quotes' : 'a value'
    } else if (character === ']' && open.at(-1) === '[' && (wantsEnd || expected === 'a value or "]"')) {
      open.pop()
      at++
      expected = '"," or the end'
    } else if (
      character === '}' &&
      open.at(-1) === '{' &&
      (wantsEnd || expected === 'a name in quotes or "}"')
    ) {
      open.pop()
      at++
      expected = '"," or the end'
    } else {
      literal.lastIndex = at
      const length = wantsValue ? (literal.exec(text)?.[0].length ?? 0) : 0
      if (length === 0) return { at, reason: `not JSON: ${expected} is expected` }
      at += length
      expected = '"," or the end'
    }
  }
}

function skipBlanks(text: string, from: number): number {
  let at = from
  while (text[at] === ' ' || text[at] === '\n' || text[at] === '\r' || text[at] === '\t') at++
  return at
}

/** The place behind the closing quote of the string that begins here. */
function stringEnd(text: string, start: number): number | Flaw {
  for (let at = start + 1; ; at++) {
    const character = text[at]
    if (character === undefined) return endsEarly(text)
    if (character === '"') return at + 1
    if (character < ' ') return { at, reason: 'a line break or another control character in a string' }
    if (character !== '\\') continue
    const length = /^(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/.exec(text.slice(at + 1, at + 6))?.[0].length
    if (length === undefined) return { at, reason: 'a broken escape in a string' }
    at += length
  }
}

function endsEarly(text: string): Flaw {
  if (text.trim() === '') return { at: 0, reason: 'it is empty' }
  return { at: text.length, reason: 'it ends in the middle of the JSON' }
}
