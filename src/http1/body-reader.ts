import { chunkSize, plainChunkLine } from './chunk-line.ts'
import { checkControlBytes } from './control-bytes.ts'
import { encodeHead } from './encode-head.ts'
import { endOfSection } from './end-of-section.ts'
import type { FieldLine } from './field-line.ts'
import type { Framing } from './framing.ts'
import { HeldBytes } from './held-bytes.ts'
import { Http1Error } from './http1-error.ts'
import { type BodyLimits, bodyLimits, responseBodyLimits, responseHeadLimits } from './limits.ts'
import { mendTrailers, parseTrailers } from './trailers.ts'

export interface BodyPart {
  /** Wire bytes to relay, chunk framing included: slices of the pushed bytes, not copies, but for what was repaired. */
  readonly out: Buffer[]
  /** How many of the pushed bytes belong to this message; the rest is the next one's. */
  readonly used: number
  readonly done: boolean
}

export interface BodyReaderOptions {
  /** A response: faults of its chunk framing that curl and Chromium read alike are repaired (docs/wire.md). */
  readonly mend?: boolean
  /** Which trailer fields go on, of those that may be there at all. */
  readonly filterTrailers?: (fields: FieldLine[]) => readonly FieldLine[]
}

const cr = 0x0d
const lf = 0x0a
const noRepairs: ReadonlySet<string> = new Set()
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
  readonly #mend: boolean
  readonly #limits: BodyLimits
  /** Made at the first fault: most bodies have none. */
  #repairs: Set<string> | undefined

  constructor(framing: Framing, options: BodyReaderOptions = {}) {
    this.#mend = options.mend === true
    this.#limits = this.#mend ? responseBodyLimits : bodyLimits
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

  /** The faults that were repaired, in words for the log. */
  get repairs(): ReadonlySet<string> {
    return this.#repairs ?? noRepairs
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
        const plain = this.#readLine(whole)
        if (plain !== undefined) {
          if (position > start) out.push(chunk.subarray(start, position))
          out.push(plain)
          start = end + 1
        } else if (before > 0) {
          // The held part was never relayed; a copy, because the holder is used again.
          out.push(Buffer.from(whole.subarray(0, before)))
        }
        if (before > 0) this.#held.clear()
        position = end + 1
      }
    } catch (error) {
      this.#state = 'failed'
      throw error
    }
    if (position > start) out.push(chunk.subarray(start, position))
    return { out, used: position, done: this.done }
  }

  /** `line` with its LF. Returns the line to send instead; undefined if it goes on unchanged. */
  #readLine(line: Buffer): Buffer | undefined {
    const crlf = line[line.length - 2] === cr
    if (!crlf && !this.#mend) throw new Http1Error('there is an LF without CR in the chunk framing')
    const text = line.toString('latin1', 0, line.length - (crlf ? 2 : 1))
    if (this.#state === 'chunk-line') {
      if (line.length > this.#limits.chunkLineBytes) throw new Http1Error('a chunk line is too long', 431)
      const plain = plainChunkLine(text, this.#mend)
      this.#remaining = chunkSize(plain)
      this.#state = this.#remaining === 0 ? 'trailers' : 'chunk-data'
      if (crlf && plain === text) return undefined
      this.#repaired('the chunk framing')
      return Buffer.from(`${plain}\r\n`, 'latin1')
    }
    if (text !== '') throw new Http1Error('chunk data is longer than its size')
    this.#state = this.#state === 'chunk-end' ? 'chunk-line' : 'done'
    if (crlf) return undefined
    this.#repaired('the chunk framing')
    return Buffer.from('\r\n')
  }

  #repaired(fault: string): void {
    this.#repairs ??= new Set()
    this.#repairs.add(fault)
  }

  #checkUnfinishedLine(line: Buffer): void {
    if (line.length > this.#limits.chunkLineBytes) throw new Http1Error('a chunk line is too long', 431)
    const chunkLine = this.#mend ? unfinishedOddChunkLine : unfinishedChunkLine
    const possible = this.#state === 'chunk-line' ? chunkLine : unfinishedEmptyLine
    if (!possible.test(line.toString('latin1'))) throw new Http1Error('the chunk framing is malformed')
  }

  /** Takes from `rest`, which may be the middle of the section; how many bytes of it were trailers. */
  #readTrailers(rest: Buffer, out: Buffer[]): number {
    const before = this.#held.length
    const { trailerBytes } = this.#limits
    // Copied, also when whole: trailers are rare and small. No more than may be held, however much follows.
    const bytes = this.#held.append(rest.subarray(0, trailerBytes))
    const read = this.#readSection(bytes, before)
    if (read === undefined) {
      if (bytes.length >= trailerBytes) throw new Http1Error('the trailers are too large', 431)
      return rest.length
    }
    if (read.length > trailerBytes) throw new Http1Error('the trailers are too large', 431)
    out.push(encodeHead('', this.#filterTrailers?.(read.fields) ?? read.fields))
    this.#held.clear()
    this.#state = 'done'
    return read.length - before
  }

  /** The trailers that `bytes` begin with, and how many of the bytes they are; undefined when they are not whole. */
  #readSection(
    bytes: Buffer,
    before: number,
  ): { readonly fields: FieldLine[]; readonly length: number } | undefined {
    if (isEmptyLine(bytes, 0)) return { fields: [], length: 2 }
    if (this.#mend) return this.#mendSection(bytes, before)
    const end = bytes.indexOf(endOfTrailers, Math.max(0, before - 3))
    if (end < 0) {
      checkControlBytes(bytes, before)
      return undefined
    }
    return { fields: parseTrailers(bytes.toString('latin1', 0, end + 2)), length: end + endOfTrailers.length }
  }

  #mendSection(
    bytes: Buffer,
    before: number,
  ): { readonly fields: FieldLine[]; readonly length: number } | undefined {
    if (bytes[0] === lf) {
      this.#repaired('the trailers')
      return { fields: [], length: 1 }
    }
    const length = endOfSection(bytes, before)
    if (length === undefined) {
      if (bytes.includes(0, before)) throw new Http1Error('there is a NUL in the trailers')
      return undefined
    }
    const text = bytes.toString('latin1', 0, length)
    try {
      return { fields: parseTrailers(text.slice(0, -2), responseHeadLimits.fields), length }
    } catch (error) {
      if (!(error instanceof Http1Error)) throw error
      this.#repaired('the trailers')
      return { fields: mendTrailers(text), length }
    }
  }
}

function isEmptyLine(bytes: Buffer, position: number): boolean {
  return bytes[position] === cr && bytes[position + 1] === lf
}

/** The beginning of a chunk line before its LF has come. The rest of the grammar is checked when the line is whole. */
const unfinishedChunkLine = /^[0-9A-Fa-f]{1,16}(?:\r|[\t ]*(?:;[\t\x20-\x7e\x80-\xff]*\r?)?)$/
const unfinishedOddChunkLine = /^[0-9A-Fa-f]{1,16}[\t ]*(?:;.*|\r)?$/s
const unfinishedEmptyLine = /^\r$/
