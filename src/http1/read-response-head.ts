import { endOfSection } from './end-of-section.ts'
import { withoutBlanks } from './field-line.ts'
import { Http1Error } from './http1-error.ts'
import type { HeadLimits } from './limits.ts'
import { mendFieldLines, splitLines, withoutControls } from './mend-fields.ts'
import { parseResponseHead, parseStatusLine, type ResponseHead } from './response-head.ts'

const endOfLine = Buffer.from('\r\n')
const endOfHead = Buffer.from('\r\n\r\n')

export interface ReadResponseHead {
  readonly head: ResponseHead
  /** How many of the bytes it was. */
  readonly length: number
}

/**
 * The response head that `bytes` begin with; undefined when it is not whole. A head that is not strict HTTP/1.1 is repaired
 * if curl and Chromium both accept it and read the same from it (docs/wire.md). `from`: the bytes before it hold no end.
 */
export function readResponseHead(
  bytes: Buffer,
  from: number,
  limits: HeadLimits,
): ReadResponseHead | undefined {
  const end = bytes.indexOf(endOfHead, Math.max(0, from - 3))
  if (end >= 0 && end + endOfHead.length <= limits.headBytes) {
    try {
      const head = parseResponseHead(bytes.toString('latin1', 0, end + endOfLine.length), limits)
      return { head, length: end + endOfHead.length }
    } catch (error) {
      if (!(error instanceof Http1Error)) throw error
    }
  }
  const length = endOfSection(bytes, from)
  if (length === undefined) return undefined
  if (length > limits.headBytes) throw new Http1Error('the head is too large', 431)
  return { head: mendHead(bytes.toString('latin1', 0, length), limits), length }
}

function mendHead(text: string, limits: HeadLimits): ResponseHead {
  const repairs = new Set<string>()
  const [first = '', ...lines] = splitLines(text, repairs)
  const statusLine = mendStatusLine(first, limits, repairs)
  const head = parseResponseHead(`${statusLine}\r\n${mendFieldLines(lines, repairs)}`, limits)
  return { ...head, repairs: [...repairs] }
}

/**
 * `http` in any case, any blanks between version and status, any reason. Not the versions that only one of the two takes.
 */
const oddStatusLine = /^http\/(1\.[01]|2|2\.0) [\t ]*([1-9][0-9]{2})(?![0-9])(.*)$/is

/** The line without its end, as the strict parser reads it. */
export function mendStatusLine(line: string, limits: HeadLimits, repairs: Set<string>): string {
  try {
    parseStatusLine(line, limits)
    return line
  } catch (error) {
    const match = oddStatusLine.exec(line)
    if (match === null) throw error
    const [, version, status, rest = ''] = match
    repairs.add('the status line')
    // Behind `HTTP/2`, curl reads chunks and Chromium does not. HTTP/1.0 has none, so they are refused.
    const minor = version === '1.1' ? 1 : 0
    return `HTTP/1.${minor} ${status} ${withoutBlanks(withoutControls(rest), 0, rest.length)}`
  }
}
