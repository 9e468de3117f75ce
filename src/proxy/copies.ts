import type { Socket } from 'node:net'

/** Four full TLS records. */
const blockBytes = 65_536
/** So many blocks are kept for the next bulk; more only while slow readers hold them. */
const keptBlocks = 16

/** Bytes that wait in the queues of sockets, one piece behind the other; used again when the last of them has gone. */
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

  /** Called for every write, also for one that failed or was never begun because its socket was destroyed. */
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
 * Writes a copy of bytes whose buffer will be used again. Buffers of 16 KiB made anew for each record of a bulk cost more in
 * garbage collection than the copy, and than all the rest of the proxy.
 */
export function writeCopy(socket: Socket, part: Buffer): boolean {
  if (part.length > blockBytes) return socket.write(Buffer.from(part))
  if (current.used + part.length > blockBytes) current = free.pop() ?? new Block()
  return current.write(socket, part)
}
