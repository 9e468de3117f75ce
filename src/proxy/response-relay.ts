import { type BodyPart, BodyReader } from '../http1/body-reader.ts'
import { isPersistent } from '../http1/connection-fields.ts'
import { type Framing, responseFraming } from '../http1/framing.ts'
import { Http1Error } from '../http1/http1-error.ts'
import type { ResponseHead } from '../http1/response-head.ts'
import type { Capture } from '../sessions/capture.ts'
import type { Plan } from '../sessions/plan.ts'
import type { Destination } from './agreement.ts'
import type { Exchange } from './exchange.ts'
import { keepAliveMs, responseTrailers } from './fields.ts'
import { headToClient, interimToClient, keepsClient } from './heads.ts'
import type { Upstream } from './upstream.ts'
import { writeParts, writeTogether } from './write-together.ts'

/** Interim answers before the final one; nobody sends so many, and each costs the client a write. */
const maxInterim = 100

/** The response of one exchange, from the origin's first byte to its last: head, capture, body. */
export class ResponseRelay {
  state: 'head' | 'capturing' | 'body' | 'over' = 'head'
  /** Whether the origin has sent a byte: the request must not be repeated. */
  heard = false
  status = 0
  captured: readonly string[] = []
  readonly #exchange: Exchange
  readonly #upstream: Upstream
  readonly #destination: Destination
  readonly #plan: Plan
  #interim = 0
  #framing: Framing = { kind: 'none' }
  #body: BodyReader | undefined
  #keepUpstreamMs: number | undefined
  #keepClient = false
  /** What came behind the head while cookies were being kept. */
  #held: Buffer[] = []
  /** The end of the origin's side, or the loss of its connection, at that time. */
  #endedMeanwhile: (() => void)[] = []

  constructor(exchange: Exchange, upstream: Upstream, destination: Destination, plan: Plan) {
    this.#exchange = exchange
    this.#upstream = upstream
    this.#destination = destination
    this.#plan = plan
  }

  /** Whether the end of the body can be seen in it, other than by the end of the connection. */
  get framed(): boolean {
    return this.#framing.kind !== 'close'
  }

  received(chunk: Buffer): void {
    this.heard = true
    try {
      if (this.state === 'body') this.#relayBody(chunk)
      else if (this.state === 'head') this.#readHead(chunk)
      // The rest of a read that was under way when reading was paused; no more than that.
      else if (this.state === 'capturing') this.#held.push(Buffer.from(chunk))
    } catch (error) {
      this.#exchange.malformed(error)
    }
  }

  #readHead(chunk: Buffer): void {
    let bytes = chunk
    for (;;) {
      const whole = this.#upstream.reader.push(bytes)
      if (whole === undefined) return
      const { head, rest } = whole
      if (head.status >= 200 || head.status === 101) {
        this.#respond(head, rest)
        return
      }
      this.#passInterim(head)
      if (rest.length === 0) return
      bytes = rest
    }
  }

  /** 100 and 103 go on as they come; HTTP/1.0 knows none. */
  #passInterim(head: ResponseHead): void {
    const { request, connection } = this.#exchange
    responseFraming(head, request.head.method)
    this.#interim += 1
    if (this.#interim > maxInterim) throw new Http1Error('there are too many interim responses')
    if (request.head.minor === 1) connection.socket.write(interimToClient(head))
  }

  #respond(head: ResponseHead, rest: Buffer): void {
    const { request, upgrade, client } = this.#exchange
    if (head.status === 101 && !upgrade) throw new Http1Error('the origin switches protocols unasked')
    this.#framing = responseFraming(head, request.head.method)
    if (this.#framing.kind === 'chunked' && request.head.minor === 0)
      throw new Http1Error('there are chunks for HTTP/1.0')
    const setCookie: string[] = []
    const clearSiteData: string[] = []
    for (const field of head.fields) {
      if (field.lower === 'set-cookie') setCookie.push(field.value)
      else if (field.lower === 'clear-site-data') clearSiteData.push(field.value)
    }
    if (setCookie.length === 0 && clearSiteData.length === 0) {
      this.#pass(head, rest, undefined)
      return
    }
    // On disk before the client sees it. Nothing more is read until then.
    this.state = 'capturing'
    this.#upstream.socket.pause()
    this.#held.push(Buffer.from(rest))
    const { origin, target } = this.#destination
    const { reveal, capture, site } = this.#plan
    client.session
      .capture({
        ...origin,
        path: target,
        status: head.status,
        setCookie,
        clearSiteData,
        reveal,
        capture,
        site,
      })
      .then(
        (captured) => this.#afterCapture(head, captured),
        (error: unknown) => this.#exchange.fail(error),
      )
  }

  #afterCapture(head: ResponseHead, capture: Capture): void {
    this.captured = capture.captured
    if (this.state !== 'capturing') return
    try {
      this.#pass(head, Buffer.concat(this.#held.splice(0)), capture)
    } catch (error) {
      this.#exchange.malformed(error)
    }
    for (const event of this.#endedMeanwhile) event()
    if (!this.#exchange.connection.socket.writableNeedDrain) this.#upstream.socket.resume()
  }

  #pass(head: ResponseHead, rest: Buffer, capture: Capture | undefined): void {
    const { request, requestBody, connection } = this.#exchange
    this.status = head.status
    // A request in HTTP/1.0 went out with `Connection: close`: whatever the answer says, it was the last one.
    this.#keepUpstreamMs =
      request.head.minor === 1 && isPersistent(head)
        ? (keepAliveMs(head.fields) ?? Number.POSITIVE_INFINITY)
        : undefined
    this.#keepClient = keepsClient(request.head, this.#framing, requestBody) && !connection.engine.draining()
    const bytes = headToClient(head, capture, !this.#keepClient)
    if (head.status === 101) {
      this.state = 'over'
      this.#exchange.switchProtocols(bytes, Buffer.from(rest))
    } else this.#beginBody(bytes, rest)
  }

  #beginBody(head: Buffer, rest: Buffer): void {
    const { connection } = this.#exchange
    connection.touch(connection.engine.limits.streamIdleMs)
    const { socket } = connection
    if (this.#framing.kind === 'none') {
      this.state = 'body'
      socket.write(head)
      this.#finish(rest.length === 0)
      return
    }
    const body = new BodyReader(this.#framing, { filterTrailers: responseTrailers })
    // Before anything is written: what is malformed already can still be answered with a 502.
    const part = body.push(rest)
    this.#body = body
    this.state = 'body'
    this.#afterPart(part, rest.length, writeTogether(socket, head, part.out))
  }

  #relayBody(chunk: Buffer): void {
    const body = this.#body
    if (body === undefined) return
    const { connection } = this.#exchange
    connection.touch(connection.engine.limits.streamIdleMs)
    const part = body.push(chunk)
    this.#afterPart(part, chunk.length, writeParts(connection.socket, part.out))
  }

  #afterPart(part: BodyPart, length: number, more: boolean): void {
    if (part.done) this.#finish(part.used === length)
    else if (!more) this.#upstream.socket.pause()
  }

  clientDrained(): void {
    if (this.state === 'body') this.#upstream.socket.resume()
  }

  /** `clean`: the origin sent nothing behind its answer. */
  #finish(clean: boolean): void {
    this.state = 'over'
    const reusable = clean && this.#framing.kind !== 'close'
    this.#exchange.finished(reusable ? this.#keepUpstreamMs : undefined, this.#keepClient)
  }

  /** The origin has ended its side. */
  ended(): void {
    if (this.state === 'capturing') this.#endedMeanwhile.push(() => this.ended())
    else if (this.state !== 'body' || this.#body === undefined) this.#exchange.dropped(undefined)
    else if (this.#body.end() === 'complete') this.#finish(false)
    else this.#exchange.truncated('the origin ended its answer too early')
  }

  /** The connection to the origin is gone. */
  closed(error: Error | undefined): void {
    // What has come of the answer goes on first: the origin has acted, and its cookies are being kept.
    if (this.state === 'capturing') this.#endedMeanwhile.push(() => this.closed(error))
    else if (this.state === 'body') this.#exchange.truncated('the origin broke its answer off')
    else if (this.state === 'head') this.#exchange.dropped(error)
  }
}
