import { encodeHead } from './encode-head.ts'
import { type FieldLine, isFieldValue, parseFieldLines } from './field-line.ts'
import { Http1Error } from './http1-error.ts'
import { type HeadLimits, responseHeadLimits } from './limits.ts'

export interface ResponseHead {
  readonly minor: 0 | 1
  readonly status: number
  /** May be empty, may hold obs-text. */
  readonly reason: string
  /** The status line as it was sent, without CRLF. */
  readonly startLine: string
  readonly fields: readonly FieldLine[]
  /** The faults that were repaired, in words for the log. After one, the connection to the origin is not used again. */
  readonly repairs: readonly string[]
}

const none: readonly string[] = []

/**
 * RFC 9112, 4; the space before an empty reason is often forgotten, and nothing depends on it. Above 599 (some sites say
 * 999 to automation) a client takes it for a server error, RFC 9110, 15: it frames like any final response.
 */
const statusLine = /^HTTP\/1\.([01]) ([1-9][0-9][0-9])(?: ([^\r\n]*))?$/

/** Parses the line without its CRLF. */
export function parseStatusLine(line: string, limits: HeadLimits): Omit<ResponseHead, 'fields' | 'repairs'> {
  if (line.length > limits.startLineBytes) throw new Http1Error('the start line is too long', 431)
  const match = statusLine.exec(line)
  if (match === null) throw new Http1Error('the status line is not version, status and reason')
  const [, minor, status, reason = ''] = match
  if (!isFieldValue(reason)) throw new Http1Error('the reason phrase has a control character')
  return { minor: minor === '1' ? 1 : 0, status: Number(status), reason, startLine: line }
}

/** Parses a whole head: the start line and the field lines, each with its CRLF, without the empty line at the end. */
export function parseResponseHead(text: string, limits: HeadLimits = responseHeadLimits): ResponseHead {
  const end = text.indexOf('\r\n')
  const { minor, status, reason, startLine } = parseStatusLine(text.slice(0, end), limits)
  return {
    minor,
    status,
    reason,
    startLine,
    fields: parseFieldLines(text, end + 2, limits.fields),
    repairs: none,
  }
}

/** A head of our own making, for the proxy's own answers. */
export function responseHead(status: number, reason: string, fields: readonly FieldLine[]): ResponseHead {
  return { minor: 1, status, reason, startLine: `HTTP/1.1 ${status} ${reason}`, fields, repairs: none }
}

/** The head with its empty line, as bytes. The status line and untouched lines go out as they came. */
export function encodeResponseHead(head: ResponseHead): Buffer {
  if (!statusLine.test(head.startLine) || !isFieldValue(head.startLine)) {
    throw new Http1Error('the status line cannot be sent')
  }
  return encodeHead(`${head.startLine}\r\n`, head.fields)
}
