import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls'

/** A client of bytes: writes what no HTTP library would, and reads what came, as latin1. */
export class RawClient implements Disposable {
  readonly socket: Socket
  /** All that has come and not been taken. */
  received = ''
  ended = false
  closed = false
  error: NodeJS.ErrnoException | undefined

  constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', (chunk: Buffer) => {
      this.received += chunk.toString('latin1')
      socket.emit('news')
    })
    socket.on('end', () => {
      this.ended = true
      socket.emit('news')
    })
    socket.on('error', (error) => {
      this.error = error
    })
    socket.on('close', () => {
      this.closed = true
      socket.emit('news')
    })
  }

  send(text: string | Buffer): void {
    this.socket.write(typeof text === 'string' ? Buffer.from(text, 'latin1') : text)
  }

  /** Takes what came up to and with the first match; what came is in the error when the connection ends before. */
  async until(pattern: RegExp): Promise<string> {
    for (;;) {
      const match = pattern.exec(this.received)
      if (match !== null) {
        const end = match.index + match[0].length
        const taken = this.received.slice(0, end)
        this.received = this.received.slice(end)
        return taken
      }
      if (this.ended || this.closed) {
        throw new Error(
          `the connection ended before ${String(pattern)}: ${JSON.stringify(this.received.slice(0, 2_000))}`,
        )
      }
      await this.#news()
    }
  }

  /** One response with a Content-Length or without a body. */
  async response(options: { readonly noBody?: boolean } = {}): Promise<RawResponse> {
    const head = await this.until(/\r\n\r\n/)
    const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0)
    const body =
      options.noBody === true || length === 0 ? '' : await this.until(new RegExp(`^[^]{${length}}`))
    return { status: Number(head.slice(9, 12)), head, body }
  }

  /** All that comes until the connection is over. */
  async rest(): Promise<string> {
    while (!this.ended && !this.closed) await this.#news()
    const rest = this.received
    this.received = ''
    return rest
  }

  /** Settles when the connection is over, however. */
  async over(): Promise<void> {
    while (!this.closed && !this.ended) await this.#news()
  }

  /** Resolves at new bytes or at the end. An error is put into `error`, not thrown at the waiting caller. */
  async #news(): Promise<void> {
    await new Promise<void>((resolve) => this.socket.once('news', resolve))
  }

  /** The client side of TLS on this connection. */
  async secure(options: ConnectionOptions): Promise<RawClient> {
    this.socket.removeAllListeners('data')
    const tls: TLSSocket = connectTls({ ALPNProtocols: ['http/1.1'], ...options, socket: this.socket })
    const client = new RawClient(tls)
    await new Promise<void>((resolve, reject) => {
      tls.once('secureConnect', resolve)
      tls.once('error', reject)
      tls.once('close', () => reject(new Error('closed in the TLS handshake')))
    })
    return client
  }

  [Symbol.dispose](): void {
    this.socket.destroy()
  }
}

export interface RawResponse {
  readonly status: number
  readonly head: string
  readonly body: string
}

export async function rawClient(port: number, host = '127.0.0.1'): Promise<RawClient> {
  const socket = connect({ port, host, allowHalfOpen: true, noDelay: true })
  const client = new RawClient(socket)
  await once(socket, 'connect')
  return client
}

export function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
}
