import { parseAuthority } from './authority.ts'
import { encodeHead } from './encode-head.ts'
import { type FieldLine, isToken, parseFieldLines } from './field-line.ts'
import { Http1Error } from './http1-error.ts'
import { type HeadLimits, headLimits } from './limits.ts'
import { isTargetText, parseRequestTarget } from './request-target.ts'

export interface RequestHead {
  /** Case-sensitive (RFC 9110, 9.1). */
  readonly method: string
  /** As it was sent, in one of the four forms; `parseRequestTarget` takes it apart. */
  readonly target: string
  /** HTTP/1.0 or HTTP/1.1. */
  readonly minor: 0 | 1
  readonly fields: readonly FieldLine[]
}

const requestLine = /^([^ ]+) ([^ ]+) HTTP\/([0-9])\.([0-9])$/

/** Parses the line without its CRLF. */
export function parseRequestLine(line: string, limits: HeadLimits): Omit<RequestHead, 'fields'> {
  if (line.length > limits.startLineBytes) throw new Http1Error('the start line is too long', 431)
  const match = requestLine.exec(line)
  if (match === null) throw new Http1Error('the request line is not method, target and version')
  const [, method = '', target = '', major, minor] = match
  if (!isToken(method)) throw new Http1Error('the method is not a token')
  if (major !== '1' || (minor !== '0' && minor !== '1')) {
    throw new Http1Error('only HTTP/1.0 and HTTP/1.1 are spoken here', 505)
  }
  // Most targets are in origin form: only their characters need a check.
  const valid =
    target.startsWith('/') && method !== 'CONNECT' ? isTargetText(target) : parseRequestTarget(method, target)
  if (!valid) throw new Http1Error('the request target is not in a form that its method allows')
  return { method, target, minor: minor === '1' ? 1 : 0 }
}

/** Parses a whole head: the start line and the field lines, each with its CRLF, without the empty line at the end. */
export function parseRequestHead(text: string, limits: HeadLimits = headLimits): RequestHead {
  const end = text.indexOf('\r\n')
  const { method, target, minor } = parseRequestLine(text.slice(0, end), limits)
  const fields = parseFieldLines(text, end + 2, limits.fields)
  checkHost(method, minor, fields)
  return { method, target, minor, fields }
}

/**
 * RFC 9112, 3.2: exactly one Host, and a valid one. With two, one reader routes by the first and another by the last.
 * HTTP/1.0 may leave it out. So may a CONNECT, whose target is the authority already: links sends it so.
 */
function checkHost(method: string, minor: 0 | 1, fields: readonly FieldLine[]): void {
  let host: FieldLine | undefined
  for (const field of fields) {
    if (field.lower !== 'host') continue
    if (host !== undefined) throw new Http1Error('there is more than one Host')
    host = field
  }
  if (host === undefined) {
    if (minor === 1 && method !== 'CONNECT') throw new Http1Error('there is no Host')
    return
  }
  if (parseAuthority(host.value) === undefined) throw new Http1Error('Host is not a host and a port')
}

/** The head with its empty line, as bytes. Untouched lines go out as they came. */
export function encodeRequestHead(head: RequestHead): Buffer {
  // Checked again: the target may have been edited, and a CR in it would begin a header line of somebody's choosing.
  if (!isToken(head.method) || !isTargetText(head.target))
    throw new Http1Error('the request line cannot be sent')
  return encodeHead(`${head.method} ${head.target} HTTP/1.${head.minor}\r\n`, head.fields)
}
