import type { Socket } from 'node:net'
import { HeadReader } from '../http1/head-reader.ts'
import type { ResponseHead } from '../http1/response-head.ts'
import type { OriginConnection } from './connect-origin.ts'
import type { Inbox } from './inbox.ts'
import type { Sweep, Swept } from './sweep.ts'

/** The current user of a connection to an origin. */
export interface UpstreamUser {
  /** Must use or copy the bytes before it returns: the next read overwrites them. */
  fromUpstream(chunk: Buffer): void
  /** The written bytes have left; more may follow. */
  upstreamDrained(): void
  /** The origin has ended its side. */
  upstreamEnded(): void
  /** The connection is gone. It was cut if `error` is set or no end came before. */
  upstreamClosed(error: Error | undefined): void
}

/** One established connection to an origin. Its listeners are set once and call the current user. */
export class Upstream implements Swept {
  readonly socket: Socket
  readonly reader = new HeadReader<ResponseHead>('response')
  user: UpstreamUser | undefined
  /** It has carried an exchange before, so the origin may be closing it now. */
  reused = false
  /** The client connection that alone may use it, because the origin has tied a user to it. */
  pinnedTo: object | undefined
  deadline = Number.POSITIVE_INFINITY
  idleSince = 0
  readonly #gone: (upstream: Upstream) => void
  readonly #sweep: Sweep
  readonly #inbox: Inbox
  readonly #verifiedUntil: number
  #error: Error | undefined

  /** Calls `gone` when the connection has closed or was given away. */
  constructor(
    { socket, inbox, verifiedUntil }: OriginConnection,
    sweep: Sweep,
    gone: (upstream: Upstream) => void,
  ) {
    this.socket = socket
    this.#verifiedUntil = verifiedUntil
    this.#gone = gone
    this.#sweep = sweep
    this.#inbox = inbox
    sweep.watch(this)
    inbox.taker = (chunk) => {
      // Bytes without a request would become the start of the next answer (a poisoned pool).
      if (this.user === undefined) this.destroy()
      else this.user.fromUpstream(chunk)
      return true
    }
    socket.on('drain', () => this.user?.upstreamDrained())
    socket.on('end', () => {
      if (this.user === undefined) this.destroy()
      else this.user.upstreamEnded()
    })
    socket.on('error', (error) => {
      this.#error = error
    })
    socket.on('close', () => {
      this.#sweep.forget(this)
      this.#gone(this)
      const user = this.user
      this.user = undefined
      user?.upstreamClosed(this.#error)
    })
  }

  /** Whether it may carry a request: it is open, and what was verified has not ended. */
  get usable(): boolean {
    const { destroyed, readable, writable } = this.socket
    return !destroyed && readable && writable && Date.now() < this.#verifiedUntil
  }

  expire(): void {
    // While it is in use, the client's connection keeps the deadline.
    if (this.user === undefined) this.destroy()
  }

  destroy(): void {
    this.socket.destroy()
  }

  /** Ends the connection without a call to its user. */
  abandon(): void {
    this.user = undefined
    this.destroy()
  }

  /** Gives the socket away as a plain stream, without the listeners (for a WebSocket). */
  detach(): Socket {
    this.#sweep.forget(this)
    this.#gone(this)
    this.user = undefined
    // Bytes that are put back while it flows would wait for the next packet.
    this.socket.pause()
    this.socket.removeAllListeners('data')
    this.#inbox.taker = (chunk) => this.socket.push(Buffer.from(chunk))
    this.socket.removeAllListeners('drain')
    this.socket.removeAllListeners('end')
    this.socket.removeAllListeners('close')
    return this.socket
  }
}
