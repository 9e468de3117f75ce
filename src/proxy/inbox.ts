import type { OnReadOpts, Socket } from 'node:net'

/**
 * One buffer for all reads from origins: a new buffer for each read costs more than the read. A taker must use or copy the
 * bytes before it returns.
 */
const readBuffer = Buffer.allocUnsafeSlow(65_536)

/** Passes the bytes of a socket to its taker, without a stream in between. */
export class Inbox {
  taker: ((chunk: Buffer) => boolean) | undefined

  /** For net.connect and tls.connect. The documents of tls.connect have it; its types lack it. */
  readonly option: { readonly onread: OnReadOpts } = {
    onread: {
      buffer: readBuffer,
      callback: (bytes: number): boolean => this.taker?.(readBuffer.subarray(0, bytes)) === true,
    },
  }

  /** For a socket that was made without the option, such as TLS over an existing socket. */
  listen(socket: Socket): void {
    socket.on('data', (chunk) => this.taker?.(chunk))
  }
}
