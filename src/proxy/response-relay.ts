import type { Socket } from 'node:net'
import { type BodyPart, BodyReader } from '../http1/body-reader.ts'
import { bindsConnection } from '../http1/connection-authentication.ts'
import { isPersistent } from '../http1/connection-fields.ts'
import { frameResponse } from '../http1/frame-response.ts'
import type { Framing } from '../http1/framing.ts'
import { Http1Error } from '../http1/http1-error.ts'
import type { RequestHead } from '../http1/request-head.ts'
import type { ResponseHead } from '../http1/response-head.ts'
import type { Capture, CapturedResponse } from '../plan/capture.ts'
import { type Answered, signsIn } from '../plan/login-sign.ts'
import type { Plan } from '../plan/plan.ts'
import { needsLogin, tokensSent } from '../plan/renewal.ts'
import { judgeLogin } from '../sessions/judge-login.ts'
import type { RequestDestination } from './agreement.ts'
import type { Client, Engine } from './engine.ts'
import { failureOf } from './failure.ts'
import { keepAliveMs, responseTrailers } from './fields.ts'
import { headToClient, interimToClient, keepsClient } from './heads.ts'
import { authorityOf } from './origin.ts'
import type { RequestBody } from './request-body.ts'
import type { RequestLog } from './request-log.ts'
import type { Upstream } from './upstream.ts'
import { writeParts, writeTogether } from './write-together.ts'

/** Interim answers before the final one. Honest origins send a few, and each costs a write. */
const maxInterim = 100

/** The client's connection, as far as a response needs it. */
export interface ResponseClientSide {
  readonly engine: Engine
  readonly socket: Socket
  /** Something moved: the deadline is `ms` from now. */
  touch(ms: number): void
  /** Reads on from the client. */
  resume(): void
}

/** The request that a response answers, and the ends that a response can come to. */
export interface AnsweredExchange {
  readonly connection: ResponseClientSide
  readonly request: { readonly head: RequestHead }
  readonly client: Client
  /** The request asks to become a WebSocket. */
  readonly upgrade: boolean
  readonly requestBody: RequestBody
  /** The names of what was attached and sent. */
  readonly attached: readonly string[]
  /** Whether the client has left, or has its answer. */
  readonly over: boolean
  /** Whether the request could be sent once more. */
  readonly replayable: boolean
  /** The 401 that the client did not get, because the request was sent again. */
  readonly discarded: { readonly capture: Capture | undefined } | undefined
  readonly log: RequestLog
  /** Sends the request again: the session has another token. The client does not get the 401. `keepMs` as for `finished`. */
  replay(keepMs: number | undefined, capture: Capture | undefined): void
  /** The response is complete. The origin's connection may be kept for `keepMs`; undefined: it must close. */
  finished(keepMs: number | undefined, keepClient: boolean): void
  /** `head` is the 101, `rest` the first bytes behind it. */
  switchProtocols(head: Buffer, rest: Buffer): void
  /** The origin's connection ended before there was an answer. */
  dropped(error: Error | undefined): void
  /** The answer broke a rule of HTTP/1.1. */
  malformed(error: unknown): void
  /** The answer ended too early, and the client has a part of it. */
  truncated(note: string): void
}

/** The response of one exchange, from the origin's first byte to its last: head, capture, body. */
export class ResponseRelay {
  /** `waiting`: the head is here. It goes on when its cookies are on disk and, after a 401, the token is refreshed or not. */
  state: 'head' | 'waiting' | 'body' | 'over' = 'head'
  /** The origin has sent a byte, so the request must not be repeated. */
  heard = false
  status = 0
  captured: readonly string[] = []
  readonly #exchange: AnsweredExchange
  readonly #upstream: Upstream
  readonly #destination: RequestDestination
  readonly #plan: Plan
  /** An origin that breaks the grammar may end its answer elsewhere than we read: its connection is not used again. */
  #repairs: Set<string> | undefined
  #interim = 0
  #framing: Framing = { kind: 'none' }
  #body: BodyReader | undefined
  #keepUpstreamMs: number | undefined
  #keepClient = false
  /** Bytes that came behind the head while it waited. */
  #held: Buffer[] = []
  /** Ends of the origin's side, or of its connection, that came while the head waited. */
  #endedMeanwhile: (() => void)[] = []

  constructor(exchange: AnsweredExchange, upstream: Upstream, destination: RequestDestination, plan: Plan) {
    this.#exchange = exchange
    this.#upstream = upstream
    this.#destination = destination
    this.#plan = plan
  }

  /** Whether a length or chunks mark the end of the body; otherwise the end of the connection does. */
  get framed(): boolean {
    return this.#framing.kind !== 'close'
  }

  received(chunk: Buffer): void {
    this.heard = true
    try {
      if (this.state === 'body') this.#relayBody(chunk)
      else if (this.state === 'head') this.#readHead(chunk)
      // Pausing does not stop the current read; its rest is all that comes.
      else if (this.state === 'waiting') this.#held.push(Buffer.from(chunk))
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

  /** 100 and 103 go on at once. HTTP/1.0 has no interim responses. */
  #passInterim(read: ResponseHead): void {
    const { request, connection } = this.#exchange
    const { head } = frameResponse(read, request.head.method)
    this.#repaired(head.repairs)
    this.#interim += 1
    if (this.#interim > maxInterim) throw new Http1Error('the origin sent too many interim responses')
    if (request.head.minor === 1) connection.socket.write(interimToClient(head))
  }

  #repaired(repairs: Iterable<string>): void {
    for (const repair of repairs) {
      if (this.#repairs?.has(repair)) continue
      this.#repairs ??= new Set()
      this.#repairs.add(repair)
      this.#exchange.log.note(`repaired ${repair}`)
    }
  }

  #respond(read: ResponseHead, rest: Buffer): void {
    const { request, upgrade } = this.#exchange
    if (read.status === 101 && !upgrade)
      throw new Http1Error('the origin switched protocols without a request')
    const { head, framing } = frameResponse(read, request.head.method)
    this.#framing = framing
    this.#repaired(head.repairs)
    if (this.#framing.kind === 'chunked' && request.head.minor === 0)
      throw new Http1Error('the client speaks HTTP/1.0 and cannot read chunks')
    const setCookie: string[] = []
    const clearSiteData: string[] = []
    for (const field of head.fields) {
      if (field.lower === 'set-cookie') setCookie.push(field.value)
      else if (field.lower === 'clear-site-data') clearSiteData.push(field.value)
      else if (bindsConnection(field)) this.#upstream.pinnedTo = this.#exchange.connection
    }
    const rejected = head.status === 401 ? tokensSent(this.#plan, this.#exchange.attached) : []
    if (rejected.length === 0) this.#exchange.requestBody.letGo()
    if (setCookie.length === 0 && clearSiteData.length === 0 && rejected.length === 0) {
      this.#pass(head, rest, undefined, needsLogin(this.#plan))
      return
    }
    this.state = 'waiting'
    this.#upstream.socket.pause()
    this.#held.push(Buffer.from(rest))
    this.#wait(head, { setCookie, clearSiteData }, rejected).catch((error: unknown) => {
      this.#exchange.malformed(error)
    })
  }

  async #wait(
    head: ResponseHead,
    lines: Pick<CapturedResponse, 'setCookie' | 'clearSiteData'>,
    rejected: readonly string[],
  ): Promise<void> {
    const brings = lines.setCookie.length > 0 || lines.clearSiteData.length > 0
    // Cookies are on disk before the client sees them, and before the request goes out again with them.
    const capture = brings ? await this.#capture(head, lines) : undefined
    this.captured = capture?.captured ?? []
    if (this.captured.length > 0) await this.#signedIn(head)
    const outcome = rejected.length === 0 ? 'no' : await this.#refresh()
    if (this.#exchange.over) return
    if (outcome === 'retry' && this.#exchange.replayable) this.#discard(head, capture)
    else this.#afterWait(head, capture, outcome === 'needs-login' ? rejected : needsLogin(this.#plan))
  }

  #capture(
    head: ResponseHead,
    lines: Pick<CapturedResponse, 'setCookie' | 'clearSiteData'>,
  ): Promise<Capture> {
    const { origin, target } = this.#destination
    const { reveal, capture, site } = this.#plan
    const { session } = this.#exchange.client
    return session.capture({ ...origin, path: target, status: head.status, ...lines, reveal, capture, site })
  }

  async #signedIn(head: ResponseHead): Promise<void> {
    if (!signsIn(this.#answered(head))) return
    const { health } = this.#exchange.client.session
    // The cookies are saved. If this fails, `status` goes on to ask for a login.
    await health.signedIn(this.#destination.origin.host).catch(() => undefined)
  }

  /** The origin rejected the token: asks the session for a newer one. */
  async #refresh(): Promise<'retry' | 'needs-login' | 'no'> {
    const { client, connection, discarded, requestBody } = this.#exchange
    // A client that is tired of waiting for a 100 may send its body now. Paused, the whole body can go on the second connection.
    if (!requestBody.begun && !requestBody.done) connection.socket.pause()
    try {
      const outcome = await client.session.tokens.rejected(this.#plan, discarded !== undefined)
      if (outcome === 'retry') this.#exchange.log.note('refreshed')
      return outcome
    } catch (error) {
      // The origin's 401 tells the client more than this failure.
      this.#exchange.log.note(`no refresh: ${failureOf(error).error.message}`)
      return 'no'
    } finally {
      connection.resume()
    }
  }

  /** The client gets nothing of this response. The connection is kept if the whole response is here. */
  #discard(head: ResponseHead, capture: Capture | undefined): void {
    const rest = Buffer.concat(this.#held)
    const body = new BodyReader(this.#framing, { mend: true })
    const { used } = body.push(rest)
    this.#repaired(body.repairs)
    const drained = body.done && used === rest.length && this.#repairs === undefined
    this.#exchange.log.note('replayed')
    this.#exchange.replay(drained ? this.#keepMsOf(head) : undefined, capture)
  }

  #afterWait(head: ResponseHead, capture: Capture | undefined, logins: readonly string[]): void {
    try {
      this.#pass(head, Buffer.concat(this.#held.splice(0)), capture, logins)
    } catch (error) {
      this.#exchange.malformed(error)
    }
    for (const event of this.#endedMeanwhile) event()
    if (!this.#exchange.connection.socket.writableNeedDrain) this.#upstream.socket.resume()
  }

  /** How long the connection to the origin may be kept after this answer; undefined: it must close. */
  #keepMsOf(head: ResponseHead): number | undefined {
    // A request in HTTP/1.0 went out with `Connection: close`, so it was the last one.
    if (this.#exchange.request.head.minor === 0 || !isPersistent(head)) return undefined
    return keepAliveMs(head.fields) ?? Number.POSITIVE_INFINITY
  }

  /** @param logins names of credentials whose owner must log in again */
  #pass(head: ResponseHead, rest: Buffer, capture: Capture | undefined, logins: readonly string[]): void {
    const { request, requestBody, connection, client, discarded } = this.#exchange
    this.status = head.status
    this.#keepUpstreamMs = this.#keepMsOf(head)
    this.#keepClient = keepsClient(request.head, this.#framing, requestBody) && !connection.engine.draining()
    for (const name of logins) client.report.needsLogin(name)
    const bytes = headToClient(head, {
      capture,
      discarded: discarded?.capture,
      login: logins.length > 0 ? 'needs-login' : this.#loginState(head),
      faults: this.#plan.faults,
      close: !this.#keepClient,
    })
    if (head.status === 101) {
      this.state = 'over'
      this.#exchange.switchProtocols(bytes, Buffer.from(rest))
    } else this.#beginBody(bytes, rest)
  }

  /** What the answer says about the login of its site. An ordinary answer costs a few look-ups and nothing else. */
  #loginState(head: ResponseHead): 'suspect' | 'needs-login' | undefined {
    const { attached, client, log } = this.#exchange
    if (attached.length === 0) return undefined
    const { health } = client.session
    const host = health.host(this.#destination.origin.host)
    if (host === undefined) return undefined
    client.report.used(host.site.id.name)
    if (host.isWell(head.status)) return undefined
    const state = judgeLogin(health, host, this.#plan, this.#answered(head), Date.now())
    if (state === undefined) return undefined
    client.report.doubted(host.site.id.name)
    log.note(state === 'suspect' ? 'perhaps the login has ended' : 'the login has ended')
    return state
  }

  #answered({ status, fields }: ResponseHead): Omit<Answered, 'succeeded' | 'refusals'> {
    const { attached, request } = this.#exchange
    const { origin, target } = this.#destination
    return {
      origin: `${origin.scheme}://${authorityOf(origin)}`,
      method: request.head.method,
      target,
      sent: request.head.fields,
      attached,
      status,
      fields,
    }
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
    const body = new BodyReader(this.#framing, { mend: true, filterTrailers: responseTrailers })
    // Read before anything is written: a malformed body can then still be answered with 502.
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

  /** `clean`: no byte came behind the answer. */
  #finish(clean: boolean): void {
    this.state = 'over'
    if (this.#body !== undefined) this.#repaired(this.#body.repairs)
    const reusable = clean && this.#framing.kind !== 'close' && this.#repairs === undefined
    this.#exchange.finished(reusable ? this.#keepUpstreamMs : undefined, this.#keepClient)
  }

  /** The origin has ended its side. */
  ended(): void {
    if (this.state === 'waiting') this.#endedMeanwhile.push(() => this.ended())
    else if (this.state === 'head' && this.#upstream.reader.started)
      this.#exchange.malformed(new Http1Error('the origin ended in the head of its answer'))
    else if (this.state !== 'body' || this.#body === undefined) this.#exchange.dropped(undefined)
    else if (this.#body.end() === 'complete') this.#finish(false)
    else this.#exchange.truncated('the origin ended its answer too early')
  }

  /** The connection to the origin is gone. */
  closed(error: Error | undefined): void {
    // The answer goes on first: the origin has acted, and its cookies are being saved.
    if (this.state === 'waiting') this.#endedMeanwhile.push(() => this.closed(error))
    else if (this.state === 'body') this.#exchange.truncated('the origin broke off its answer')
    else if (this.state === 'head') this.#exchange.dropped(error)
  }
}
