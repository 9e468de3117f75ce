import { parseChunkLine } from './chunk-line.ts'

const endOfLine = '\r\n'

/** The content of a whole chunked body (RFC 9112, 7.1.3), without trailers. A BodyReader has accepted every byte of it before. */
export function chunkedContent(body: Buffer): Buffer {
  const parts: Buffer[] = []
  for (let position = 0; ; ) {
    const end = body.indexOf(endOfLine, position)
    const size = parseChunkLine(body.toString('latin1', position, end))
    if (size === 0) return Buffer.concat(parts)
    const start = end + endOfLine.length
    parts.push(body.subarray(start, start + size))
    position = start + size + endOfLine.length
  }
}
