import { isFieldValue, isToken, withoutBlanks } from './field-line.ts'
import { framingFields } from './framing.ts'
import { Http1Error } from './http1-error.ts'

/** The lines of a response's head or trailers, without their ends. Each ends with LF, and may have any number of CRs before it. */
export function splitLines(section: string, repairs: Set<string>): string[] {
  // Both curl and Chromium refuse it anywhere in a head.
  if (section.includes('\0')) throw new Http1Error('there is a NUL in the head')
  const lines = section.split('\n')
  // Behind the last LF there is nothing, and the line before it is the empty one.
  const [emptyLine] = lines.splice(-2)
  if (emptyLine !== '\r') repairs.add('the ends of lines')
  return lines.map((line) => lineWithoutEnd(line, repairs))
}

function lineWithoutEnd(line: string, repairs: Set<string>): string {
  let end = line.length
  while (line[end - 1] === '\r') end -= 1
  if (line.length - end !== 1) repairs.add('the ends of lines')
  const rest = line.slice(0, end)
  // Chromium begins another line there, curl does not (response splitting).
  if (rest.includes('\r')) throw new Http1Error('there is a CR without LF')
  return rest
}

/**
 * The field lines of a response as the strict parser reads them, each with its CRLF. A line that curl and Chromium ignore is left
 * out. What they read in two ways is refused, here or by the parser. A line that gives a length is never repaired.
 */
export function mendFieldLines(lines: readonly string[], repairs: Set<string>): string {
  let text = ''
  for (const { line, folded } of unfolded(lines)) {
    const mended = mendLine(line, folded, repairs)
    if (mended !== undefined) text += `${mended}\r\n`
  }
  return text
}

interface Unfolded {
  line: string
  folded: boolean
}

/** RFC 9112, 5.2: a proxy replaces each fold by a space. */
function unfolded(lines: readonly string[]): Unfolded[] {
  const whole: Unfolded[] = []
  for (const line of lines) {
    if (!/^[\t ]/.test(line)) {
      whole.push({ line, folded: false })
      continue
    }
    const last = whole.at(-1)
    if (last === undefined) throw new Http1Error('a header line is folded')
    last.line += ` ${withoutBlanks(line, 0, line.length)}`
    last.folded = true
  }
  return whole
}

/** Undefined: the line is left out. */
function mendLine(line: string, folded: boolean, repairs: Set<string>): string | undefined {
  const colon = line.indexOf(':')
  // Also an empty line of two CRs, which ends a head for curl and not for Chromium.
  if (colon < 0) throw new Http1Error('a header line has no colon')
  const name = withoutBlanks(line, 0, colon)
  if (!isToken(name)) {
    repairs.add('a header line without a valid name')
    return undefined
  }
  const value = line.slice(colon + 1)
  const blank = name.length < colon
  const control = !isFieldValue(value)
  if (!folded && !blank && !control) return line
  const lower = name.toLowerCase()
  if (framingFields.has(lower)) throw new Http1Error(`${lower} is not written plainly`)
  if (folded) repairs.add('a folded header line')
  // RFC 9112, 5.1: a proxy removes it from a response.
  if (blank) repairs.add('a blank before a colon')
  if (!control) return `${name}:${value}`
  if (lower === 'set-cookie') {
    // RFC 6265bis, 5.6: the whole cookie is ignored.
    repairs.add('a Set-Cookie with control characters')
    return undefined
  }
  repairs.add('control characters in a header')
  return `${name}:${withoutControls(value)}`
}

/** RFC 9110, 5.5: a space in the place of each. */
export function withoutControls(text: string): string {
  return text.replace(/[^\t\x20-\x7e\x80-\xff]/g, ' ')
}
