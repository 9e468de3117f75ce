import type { Socket } from 'node:net'
import { HeadReader } from '../http1/head-reader.ts'
import type { ResponseHead } from '../http1/response-head.ts'
import type { OriginConnection } from './connect-origin.ts'
import type { Inbox } from './inbox.ts'
import type { Sweep, Swept } from './sweep.ts'

/** Whoever uses a connection to an origin at the moment. */
export interface UpstreamUser {
  /** The bytes are those of the next read as soon as this returns: what is kept of them has to be copied. */
  fromUpstream(chunk: Buffer): void
  /** What was written has gone; more may follow. */
  upstreamDrained(): void
  /** The origin has ended its side. */
  upstreamEnded(): void
  /** The connection is gone, without an end if `error` is set or no end was seen. */
  upstreamClosed(error: Error | undefined): void
}

/** One established connection to an origin. Its listeners are set once and hand on to the user of the moment. */
export class Upstream implements Swept {
  readonly socket: Socket
  /** Of the answers, one after the other. */
  readonly reader = new HeadReader<ResponseHead>('response')
  user: UpstreamUser | undefined
  /** It has carried a whole exchange before: the origin may be closing it at this moment. */
  reused = false
  deadline = Number.POSITIVE_INFINITY
  idleSince = 0
  readonly #gone: (upstream: Upstream) => void
  readonly #sweep: Sweep
  readonly #inbox: Inbox
  #error: Error | undefined

  /** Calls `gone` when the connection has closed or was given away. */
  constructor({ socket, inbox }: OriginConnection, sweep: Sweep, gone: (upstream: Upstream) => void) {
    this.socket = socket
    this.#gone = gone
    this.#sweep = sweep
    this.#inbox = inbox
    sweep.watch(this)
    inbox.taker = (chunk) => {
      // Bytes that nobody asked for would be the beginning of the next request's answer (a poisoned pool).
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

  get usable(): boolean {
    return !this.socket.destroyed && this.socket.readable && this.socket.writable
  }

  expire(): void {
    // In use, the exchange keeps the time.
    if (this.user === undefined) this.destroy()
  }

  destroy(): void {
    this.socket.destroy()
  }

  /** Ends the connection without another word to its user. */
  abandon(): void {
    this.user = undefined
    this.destroy()
  }

  /** Gives the socket away for good, without the listeners (a WebSocket): a stream like any other. */
  detach(): Socket {
    this.#sweep.forget(this)
    this.#gone(this)
    this.user = undefined
    // What is put back while it flows would wait for the next packet.
    this.socket.pause()
    this.socket.removeAllListeners('data')
    this.#inbox.taker = (chunk) => this.socket.push(Buffer.from(chunk))
    this.socket.removeAllListeners('drain')
    this.socket.removeAllListeners('end')
    this.socket.removeAllListeners('close')
    return this.socket
  }
}
