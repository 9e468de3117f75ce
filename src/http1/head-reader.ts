import { checkControlBytes } from './control-bytes.ts'
import { parseFieldLine } from './field-line.ts'
import { HeldBytes } from './held-bytes.ts'
import { Http1Error } from './http1-error.ts'
import { type HeadLimits, headLimits, responseHeadLimits } from './limits.ts'
import { mendStatusLine, readResponseHead } from './read-response-head.ts'
import { parseRequestHead, parseRequestLine, type RequestHead } from './request-head.ts'
import type { ResponseHead } from './response-head.ts'

const cr = 0x0d
const lf = 0x0a
const endOfLine = Buffer.from('\r\n')
const endOfHead = Buffer.from('\r\n\r\n')

/** RFC 9112, 2.2: old clients send one empty line too many behind a body. It is dropped, never passed on. */
const emptyLinesMax = 1

type KindOf<H> = H extends RequestHead ? 'request' : 'response'

/**
 * Gathers bytes until a head is whole, then parses it; ready for the next head after that. How the bytes were cut into
 * chunks makes no difference to what is accepted. A line that cannot be right is refused when it is whole, not when the
 * head is: its sender may be waiting for the answer. After an error the reader, like its connection, is finished.
 */
export class HeadReader<H extends RequestHead | ResponseHead> {
  readonly #kind: 'request' | 'response'
  readonly #limits: HeadLimits
  /** The beginning of a head that is not yet whole. */
  readonly #held = new HeldBytes()
  /** How many of the held bytes are whole lines that were checked. */
  #checked = 0
  #emptyLines = 0
  #failure: Http1Error | undefined

  constructor(kind: KindOf<H>, limits: HeadLimits = kind === 'request' ? headLimits : responseHeadLimits) {
    this.#kind = kind
    this.#limits = limits
  }

  /** Whether part of a head is here: an end of the connection now cuts a message short. */
  get started(): boolean {
    return this.#held.length > 0
  }

  /** The head once it is whole, with the bytes of `chunk` behind it; undefined while more is needed. */
  push(chunk: Buffer): { readonly head: H; readonly rest: Buffer } | undefined {
    if (this.#failure !== undefined) throw this.#failure
    try {
      return this.#push(chunk)
    } catch (error) {
      if (error instanceof Http1Error) this.#failure = error
      throw error
    }
  }

  #push(chunk: Buffer): { readonly head: H; readonly rest: Buffer } | undefined {
    const before = this.#held.length
    let bytes = before === 0 ? chunk : this.#held.append(chunk)
    if (bytes[0] === cr && this.#kind === 'request') {
      const skipped = this.#skipEmptyLines(bytes)
      if (skipped > 0) {
        this.#held.clear()
        return skipped < bytes.length ? this.#push(bytes.subarray(skipped)) : undefined
      }
    }
    const read =
      this.#kind === 'request'
        ? this.#readRequestHead(bytes, before)
        : readResponseHead(bytes, before, this.#limits)
    if (read === undefined) {
      if (before === 0 && chunk.length > 0) bytes = this.#held.append(chunk)
      if (this.#kind === 'request') this.#checkUnfinishedRequest(bytes, before)
      else this.#checkUnfinishedResponse(bytes, before)
      if (bytes.length >= this.#limits.headBytes) throw new Http1Error('the head is too large', 431)
      return undefined
    }
    this.#held.clear()
    this.#checked = 0
    this.#emptyLines = 0
    return { head: read.head as H, rest: chunk.subarray(read.length - before) }
  }

  #readRequestHead(
    bytes: Buffer,
    from: number,
  ): { readonly head: RequestHead; readonly length: number } | undefined {
    // The end may straddle the border to the held bytes.
    const end = bytes.indexOf(endOfHead, Math.max(0, from - 3))
    if (end < 0) return undefined
    const length = end + endOfHead.length
    if (length > this.#limits.headBytes) throw new Http1Error('the head is too large', 431)
    const text = bytes.toString('latin1', 0, end + endOfLine.length)
    return { head: parseRequestHead(text, this.#limits), length }
  }

  /** How many bytes of empty lines `bytes` begins with. */
  #skipEmptyLines(bytes: Buffer): number {
    let position = 0
    while (bytes[position] === cr && bytes[position + 1] === lf) {
      position += endOfLine.length
      this.#emptyLines += 1
      if (this.#emptyLines > emptyLinesMax) throw new Http1Error('there are empty lines instead of a request')
    }
    return position
  }

  #checkUnfinishedRequest(bytes: Buffer, before: number): void {
    checkControlBytes(bytes, before)
    let end = bytes.indexOf(endOfLine, this.#checked)
    while (end >= 0) {
      const line = bytes.toString('latin1', this.#checked, end)
      if (this.#checked > 0) parseFieldLine(line, 0, line.length)
      else parseRequestLine(line, this.#limits)
      this.#checked = end + endOfLine.length
      end = bytes.indexOf(endOfLine, this.#checked)
    }
    this.#checkUnfinishedStartLine(bytes)
  }

  /** What can be said before the last line is here: whether this is HTTP/1 at all. */
  #checkUnfinishedResponse(bytes: Buffer, before: number): void {
    if (bytes.includes(0, before)) throw new Http1Error('there is a NUL in the head')
    if (this.#checked > 0) return
    const end = bytes.indexOf(lf, before)
    if (end >= 0) {
      const line = bytes.toString('latin1', 0, bytes[end - 1] === cr ? end - 1 : end)
      mendStatusLine(line, this.#limits, new Set())
      this.#checked = end + 1
    } else if (!'http/'.startsWith(bytes.toString('latin1', 0, 5).toLowerCase())) {
      throw new Http1Error('the status line is not version, status and reason')
    }
    this.#checkUnfinishedStartLine(bytes)
  }

  #checkUnfinishedStartLine(bytes: Buffer): void {
    if (this.#checked === 0 && bytes.length > this.#limits.startLineBytes + endOfLine.length) {
      throw new Http1Error('the start line is too long', 431)
    }
  }
}
