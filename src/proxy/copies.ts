import type { Socket } from 'node:net'

/** Four full TLS records. */
const blockBytes = 65_536
/** Free blocks that are kept for the next bulk. */
const keptBlocks = 16

/** Bytes that wait in the queues of sockets. The block is used again when the last of them is written. */
class Block {
  readonly bytes = Buffer.allocUnsafeSlow(blockBytes)
  used = 0
  #pending = 0

  write(socket: Socket, part: Buffer): boolean {
    const start = this.used
    part.copy(this.bytes, start)
    this.used += part.length
    this.#pending += 1
    return socket.write(this.bytes.subarray(start, this.used), this.#written)
  }

  /** Node calls it for every write, also when the write failed or the socket was destroyed. */
  readonly #written = (): void => {
    this.#pending -= 1
    if (this.#pending > 0) return
    this.used = 0
    if (this !== current && free.length < keptBlocks) free.push(this)
  }
}

const free: Block[] = []
let current = new Block()

/**
 * Writes a copy of bytes whose buffer will be used again. A new buffer of 16 KiB for each record of a bulk would cost more
 * garbage collection than the copy and all the rest of the proxy together.
 */
export function writeCopy(socket: Socket, part: Buffer): boolean {
  if (part.length > blockBytes) return socket.write(Buffer.from(part))
  if (current.used + part.length > blockBytes) current = free.pop() ?? new Block()
  return current.write(socket, part)
}
