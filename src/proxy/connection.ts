import type { Socket } from 'node:net'
import { HallpassError } from '../errors.ts'
import { isPersistent } from '../http1/connection-fields.ts'
import { requestFraming } from '../http1/framing.ts'
import { HeadReader } from '../http1/head-reader.ts'
import type { RequestHead } from '../http1/request-head.ts'
import { admit } from './admission.ts'
import { errorAnswer } from './answers.ts'
import { type ConnectClientSide, connectTunnel } from './connect-tunnel.ts'
import type { Client, Drained, Engine } from './engine.ts'
import { Exchange } from './exchange.ts'
import type { ExchangeClientSide, Request } from './exchange-client-side.ts'
import { type Failure, failureOf } from './failure.ts'
import type { Tunnel } from './intercept.ts'
import { cut, ignore } from './relay.ts'
import type { Swept } from './sweep.ts'

/** A client that ends its side so soon after its request still reads the answer: nc and shell pipes do this. */
const halfCloseMs = 250

/**
 * A client's HTTP/1.1 connection: to the proxy itself, or inside a CONNECT. It serves one request at a time. Requests sent
 * ahead wait, up to a bound.
 */
export class Connection implements Swept, Drained, ExchangeClientSide, ConnectClientSide {
  readonly engine: Engine
  readonly socket: Socket
  readonly raw: Socket
  readonly tunnel: Tunnel | undefined
  deadline: number
  /** The number of requests that have begun. */
  served = 0
  readonly #reader = new HeadReader<RequestHead>('request')
  #state: 'head' | 'deciding' | 'exchange' | 'unread' | 'lingering' | 'given' = 'head'
  #exchange: Exchange | undefined
  #ahead: Buffer[] = []
  #aheadBytes = 0
  #ended = false
  #requestAt = 0
  /** It has shown no client token. */
  #stranger: boolean
  #revoked: AbortSignal | undefined

  /** `raw` is the TCP socket below `socket`, or the same. */
  constructor(engine: Engine, socket: Socket, raw: Socket, tunnel: Tunnel | undefined) {
    this.engine = engine
    this.socket = socket
    this.raw = raw
    this.tunnel = tunnel
    this.#stranger = tunnel === undefined
    this.deadline = performance.now() + this.#patience(engine.limits.idleMs)
    if (this.#stranger) engine.strangers.enter(socket)
    engine.sweep.watch(this)
    socket
      .on('data', this.#onData)
      .on('drain', this.#onDrain)
      .on('end', this.#onEnd)
      .on('close', this.#onClose)
    socket.on('error', ignore)
    // When the proxy stops, it closes idle connections.
    engine.connections.add(this)
  }

  /** Whether a request is being served. */
  get busy(): boolean {
    return this.#state === 'deciding' || this.#state === 'exchange'
  }

  #patience(ms: number): number {
    return this.#stranger ? Math.min(this.engine.limits.headMs, ms) : ms
  }

  drain(): void {
    if (this.#state === 'head') this.#linger()
  }

  touch(ms: number): void {
    this.deadline = this.engine.sweep.now + ms
  }

  expire(): void {
    if (this.#exchange !== undefined) this.#exchange.expired()
    else this.socket.destroy()
  }

  /** Keeps the bytes that came behind the current request. */
  sentAhead(rest: Buffer): void {
    if (rest.length === 0) return
    this.#ahead.push(rest)
    this.#aheadBytes += rest.length
    if (this.#aheadBytes > this.engine.limits.aheadBytes) this.socket.pause()
  }

  /** Reads on, unless too many bytes wait already. */
  resume(): void {
    if (this.#aheadBytes <= this.engine.limits.aheadBytes) this.socket.resume()
  }

  exchangeDone(keep: boolean): void {
    this.#exchange = undefined
    if (keep && !this.engine.draining()) this.#next()
    else this.#linger()
  }

  answer(
    failure: Failure,
    { keep, ...options }: { readonly method?: string; readonly session?: string; readonly keep: boolean },
  ): void {
    this.engine.counts.failed(failure.error)
    // The bytes behind a refused CONNECT are no request: they were meant for the other end of a tunnel.
    const early = options.method === 'CONNECT' && this.#aheadBytes > 0
    const close = !keep || early || this.engine.draining()
    this.socket.write(errorAnswer(failure, this.engine.spell, { ...options, close }))
    this.exchangeDone(!close)
  }

  /** Serves the requests inside a tunnel that this connection has opened. */
  serveInside(socket: Socket, tunnel: Tunnel): Connection {
    return new Connection(this.engine, socket, this.raw, tunnel)
  }

  truncate(framed: boolean): void {
    this.#exchange = undefined
    this.#state = 'lingering'
    // With a length or chunks the client sees that the end is missing, and still reads the part. Otherwise only a reset shows it.
    if (framed) this.#linger()
    else cut(this)
  }

  /** Gives the socket away without its listeners, and puts back the bytes that were sent ahead. */
  give(): Socket {
    this.#state = 'given'
    this.#exchange = undefined
    this.engine.sweep.forget(this)
    this.engine.connections.delete(this)
    this.engine.pool.unpin(this)
    this.socket.pause()
    this.socket
      .off('data', this.#onData)
      .off('drain', this.#onDrain)
      .off('end', this.#onEnd)
      .off('close', this.#onClose)
    if (this.#aheadBytes > 0) this.socket.unshift(Buffer.concat(this.#ahead))
    return this.socket
  }

  readonly #onData = (chunk: Buffer) => this.#received(chunk)
  readonly #onDrain = () => {
    if (this.#exchange !== undefined) this.#exchange.clientDrained()
    else if (this.#state === 'unread') this.#next()
  }
  readonly #onEnd = () => this.#clientEnded()
  readonly #onClose = () => this.#closed()
  readonly #onRevoked = () => {
    this.raw.resetAndDestroy()
  }

  #received(chunk: Buffer): void {
    if (this.#state === 'exchange' && this.#exchange !== undefined) {
      const rest = this.#exchange.fromClient(chunk)
      if (rest !== undefined) this.sentAhead(rest)
    } else if (this.#state === 'head') this.#readHead(chunk)
    else if (this.#state === 'deciding' || this.#state === 'unread') this.sentAhead(chunk)
    // Lingering: bytes are read and dropped, because unread bytes make the kernel send a reset that overtakes the answer.
  }

  #readHead(chunk: Buffer): void {
    const begun = this.#reader.started
    try {
      const whole = this.#reader.push(chunk)
      if (whole === undefined) {
        // The rest will not come: its sender ended behind the request before.
        if (this.#ended) this.#linger()
        else if (!begun && this.#reader.started) this.touch(this.engine.limits.headMs)
        return
      }
      const request = { head: whole.head, framing: requestFraming(whole.head) }
      this.#requestAt = performance.now()
      this.engine.counts.requests += 1
      this.served += 1
      this.#serve(request, whole.rest)
    } catch (error) {
      this.#refuse(error)
    }
  }

  #serve(request: Request, rest: Buffer): void {
    const { head } = request
    if (this.engine.draining()) {
      throw new HallpassError('shutting-down', 'the proxy is about to stop', { hint: 'hallpass start' })
    }
    if (this.tunnel !== undefined) {
      if (head.method === 'CONNECT')
        throw new HallpassError('request-malformed', 'there is no CONNECT inside CONNECT')
      this.#begin(request, this.tunnel.client, rest)
      return
    }
    this.#state = 'deciding'
    // Admission takes microseconds and needs no deadline.
    this.deadline = Number.POSITIVE_INFINITY
    this.sentAhead(rest)
    admit(head, this.engine.options)
      .then((client) => this.#admitted(request, client))
      .catch((error: unknown) => this.#notAdmitted(request, error))
  }

  #admitted(request: Request, client: Client): void {
    if (this.#state !== 'deciding') return
    this.#stranger = false
    this.engine.strangers.leave(this.socket)
    this.#endWith(client.revoked)
    if (this.raw.destroyed) return
    if (request.head.method === 'CONNECT') {
      // It answers its failures itself.
      void connectTunnel(this, request.head, client)
      return
    }
    this.#begin(request, client, this.#takeAhead())
  }

  /**
   * Cuts the connection when the token that admitted it is revoked, or its session removed, whatever it has become: a tunnel,
   * TLS, a WebSocket. Otherwise a process that a child leaves behind would keep the session that the child was lent.
   */
  #endWith(revoked: AbortSignal): void {
    if (revoked === this.#revoked) return
    // Another client speaks on this connection now: a proxy in front of hallpass can do that.
    this.engine.pool.unpin(this)
    this.#revoked?.removeEventListener('abort', this.#onRevoked)
    if (this.#revoked === undefined)
      this.raw.once('close', () => this.#revoked?.removeEventListener('abort', this.#onRevoked))
    this.#revoked = revoked
    if (revoked.aborted) this.#onRevoked()
    else revoked.addEventListener('abort', this.#onRevoked)
  }

  /** After a 407 the connection stays open for a second try (git needs it), unless the request has a body. */
  #notAdmitted(request: Request, error: unknown): void {
    if (this.#state !== 'deciding') return
    if (error instanceof HallpassError && error.code === 'proxy-auth') {
      const { framing, head } = request
      const bodyless = framing.kind === 'none' || (framing.kind === 'length' && framing.length === 0)
      const keep = bodyless && isPersistent(head)
      this.answer(failureOf(error), { method: head.method, keep })
    } else this.#refuse(error)
  }

  #begin(request: Request, client: Client, rest: Buffer): void {
    this.#state = 'exchange'
    const exchange = new Exchange(this, request, client)
    this.#exchange = exchange
    exchange.start()
    if (rest.length > 0) this.#received(rest)
  }

  /** Answers a request that cannot be served, and reads nothing more: nobody knows where the request ends. */
  #refuse(error: unknown): void {
    this.answer(failureOf(error), { keep: false })
  }

  #next(): void {
    // A client that sends and does not read would fill the memory with its answers.
    if (this.socket.writableNeedDrain) {
      this.#state = 'unread'
      this.touch(this.#patience(this.engine.limits.streamIdleMs))
      return
    }
    this.#state = 'head'
    this.touch(this.#patience(this.engine.limits.idleMs))
    if (this.#aheadBytes > 0) {
      this.socket.resume()
      // In a turn of its own: otherwise a thousand small requests sent ahead would nest a thousand calls deep.
      this.#state = 'deciding'
      setImmediate(() => {
        if (this.#state !== 'deciding') return
        this.#state = 'head'
        this.#readHead(this.#takeAhead())
      })
    } else if (this.#ended) this.#linger()
    else if (this.socket.isPaused()) this.socket.resume()
  }

  #takeAhead(): Buffer {
    const [first] = this.#ahead
    const bytes = this.#ahead.length === 1 && first !== undefined ? first : Buffer.concat(this.#ahead)
    this.#ahead = []
    this.#aheadBytes = 0
    return bytes
  }

  #linger(): void {
    this.#state = 'lingering'
    this.#ahead = []
    this.#aheadBytes = 0
    this.touch(this.engine.limits.lingerMs)
    this.socket.resume()
    this.socket.end()
    if (this.#ended) this.socket.destroySoon()
  }

  #clientEnded(): void {
    this.#ended = true
    const piped = performance.now() - this.#requestAt < halfCloseMs
    if (this.#exchange !== undefined) {
      if (!(piped && this.#exchange.requestBody.done)) this.#exchange.clientGone()
    } else if (this.#state === 'deciding' && piped) return
    else this.socket.destroySoon()
  }

  #closed(): void {
    this.engine.sweep.forget(this)
    this.engine.connections.delete(this)
    this.engine.strangers.leave(this.socket)
    this.engine.pool.unpin(this)
    this.#state = 'lingering'
    const exchange = this.#exchange
    this.#exchange = undefined
    exchange?.clientGone()
  }
}
