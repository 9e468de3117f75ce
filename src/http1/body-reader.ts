import { parseChunkLine } from './chunk-line.ts'
import { checkControlBytes } from './control-bytes.ts'
import { encodeHead } from './encode-head.ts'
import type { FieldLine } from './field-line.ts'
import type { Framing } from './framing.ts'
import { HeldBytes } from './held-bytes.ts'
import { Http1Error } from './http1-error.ts'
import { chunkLineBytes, trailerBytes } from './limits.ts'
import { parseTrailers } from './trailers.ts'

export interface BodyPart {
  /** Wire bytes to relay, chunk framing included: slices of the pushed bytes, not copies. */
  readonly out: Buffer[]
  /** How many of the pushed bytes belong to this message; the rest is the next one's. */
  readonly used: number
  readonly done: boolean
}

export interface BodyReaderOptions {
  /** Which trailer fields go on, of those that may be there at all. */
  readonly filterTrailers?: (fields: FieldLine[]) => readonly FieldLine[]
}

const cr = 0x0d
const lf = 0x0a
const endOfTrailers = Buffer.from('\r\n\r\n')

type State = 'length' | 'close' | 'chunk-line' | 'chunk-data' | 'chunk-end' | 'trailers' | 'done' | 'failed'

/**
 * Follows a body to its end without rebuilding it. Bytes of chunk framing go on when their line is whole and found to be
 * right, so that the next hop never sees the beginning of a malformed one.
 */
export class BodyReader {
  #state: State
  /** Bytes still to come: of the body by length, of the chunk's data otherwise. */
  #remaining = 0
  /** The beginning of a chunk line, of the CRLF behind chunk data, or of the trailers. */
  readonly #held = new HeldBytes()
  readonly #filterTrailers: BodyReaderOptions['filterTrailers']

  constructor(framing: Framing, options: BodyReaderOptions = {}) {
    this.#filterTrailers = options.filterTrailers
    switch (framing.kind) {
      case 'none':
        this.#state = 'done'
        break
      case 'length':
        this.#remaining = framing.length
        this.#state = framing.length === 0 ? 'done' : 'length'
        break
      case 'chunked':
        this.#state = 'chunk-line'
        break
      case 'close':
        this.#state = 'close'
        break
    }
  }

  get done(): boolean {
    return this.#state === 'done'
  }

  push(chunk: Buffer): BodyPart {
    switch (this.#state) {
      case 'done':
        return { out: [], used: 0, done: true }
      case 'close':
        return { out: [chunk], used: chunk.length, done: false }
      case 'length':
        return this.#pushLength(chunk)
      default:
        return this.#pushChunked(chunk)
    }
  }

  /** The sender closed the connection. Only a body by close is complete by that; a short one must be seen to be short. */
  end(): 'complete' | 'truncated' {
    if (this.#state === 'close') this.#state = 'done'
    return this.#state === 'done' ? 'complete' : 'truncated'
  }

  #pushLength(chunk: Buffer): BodyPart {
    const used = Math.min(chunk.length, this.#remaining)
    this.#remaining -= used
    if (this.#remaining === 0) this.#state = 'done'
    return { out: [used === chunk.length ? chunk : chunk.subarray(0, used)], used, done: this.done }
  }

  #pushChunked(chunk: Buffer): BodyPart {
    if (this.#state === 'failed') throw new Http1Error('the body was malformed')
    const out: Buffer[] = []
    let position = 0
    // Where the run of bytes begins that goes on as one slice.
    let start = 0
    try {
      while (position < chunk.length && this.#state !== 'done') {
        if (this.#state === 'chunk-data') {
          const length = Math.min(this.#remaining, chunk.length - position)
          position += length
          this.#remaining -= length
          if (this.#remaining === 0) this.#state = 'chunk-end'
          continue
        }
        if (this.#state === 'trailers' && !(this.#held.length === 0 && isEmptyLine(chunk, position))) {
          if (position > start) out.push(chunk.subarray(start, position))
          position += this.#readTrailers(chunk.subarray(position), out)
          start = position
          continue
        }
        const end = chunk.indexOf(lf, position)
        const line = chunk.subarray(position, end < 0 ? chunk.length : end + 1)
        const before = this.#held.length
        const whole = end >= 0 && before === 0 ? line : this.#held.append(line)
        if (end < 0) {
          this.#checkUnfinishedLine(whole)
          if (position > start) out.push(chunk.subarray(start, position))
          return { out, used: chunk.length, done: false }
        }
        this.#readLine(whole)
        if (before > 0) {
          // The held part was never relayed; a copy, because the holder is used again.
          out.push(Buffer.from(whole.subarray(0, before)))
          this.#held.clear()
        }
        position = end + 1
      }
    } catch (error) {
      this.#state = 'failed'
      throw error
    }
    if (position > start) out.push(chunk.subarray(start, position))
    return { out, used: position, done: this.done }
  }

  /** `line` with its LF. */
  #readLine(line: Buffer): void {
    if (line[line.length - 2] !== cr) throw new Http1Error('there is an LF without CR in the chunk framing')
    if (this.#state === 'chunk-line') {
      if (line.length > chunkLineBytes) throw new Http1Error('a chunk line is too long', 431)
      this.#remaining = parseChunkLine(line.toString('latin1', 0, line.length - 2))
      this.#state = this.#remaining === 0 ? 'trailers' : 'chunk-data'
      return
    }
    if (line.length !== 2) throw new Http1Error('chunk data is longer than its size')
    this.#state = this.#state === 'chunk-end' ? 'chunk-line' : 'done'
  }

  #checkUnfinishedLine(line: Buffer): void {
    if (line.length > chunkLineBytes) throw new Http1Error('a chunk line is too long', 431)
    const possible = this.#state === 'chunk-line' ? unfinishedChunkLine : unfinishedEmptyLine
    if (!possible.test(line.toString('latin1'))) throw new Http1Error('the chunk framing is malformed')
  }

  /** Takes from `rest`, which may be the middle of the section; how many bytes of it were trailers. */
  #readTrailers(rest: Buffer, out: Buffer[]): number {
    const before = this.#held.length
    // Copied, also when whole: trailers are rare and small. No more than may be held, however much follows.
    const bytes = this.#held.append(rest.subarray(0, trailerBytes))
    if (isEmptyLine(bytes, 0)) {
      out.push(Buffer.from('\r\n'))
      this.#held.clear()
      this.#state = 'done'
      return 2 - before
    }
    const end = bytes.indexOf(endOfTrailers, Math.max(0, before - 3))
    if (end < 0) {
      checkControlBytes(bytes, before)
      if (bytes.length >= trailerBytes) throw new Http1Error('the trailers are too large', 431)
      return rest.length
    }
    const length = end + endOfTrailers.length
    if (length > trailerBytes) throw new Http1Error('the trailers are too large', 431)
    const fields = parseTrailers(bytes.toString('latin1', 0, end + 2))
    out.push(encodeHead('', this.#filterTrailers?.(fields) ?? fields))
    this.#held.clear()
    this.#state = 'done'
    return length - before
  }
}

function isEmptyLine(bytes: Buffer, position: number): boolean {
  return bytes[position] === cr && bytes[position + 1] === lf
}

/** The beginning of a chunk line before its LF has come. The rest of the grammar is checked when the line is whole. */
const unfinishedChunkLine = /^[0-9A-Fa-f]{1,16}(?:;[\t\x20-\x7e\x80-\xff]*)?\r?$/
const unfinishedEmptyLine = /^\r$/
