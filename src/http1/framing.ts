import type { FieldLine } from './field-line.ts'
import { Http1Error } from './http1-error.ts'
import type { RequestHead } from './request-head.ts'
import type { ResponseHead } from './response-head.ts'

/** How a body ends (RFC 9112, 6.3). `close` is for responses alone: the end of the connection. */
export type Framing =
  | { readonly kind: 'none' }
  | { readonly kind: 'length'; readonly length: number }
  | { readonly kind: 'chunked' }
  | { readonly kind: 'close' }

/** The fields that say where a body ends. */
export const framingFields: ReadonlySet<string> = new Set(['content-length', 'transfer-encoding'])

const none = { kind: 'none' } as const
const chunked = { kind: 'chunked' } as const
const close = { kind: 'close' } as const

/** The length as the fields give it, before method and status count; undefined when no field gives one. */
type Declared = typeof chunked | { readonly kind: 'length'; readonly length: number } | undefined

/**
 * One length, said once. Every combination that some reader resolves one way and another the other way is refused:
 * both fields (CL.TE, TE.CL), a length twice (even when equal), a coding before or behind `chunked`, and a
 * transfer coding in HTTP/1.0, which knows none.
 */
function declared(minor: 0 | 1, fields: readonly FieldLine[]): Declared {
  let length: string | undefined
  let coding: string | undefined
  for (const field of fields) {
    if (field.lower === 'content-length') {
      if (length !== undefined) throw new Http1Error('there is more than one Content-Length')
      length = field.value
    } else if (field.lower === 'transfer-encoding') {
      // RFC 9110, 5.3: two lines of one name are one list.
      coding = coding === undefined ? field.value : `${coding}, ${field.value}`
    }
  }
  if (coding !== undefined) {
    if (length !== undefined) throw new Http1Error('there are both Content-Length and Transfer-Encoding')
    if (minor === 0) throw new Http1Error('there is a Transfer-Encoding in HTTP/1.0')
    if (coding.toLowerCase() !== 'chunked') throw refusedCoding(coding)
    return chunked
  }
  return length === undefined ? undefined : { kind: 'length', length: parseContentLength(length) }
}

/** Codings before a last `chunked` are valid HTTP that is not spoken here: 501 (RFC 9112, 6.1). The rest is nonsense. */
const codingsThenChunked = /^(?:[a-z0-9-]+[ \t]*,[ \t]*)+chunked$/i

function refusedCoding(coding: string): Http1Error {
  const unsupported = codingsThenChunked.test(coding) && !/chunked.*chunked|identity/i.test(coding)
  return new Http1Error('the Transfer-Encoding is not exactly chunked', unsupported ? 501 : 400)
}

/**
 * Decimal digits alone: `+5`, `-5`, `0x5`, `5, 5`, `5 5` and the empty value are all read differently by somebody. No
 * leading zero either, which some take for octal. Fifteen digits stay exact in a double and are a petabyte.
 */
const contentLength = /^(?:0|[1-9][0-9]{0,14})$/

function parseContentLength(text: string): number {
  if (!contentLength.test(text)) throw new Http1Error('the Content-Length is not a plain decimal number')
  return Number(text)
}

export function requestFraming(head: RequestHead): Framing {
  const framing = declared(head.minor, head.fields)
  if (framing === undefined) return none
  // RFC 9110, 9.3.6: a CONNECT has no content. The bytes behind it belong to the tunnel, and one reader in two would take them for a body.
  if (head.method === 'CONNECT' && !(framing.kind === 'length' && framing.length === 0)) {
    throw new Http1Error('a CONNECT has a body')
  }
  return framing
}

/** Framing of the response to a request of this method. After a 101, or a 2xx to CONNECT, the connection is a tunnel. */
export function responseFraming(head: ResponseHead, requestMethod: string): Framing {
  const { status } = head
  // Looked at even where there is no body: an origin that contradicts itself is not to be spoken to again.
  const framing = declared(head.minor, head.fields)
  // RFC 9112, 6.3: a length means nothing in a 2xx to CONNECT.
  if (requestMethod === 'CONNECT' && status >= 200 && status < 300) return none
  if (status < 200 || status === 204) {
    // RFC 9110, 8.6 and RFC 9112, 6.1 forbid both here: who believes them takes the next response for the body.
    if (framing !== undefined && !(framing.kind === 'length' && framing.length === 0)) {
      throw new Http1Error(`a ${status} response has a body`)
    }
    return none
  }
  if (requestMethod === 'HEAD' || status === 304) return none
  return framing ?? close
}
