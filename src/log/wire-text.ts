/**
 * Text from the wire, made fit for a log. Attacks: a path with CR LF forges a log line; ESC or a C1 control (0x9b)
 * drives the terminal of whoever reads the log; bidirectional controls make a host read as another.
 */
const unprintable = /[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/
const unprintables = new RegExp(unprintable, 'g')

/** A path or name longer than this is cut: a log line is for reading, and a 64 KiB target would fill the files. */
const maxLength = 1024

/** The text with control and direction characters spelled out (`\x1b`, `\u202e`), cut at 1024 characters. */
export function printable(text: string): string {
  const cut = text.length > maxLength ? `${text.slice(0, maxLength)}…` : text
  return unprintable.test(cut) ? spelledOut(cut) : cut
}

/** Visible ASCII that `printable` leaves as it is and JSON needs no escape for: nearly everything. */
const plain = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/

export function isPlain(text: string): boolean {
  return text.length <= maxLength && plain.test(text)
}

/** As `printable`, at any length. */
export function spelledOut(text: string): string {
  return text.replace(unprintables, spell)
}

/** JSON with the same characters as \\u escapes inside its strings, so that it means the same: JSON itself escapes only up to 0x1f. */
export function jsonSpelledOut(json: string): string {
  return json.replace(unprintables, (character) => {
    // Outside of strings, between the lines of a document.
    if (character === '\n') return character
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
}

function spell(character: string): string {
  const code = character.charCodeAt(0)
  return code < 0x100
    ? `\\x${code.toString(16).padStart(2, '0')}`
    : `\\u${code.toString(16).padStart(4, '0')}`
}

/**
 * A request target without what may be secret in it: `/a;jsessionid=1?q=2&flag#f` → `/a;jsessionid=…?q=…&…`.
 * A piece without `=` goes whole, since then the name is the value (`?TOKEN`).
 */
export function withoutQueryValues(target: string): string {
  const end = target.search(/[?#]/)
  const path = end === -1 ? target : target.slice(0, end)
  const visible = path.includes(';') ? path.replace(/(;[^=;/]*=)[^;/]*/g, '$1…') : path
  if (end === -1 || target[end] === '#') return visible
  const query = target.slice(end + 1).split('#', 1)[0] ?? ''
  const names = query.split('&', maxNames).map((piece) => {
    const equals = piece.indexOf('=')
    return equals === -1 ? (piece === '' ? '' : '…') : `${piece.slice(0, equals)}=…`
  })
  return `${visible}?${names.join('&')}`
}

/** More names than this in one query are no information for a reader, only work. */
const maxNames = 32
