import { chunkSize } from './chunk-line.ts'

const endOfLine = '\r\n'

/** The content of a whole chunked body (RFC 9112, 7.1.3), without trailers. It has gone through a BodyReader. */
export function chunkedContent(body: Buffer): Buffer {
  const parts: Buffer[] = []
  for (let position = 0; ; ) {
    const end = body.indexOf(endOfLine, position)
    const size = chunkSize(body.toString('latin1', position, end))
    if (size === 0) return Buffer.concat(parts)
    const start = end + endOfLine.length
    parts.push(body.subarray(start, start + size))
    position = start + size + endOfLine.length
  }
}
