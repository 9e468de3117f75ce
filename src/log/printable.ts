/**
 * Characters of text from the wire that must not reach a log. Attacks: CR LF in a path forges a log line. ESC or a C1
 * control (0x9b) drives the reader's terminal. Bidirectional controls make one host look like another.
 */
const unprintable = /[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/
const unprintables = new RegExp(unprintable, 'g')

/** A longer path or name is cut: people read log lines, and targets of 64 KiB would fill the files. */
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
 * A request target without the values that may be secret: `/a;jsessionid=1?q=2&flag#f` → `/a;jsessionid=…?q=…&…`.
 * A piece without `=` is removed as a whole: it may be a value (`?TOKEN`).
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

/** A reader learns nothing from more names of one query. */
const maxNames = 32
