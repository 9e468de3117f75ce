import type { OnReadOpts, Socket } from 'node:net'

/**
 * What is read from origins, one read at a time: a buffer for each read costs more than the read. Whoever gets it is done
 * with it when he returns.
 */
const readBuffer = Buffer.allocUnsafeSlow(65_536)

/** Hands on what a socket reads, without a stream in between, once there is somebody to take it. */
export class Inbox {
  taker: ((chunk: Buffer) => boolean) | undefined

  /** For net.connect, and for tls.connect, which documents it; it is missing in the types of the latter. */
  readonly option: { readonly onread: OnReadOpts } = {
    onread: {
      buffer: readBuffer,
      callback: (bytes: number): boolean => this.taker?.(readBuffer.subarray(0, bytes)) === true,
    },
  }

  /** For a socket that was made without the option, as TLS over one that there was already has to be. */
  listen(socket: Socket): void {
    socket.on('data', (chunk) => this.taker?.(chunk))
  }
}
