import type { Socket } from 'node:net'
import { writeCopy } from './copies.ts'

/** Up to here copying costs less than a second write, or a vectored one, which under TLS copies as well. */
const copiedBytes = 16_384

/** Writes a head and what there is of its body as one record; tells whether more may be written at once. */
export function writeTogether(socket: Socket, head: Buffer, parts: readonly Buffer[]): boolean {
  let length = head.length
  for (const part of parts) length += part.length
  if (length === head.length) return socket.write(head)
  if (length <= copiedBytes) return socket.write(Buffer.concat([head, ...parts], length))
  socket.write(head)
  return writeParts(socket, parts)
}

/** From here on a body is bulk: what comes in the same turn of the event loop is written together. */
const bulkBytes = 8_192

/**
 * Writes parts of a body, whose bytes may be overwritten as soon as this returns. TLS gives a large read in records of
 * 16 KiB, each of which would be a system call of its own; corked until the turn is over they are one. A small part (an
 * event of a stream) goes at once.
 */
export function writeParts(socket: Socket, parts: readonly Buffer[]): boolean {
  let more = !socket.writableNeedDrain
  for (const part of parts) {
    if (part.length < bulkBytes) {
      more = socket.write(Buffer.from(part))
      continue
    }
    if (socket.writableCorked === 0) {
      socket.cork()
      setImmediate(() => socket.uncork())
    }
    more = writeCopy(socket, part)
  }
  return more
}
