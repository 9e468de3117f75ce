import { Http1Error } from './http1-error.ts'

declare const checked: unique symbol

/**
 * One field line (RFC 9112, 5). Text is latin1: one character is one byte on the wire.
 * Only the parser and `fieldLine` make one, so that nothing unchecked can be written out as `raw`.
 */
export interface FieldLine {
  /** The name as it was sent. */
  readonly name: string
  readonly lower: string
  /** Without the whitespace around it. */
  readonly value: string
  /** The whole line as it was sent, without CRLF. */
  readonly raw: string
  readonly [checked]: true
}

/** RFC 9110, 5.6.2: `token`. */
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/

export function isToken(text: string): boolean {
  return token.test(text)
}

/**
 * The characters that a field value or a reason phrase may not contain: every control character but TAB. A NUL, a bare CR or a bare LF
 * is where the next parser sees another line (RFC 9110, 5.5). A character above U+00FF would be cut to its low byte on
 * the wire, and U+010A becomes LF (CVE-2016-2216).
 */
const forbiddenInValue = /[^\t\x20-\x7e\x80-\xff]/

export function isFieldValue(text: string): boolean {
  return !forbiddenInValue.test(text)
}

/**
 * Names seen before, with their lower case: most heads repeat the same thirty names, and one look-up is cheaper than a
 * check and a conversion. Bounded: a peer that invents names only loses the short cut.
 */
const knownNames = new Map<string, string>()
const knownNamesMax = 1_000
const knownNameLength = 64

/** The lower case of a valid field name, or undefined. */
function lowerName(name: string): string | undefined {
  const known = knownNames.get(name)
  if (known !== undefined) return known
  if (!isToken(name)) return undefined
  const lower = name.toLowerCase()
  if (knownNames.size < knownNamesMax && name.length <= knownNameLength) knownNames.set(name, lower)
  return lower
}

function make(name: string, lower: string, value: string, raw: string): FieldLine {
  return { name, lower, value, raw } as FieldLine
}

const space = 0x20
const tab = 0x09

/** Parses the line `text[start, end)`, CRLF excluded. */
export function parseFieldLine(text: string, start: number, end: number): FieldLine {
  const colon = text.indexOf(':', start)
  if (colon < 0 || colon >= end) {
    const first = text.charCodeAt(start)
    // RFC 9112, 5.2: one reader joins a folded line to the one before, another takes it for a field of its own.
    if (first === space || first === tab) throw new Http1Error('a header line is folded')
    throw new Http1Error('a header line has no colon')
  }
  const name = text.slice(start, colon)
  const lower = lowerName(name)
  // Also `Transfer-Encoding : chunked`: some readers ignore such a field, others strip the blank (RFC 9112, 5.1).
  if (lower === undefined) throw new Http1Error('a header name is not a token')
  const value = withoutBlanks(text, colon + 1, end)
  if (forbiddenInValue.test(value)) throw new Http1Error(`the value of ${lower} has a control character`)
  return make(name, lower, value, text.slice(start, end))
}

/** `text[start, end)` without the spaces and tabs around it: `trim` would remove U+00A0 too, which a reader of bytes keeps. */
export function withoutBlanks(text: string, start: number, end: number): string {
  let from = start
  let to = end
  while (from < to && isBlank(text.charCodeAt(from))) from += 1
  while (to > from && isBlank(text.charCodeAt(to - 1))) to -= 1
  return text.slice(from, to)
}

function isBlank(code: number): boolean {
  return code === space || code === tab
}

/** Parses lines that each end with CRLF, from `start` to the end of `text`. */
export function parseFieldLines(text: string, start: number, maxFields: number): FieldLine[] {
  const fields: FieldLine[] = []
  let position = start
  while (position < text.length) {
    const end = text.indexOf('\r\n', position)
    if (end < 0) throw new Http1Error('a header line does not end with CRLF')
    if (fields.length === maxFields) throw new Http1Error('there are too many header lines', 431)
    fields.push(parseFieldLine(text, position, end))
    position = end + 2
  }
  return fields
}

/**
 * A line of our own making. Throws when name or value cannot be one line of a head: a stored value must never become a
 * second header line (CVE-2022-35252 and its kind).
 */
export function fieldLine(name: string, value: string): FieldLine {
  const lower = lowerName(name)
  if (lower === undefined) throw new Http1Error('a header name is not a token')
  if (forbiddenInValue.test(value)) throw new Http1Error(`the value of ${lower} has a control character`)
  return make(name, lower, value, `${name}: ${value}`)
}
