import type { Socket } from 'node:net'
import { writeCopy } from './copies.ts'

/** Up to this size a copy costs less than a second write. A vectored write copies too under TLS. */
const copiedBytes = 16_384

/** Writes a head and the parts of its body as one record. Returns whether more may be written at once. */
export function writeTogether(socket: Socket, head: Buffer, parts: readonly Buffer[]): boolean {
  let length = head.length
  for (const part of parts) length += part.length
  if (length === head.length) return socket.write(head)
  if (length <= copiedBytes) return socket.write(Buffer.concat([head, ...parts], length))
  socket.write(head)
  return writeParts(socket, parts)
}

/** Larger parts are bulk: those of one turn of the event loop are written together. */
const bulkBytes = 8_192

/**
 * Writes parts of a body; their bytes may be overwritten when it returns. TLS splits a large read into records of 16 KiB, and
 * each would be a system call. Corked until the end of the turn, they are one. A small part (an event of a stream) goes at
 * once.
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
