import { HallpassError } from '../errors.ts'
import { type BodyPart, BodyReader } from '../http1/body-reader.ts'
import { asksForWebSocket, isPersistent } from '../http1/connection-fields.ts'
import { type Framing, responseFraming } from '../http1/framing.ts'
import { Http1Error } from '../http1/http1-error.ts'
import type { ResponseHead } from '../http1/response-head.ts'
import type { Capture } from '../sessions/capture.ts'
import type { Plan } from '../sessions/plan.ts'
import { absoluteDestination, type Destination, insideTunnel } from './agreement.ts'
import { asHallpassError, type Connection, type Request } from './connection.ts'
import { keepAliveMs, responseTrailers } from './fields.ts'
import { headToClient, headToOrigin, interimToClient, keepsClient } from './heads.ts'
import { answerInternal, internalHost } from './internal.ts'
import type { Client } from './options.ts'
import { authorityOf, endpointOf, type Origin } from './origin.ts'
import { ignore, relay } from './relay.ts'
import { siteOfRequest } from './site-of-request.ts'
import type { Upstream, UpstreamUser } from './upstream.ts'
import { malformedError, timeoutError, upstreamError } from './upstream-error.ts'
import { writeParts, writeTogether } from './write-together.ts'

/** RFC 9110, 9.2.2. */
const idempotent = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'])

/** Interim answers before the final one; nobody sends so many, and each costs the client a write. */
const maxInterim = 100

/**
 * One request and its response, in the order of this file: where it goes, what is attached, the connection to the origin,
 * the request's body, the response's head, what is captured, the response's body.
 */
export class Exchange implements UpstreamUser {
  /** The whole request has come from the client. */
  requestDone: boolean
  readonly #connection: Connection
  readonly #request: Request
  readonly #client: Client
  readonly #startedAt = performance.now()
  readonly #requestBody: BodyReader | undefined
  readonly #repeatable: boolean
  readonly #upgrade: boolean
  #state: 'planning' | 'connecting' | 'head' | 'capturing' | 'body' | 'over' = 'planning'
  #destination: Destination | undefined
  #plan: Plan | undefined
  #attached: readonly string[] = []
  #toAttach: readonly string[] = []
  #captured: readonly string[] = []
  #head: Buffer = Buffer.alloc(0)
  /** Parts of the request's body that came before there was a connection for them. */
  #early: Buffer[] = []
  #bodyBegun = false
  #giveUp: () => void = () => {}
  #upstream: Upstream | undefined
  /** Whether the origin has sent a byte: the request must not be repeated. */
  #heard = false
  #interim = 0
  #status = 0
  #framing: Framing = { kind: 'none' }
  #body: BodyReader | undefined
  #keepUpstreamMs: number | undefined
  /** The origin's connection was lost while cookies were being kept. */
  #closed: { readonly error: Error | undefined } | undefined
  #keepClient = false

  constructor(connection: Connection, request: Request, client: Client) {
    this.#connection = connection
    this.#request = request
    this.#client = client
    const { framing } = request
    this.requestDone = framing.kind === 'none' || (framing.kind === 'length' && framing.length === 0)
    this.#requestBody = this.requestDone ? undefined : new BodyReader(request.framing)
    this.#repeatable = this.requestDone && idempotent.has(request.head.method)
    this.#upgrade = asksForWebSocket(request.head)
  }

  // Where it goes, and what is attached.

  start(): void {
    const { tunnel, engine } = this.#connection
    const { head } = this.#request
    this.#connection.touch(engine.limits.responseMs)
    let destination: Destination
    try {
      destination =
        tunnel === undefined
          ? absoluteDestination(head)
          : insideTunnel(head, tunnel.origin, tunnel.servername)
    } catch (error) {
      this.#fail(error)
      return
    }
    this.#destination = destination
    const { origin, target } = destination
    if (origin.host === internalHost) {
      this.#answerInternal(destination)
      return
    }
    const path = target === '*' ? '/' : target
    const { session, scope } = this.#client
    session.plan({ ...origin, path, method: head.method, site: siteOfRequest(head) }, scope).then(
      (plan) => this.#planned(destination, plan),
      (error: unknown) => this.#fail(error),
    )
  }

  #planned(destination: Destination, plan: Plan): void {
    if (this.#state === 'over') return
    this.#plan = plan
    const { head } = this.#request
    if (!plan.policy.allowed) {
      this.#fail(policyError(head.method, destination.origin, plan.policy.reason))
      return
    }
    try {
      const { bytes, attached } = headToOrigin(head, destination, plan, this.#upgrade)
      this.#head = bytes
      this.#toAttach = attached
    } catch (error) {
      this.#fail(error)
      return
    }
    this.#connect(destination, this.#repeatable ? 'repeatable' : 'once')
  }

  // The connection to the origin, and the request on it.

  #connect(destination: Destination, how: 'repeatable' | 'once' | 'fresh'): void {
    this.#state = 'connecting'
    this.#giveUp = this.#connection.engine.pool.acquire(
      this.#client.session.name,
      destination.origin,
      how,
      (error, upstream) => {
        if (upstream === undefined) this.#fail(error)
        else this.#send(upstream)
      },
    )
  }

  #send(upstream: Upstream): void {
    this.#upstream = upstream
    upstream.user = this
    this.#attached = this.#toAttach
    this.#state = 'head'
    this.#connection.touch(this.#connection.engine.limits.responseMs)
    const { socket } = upstream
    writeTogether(socket, this.#head, this.#early)
    this.#early = []
    if (!this.requestDone && !socket.writableNeedDrain) this.#connection.socket.resume()
  }

  /** Bytes from the client; returns those behind the request. */
  fromClient(chunk: Buffer): Buffer | undefined {
    const body = this.#requestBody
    if (body === undefined || this.requestDone) return chunk
    try {
      const part = body.push(chunk)
      this.#bodyBegun = true
      this.#sendBody(part.out)
      if (!part.done) return undefined
      this.requestDone = true
      return chunk.subarray(part.used)
    } catch (error) {
      this.#fail(error)
      return undefined
    }
  }

  #sendBody(parts: readonly Buffer[]): void {
    const upstream = this.#upstream
    this.#connection.touch(this.#connection.engine.limits.responseMs)
    if (upstream === undefined) {
      this.#early.push(...parts)
      this.#connection.socket.pause()
      return
    }
    if (!writeParts(upstream.socket, parts)) this.#connection.socket.pause()
  }

  upstreamDrained(): void {
    if (!this.requestDone) this.#connection.socket.resume()
  }

  // The response's head, and what is captured from it.

  fromUpstream(chunk: Buffer): void {
    this.#heard = true
    try {
      if (this.#state === 'body') this.#relayBody(chunk)
      else if (this.#state === 'head') this.#readHead(chunk)
      else if (this.#state === 'capturing') this.#upstream?.socket.unshift(chunk)
    } catch (error) {
      this.#malformed(error)
    }
  }

  #readHead(chunk: Buffer): void {
    let bytes = chunk
    for (;;) {
      const whole = this.#upstream?.reader.push(bytes)
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
    responseFraming(head, this.#request.head.method)
    this.#interim += 1
    if (this.#interim > maxInterim) throw new Http1Error('there are too many interim responses')
    if (this.#request.head.minor === 0) return
    this.#connection.socket.write(interimToClient(head))
  }

  #respond(head: ResponseHead, rest: Buffer): void {
    if (head.status === 101 && !this.#upgrade) throw new Http1Error('the origin switches protocols unasked')
    const { head: request } = this.#request
    this.#framing = responseFraming(head, request.method)
    if (this.#framing.kind === 'chunked' && request.minor === 0)
      throw new Http1Error('there are chunks for HTTP/1.0')
    const setCookie: string[] = []
    const clearSiteData: string[] = []
    for (const field of head.fields) {
      if (field.lower === 'set-cookie') setCookie.push(field.value)
      else if (field.lower === 'clear-site-data') clearSiteData.push(field.value)
    }
    const plan = this.#plan
    const destination = this.#destination
    if (
      (setCookie.length === 0 && clearSiteData.length === 0) ||
      plan === undefined ||
      destination === undefined
    ) {
      this.#pass(head, rest, undefined)
      return
    }
    // On disk before the client sees it. Nothing more is read until then.
    this.#state = 'capturing'
    this.#upstream?.socket.pause()
    const { origin, target } = destination
    this.#client.session
      .capture({
        ...origin,
        path: target,
        status: head.status,
        setCookie,
        clearSiteData,
        reveal: plan.reveal,
        capture: plan.capture,
        site: plan.site,
      })
      .then(
        (capture) => this.#afterCapture(head, rest, capture),
        (error: unknown) => this.#fail(error),
      )
  }

  #afterCapture(head: ResponseHead, rest: Buffer, capture: Capture): void {
    this.#captured = capture.captured
    if (this.#state !== 'capturing') return
    try {
      this.#pass(head, rest, capture)
    } catch (error) {
      this.#malformed(error)
    }
    if (this.#closed !== undefined) this.upstreamClosed(this.#closed.error)
    else if (!this.#connection.socket.writableNeedDrain) this.#upstream?.socket.resume()
  }

  #pass(head: ResponseHead, rest: Buffer, capture: Capture | undefined): void {
    const { head: request } = this.#request
    this.#status = head.status
    // A request in HTTP/1.0 went out with `Connection: close`: whatever the answer says, it was the last one.
    this.#keepUpstreamMs =
      request.minor === 1 && isPersistent(head)
        ? (keepAliveMs(head.fields) ?? Number.POSITIVE_INFINITY)
        : undefined
    const body = { begun: this.#bodyBegun, done: this.requestDone }
    this.#keepClient = keepsClient(request, this.#framing, body) && !this.#connection.engine.draining()
    const bytes = headToClient(head, capture, !this.#keepClient)
    if (head.status === 101) this.#switchProtocols(bytes, rest)
    else this.#beginBody(bytes, rest)
  }

  // The response's body.

  #beginBody(head: Buffer, rest: Buffer): void {
    this.#connection.touch(this.#connection.engine.limits.streamIdleMs)
    const { socket } = this.#connection
    if (this.#framing.kind === 'none') {
      this.#state = 'body'
      socket.write(head)
      this.#finish(rest.length === 0)
      return
    }
    const body = new BodyReader(this.#framing, { filterTrailers: responseTrailers })
    // Before anything is written: what is malformed already can still be answered with a 502.
    const part = body.push(rest)
    this.#body = body
    this.#state = 'body'
    this.#afterPart(part, rest.length, writeTogether(socket, head, part.out))
  }

  #relayBody(chunk: Buffer): void {
    const body = this.#body
    if (body === undefined) return
    this.#connection.touch(this.#connection.engine.limits.streamIdleMs)
    const part = body.push(chunk)
    this.#afterPart(part, chunk.length, writeParts(this.#connection.socket, part.out))
  }

  #afterPart(part: BodyPart, length: number, more: boolean): void {
    if (part.done) this.#finish(part.used === length)
    else if (!more) this.#upstream?.socket.pause()
  }

  clientDrained(): void {
    if (this.#state === 'body') this.#upstream?.socket.resume()
  }

  /** `clean`: the origin sent nothing behind its answer. */
  #finish(clean: boolean): void {
    const upstream = this.#upstream
    this.#upstream = undefined
    this.#state = 'over'
    if (upstream !== undefined) {
      const keep = this.#keepUpstreamMs
      // Half a request would be read together with the next one.
      if (clean && this.requestDone && keep !== undefined && this.#framing.kind !== 'close') {
        this.#connection.engine.pool.release(upstream, keep)
      } else {
        upstream.user = undefined
        upstream.destroy()
      }
    }
    this.#log(this.#status)
    this.#connection.exchangeDone(this.#keepClient && this.requestDone)
  }

  /** The WebSocket's bytes are nobody's business but the two ends'. */
  #switchProtocols(head: Buffer, rest: Buffer): void {
    const upstream = this.#upstream
    if (upstream === undefined) return
    this.#state = 'over'
    this.#log(101)
    const { engine } = this.#connection
    const origin = upstream.detach()
    if (rest.length > 0) origin.unshift(rest)
    const { raw } = this.#connection
    const client = this.#connection.give()
    client.write(head)
    engine.stats.tunnels += 1
    relay(
      { socket: client, raw },
      { socket: origin, raw: origin },
      engine.sweep,
      engine.limits.streamIdleMs,
      ignore,
    )
  }

  // Ends that are none.

  upstreamEnded(): void {
    if (this.#state !== 'body' || this.#body === undefined) this.#dropped(undefined)
    else if (this.#body.end() === 'complete') this.#finish(false)
    else this.#truncated('the origin ended its answer too early')
  }

  upstreamClosed(error: Error | undefined): void {
    if (this.#state === 'over') return
    // What has come of the answer goes on first: the origin has acted, and its cookies are being kept.
    if (this.#state === 'capturing') this.#closed = { error }
    else if (this.#state === 'body') this.#truncated('the origin broke its answer off')
    else this.#dropped(error)
  }

  /** No answer. A kept connection that was closed at this moment is no fault: what may be repeated is, once. */
  #dropped(error: Error | undefined): void {
    const upstream = this.#upstream
    if (upstream === undefined || this.#state === 'over') return
    this.#upstream = undefined
    upstream.user = undefined
    upstream.destroy()
    const destination = this.#destination
    if (destination === undefined) return
    if (upstream.reused && this.#repeatable && !this.#heard) {
      this.#connect(destination, 'fresh')
      return
    }
    const { host, port } = destination.origin
    this.#fail(upstreamError(host, port, error))
  }

  #malformed(error: unknown): void {
    if (this.#state === 'body') this.#truncated('the origin sent what is not a body')
    else if (error instanceof Http1Error && this.#destination !== undefined) {
      const { host, port } = this.#destination.origin
      this.#fail(malformedError(host, port, error))
    } else this.#fail(error)
  }

  #truncated(note: string): void {
    this.#drop()
    this.#log(this.#status, note)
    this.#connection.truncate(this.#framing.kind !== 'close')
  }

  clientGone(): void {
    if (this.#state === 'over') return
    const { requestDone } = this
    this.#drop()
    this.#log(
      this.#status,
      requestDone ? 'the client left before the answer was through' : 'the client left in its request',
    )
    this.#connection.socket.destroy()
  }

  expired(): void {
    if (this.#destination === undefined || this.#state === 'body') {
      this.#truncated('nothing moved for too long')
      return
    }
    const { host, port } = this.#destination.origin
    this.#fail(timeoutError(endpointOf(host, port), 'no answer in time'))
  }

  #fail(error: unknown): void {
    if (this.#state === 'over') return
    if (this.#state === 'body') {
      this.#truncated('the request broke off')
      return
    }
    this.#drop()
    const { head } = this.#request
    const keep = this.requestDone && head.minor === 1 && isPersistent(head)
    const malformed = error instanceof Http1Error
    const known = malformed ? new HallpassError('request-malformed', error.message) : asHallpassError(error)
    this.#log(malformed ? error.status : known.http, known.code === 'failed' ? String(error) : known.message)
    this.#connection.answer(known, {
      method: head.method,
      keep: keep && !malformed,
      ...(malformed ? { status: error.status } : {}),
    })
  }

  #drop(): void {
    this.#state = 'over'
    this.#giveUp()
    const upstream = this.#upstream
    this.#upstream = undefined
    if (upstream === undefined) return
    upstream.user = undefined
    upstream.destroy()
  }

  #answerInternal(destination: Destination): void {
    const { engine, socket } = this.#connection
    const { head } = this.#request
    this.#state = 'over'
    const keep = this.requestDone && head.minor === 1 && isPersistent(head) && !engine.draining()
    const answer = answerInternal(head.method, destination.target, this.#client, engine, !keep)
    socket.write(answer.bytes)
    this.#log(answer.status)
    this.#connection.exchangeDone(keep)
  }

  #log(status: number, note?: string): void {
    const { head } = this.#request
    const [path = ''] = (this.#destination?.target ?? '').split('?')
    this.#connection.engine.log.request({
      session: this.#client.session.name,
      method: head.method,
      host: this.#destination === undefined ? '' : authorityOf(this.#destination.origin),
      path,
      status,
      ms: Math.round(performance.now() - this.#startedAt),
      attached: this.#attached,
      captured: this.#captured,
      ...(note === undefined ? {} : { note }),
    })
  }
}

function policyError(method: string, origin: Origin, reason: string): HallpassError {
  const authority = authorityOf(origin)
  return new HallpassError('policy', `${method} ${authority} is not allowed: ${reason}`, {
    hint: `hallpass explain --method ${method} ${origin.scheme}://${authority}/`,
  })
}
