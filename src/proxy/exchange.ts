import { asksForWebSocket, isPersistent } from '../http1/connection-fields.ts'
import { Http1Error } from '../http1/http1-error.ts'
import type { RequestHead } from '../http1/request-head.ts'
import type { Capture } from '../plan/capture.ts'
import type { Fault } from '../plan/faults.ts'
import type { Plan } from '../plan/plan.ts'
import { bodyUse } from '../plan/renewal.ts'
import { siteOfRequest } from '../plan/site-of-request.ts'
import type { Rule } from '../rules/rule.ts'
import { absoluteDestination, insideTunnel, type RequestDestination } from './agreement.ts'
import { forwardingProxy } from './connect-origin.ts'
import type { Outcome } from './counts.ts'
import type { Client } from './engine.ts'
import type { ExchangeClientSide, Request } from './exchange-client-side.ts'
import { failureOf } from './failure.ts'
import { type HeadToOrigin, headToOrigin } from './heads.ts'
import { answerInternal, internalHost } from './internal.ts'
import { authorityOf, endpointOf } from './origin.ts'
import { policyError } from './policy-error.ts'
import { ignore, relay } from './relay.ts'
import { RequestBody } from './request-body.ts'
import { RequestLog } from './request-log.ts'
import { type AnsweredExchange, ResponseRelay } from './response-relay.ts'
import type { Upstream, UpstreamUser } from './upstream.ts'
import { malformedError, timeoutError, upstreamError } from './upstream-error.ts'
import { writeParts, writeTogether } from './write-together.ts'

const continueAnswer = Buffer.from('HTTP/1.1 100 Continue\r\n\r\n', 'latin1')

/** RFC 9110, 9.2.2. */
const idempotent = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'])

/**
 * One request and its response. The file follows their order: destination and plan, the connection to the origin, the
 * request's body, the response (with response-relay.ts), the end.
 */
export class Exchange implements UpstreamUser, AnsweredExchange {
  readonly connection: ExchangeClientSide
  readonly request: Request
  readonly client: Client
  readonly upgrade: boolean
  readonly requestBody: RequestBody
  attached: readonly string[] = []
  over = false
  readonly log: RequestLog
  discarded: { readonly capture: Capture | undefined } | undefined
  readonly #repeatable: boolean
  #destination: RequestDestination | undefined
  #decided: Plan | undefined
  #toOrigin: HeadToOrigin | undefined
  /** The client held its body back, and the proxy has asked for it with a 100. */
  #asked = false
  /** Aborts the wait for a connection to the origin. */
  #wait: AbortController | undefined
  /** Sends the request once more, on a new connection. */
  #again: () => void = ignore
  #upstream: Upstream | undefined
  #response: ResponseRelay | undefined

  constructor(connection: ExchangeClientSide, request: Request, client: Client) {
    this.connection = connection
    this.request = request
    this.client = client
    const { framing, head } = request
    this.requestBody = new RequestBody(framing)
    this.#repeatable = this.requestBody.absent && idempotent.has(head.method)
    this.upgrade = asksForWebSocket(head)
    this.log = new RequestLog(connection.engine, client, head.method)
  }

  // Destination and plan.

  start(): void {
    const { tunnel, engine } = this.connection
    const { head } = this.request
    this.connection.touch(engine.limits.responseMs)
    let destination: RequestDestination
    try {
      destination = tunnel === undefined ? absoluteDestination(head) : insideTunnel(head, tunnel)
    } catch (error) {
      this.fail(error)
      return
    }
    this.#destination = destination
    if (destination.origin.host === internalHost) {
      this.#answerInternal(destination)
      return
    }
    this.#plan(destination)
  }

  #plan(destination: RequestDestination): void {
    const { origin, target } = destination
    const { head } = this.request
    const path = target === '*' ? '/' : target
    const { session, scope } = this.client
    const site = (rules: readonly Rule[]) => siteOfRequest(head, origin, rules)
    session.plan({ ...origin, path, method: head.method, site }, scope).then(
      (plan) => this.#planned(destination, plan),
      (error: unknown) => this.fail(error),
    )
  }

  #planned(destination: RequestDestination, plan: Plan): void {
    const { head } = this.request
    this.#decided = plan
    this.connection.engine.scrubbed.add(plan)
    // A request that is sent again has said it.
    if (this.discarded === undefined) for (const fault of plan.faults) this.#sayFault(destination, fault)
    if (!plan.policy.allowed) this.fail(policyError(head.method, destination.origin, plan.policy))
    else if (this.requestBody.absent || !this.#waitsForBody(plan)) this.#begin(destination, plan)
    else this.#gather(destination, plan)
  }

  #sayFault({ origin }: RequestDestination, fault: Fault): void {
    const { session, report } = this.client
    this.log.note(`not attached: ${fault.name} (${fault.reason})`)
    report.notAttached(session.name, `${origin.scheme}://${authorityOf(origin)}/`, fault)
  }

  /** Holds the body from now on if the plan may need it. Returns whether the head must wait for the body. */
  #waitsForBody(plan: Plan): boolean {
    const use = bodyUse(plan, this.request.head)
    if (use === 'none') return false
    this.requestBody.hold(this.connection.engine.limits.replayBytes)
    return use === 'signed' && !this.requestBody.settled
  }

  #gather(destination: RequestDestination, plan: Plan): void {
    const { head } = this.request
    if (!this.requestBody.begun && head.minor === 1 && expects(head)) {
      this.#asked = true
      this.connection.socket.write(continueAnswer)
    }
    this.connection.resume()
    this.requestBody
      .settle()
      .then(() => this.#begin(destination, plan))
      .catch((error: unknown) => this.fail(error))
  }

  // The connection to the origin, and the request on it.

  /** Makes a new head each time: a signature is valid once. */
  #begin(destination: RequestDestination, plan: Plan, how?: 'fresh'): void {
    if (this.over) return
    try {
      this.#toOrigin = headToOrigin(this.request.head, destination, plan, {
        upgrade: this.upgrade,
        body: plan.body === 'none' ? 'not-held' : this.requestBody.signed,
        through: forwardingProxy(this.connection.engine, destination.origin),
        asked: this.#asked || (this.discarded !== undefined && this.requestBody.begun),
      })
      this.#connect(destination, plan, how ?? (this.#repeatable ? 'repeatable' : 'once'))
    } catch (error) {
      this.fail(error)
    }
  }

  #connect(destination: RequestDestination, plan: Plan, how: 'repeatable' | 'once' | 'fresh'): void {
    const { session } = this.client
    const { pool } = this.connection.engine
    const { origin } = destination
    // Without a promise: most requests find an idle connection.
    const idle = how === 'fresh' ? undefined : pool.take(session, origin, how, this.connection)
    if (idle !== undefined) {
      this.#send(idle, destination, plan)
      return
    }
    const wait = new AbortController()
    this.#wait = wait
    pool.next(session, origin, wait.signal).then(
      (upstream) => {
        if (this.over) upstream.destroy()
        // It closed while it was handed over, and will not say so again.
        else if (!upstream.usable) this.fail(upstreamError(origin.host, origin.port, undefined))
        else this.#send(upstream, destination, plan)
      },
      (error: unknown) => this.fail(error),
    )
  }

  #send(upstream: Upstream, destination: RequestDestination, plan: Plan): void {
    const toOrigin = this.#toOrigin
    if (toOrigin === undefined) return
    this.#upstream = upstream
    upstream.user = this
    if (toOrigin.bindsConnection) upstream.pinnedTo = this.connection
    this.attached = toOrigin.attached
    this.#response = new ResponseRelay(this, upstream, destination, plan)
    this.#again = () => this.#begin(destination, plan, 'fresh')
    this.connection.touch(this.connection.engine.limits.responseMs)
    const { socket } = upstream
    writeTogether(socket, toOrigin.bytes, this.requestBody.takeWaiting())
    // Also after the whole body: otherwise the proxy would not see a client leave that has sent more.
    if (this.requestBody.done || !socket.writableNeedDrain) this.connection.resume()
  }

  /** Takes bytes from the client. Returns the bytes that came behind the request. */
  fromClient(chunk: Buffer): Buffer | undefined {
    if (this.requestBody.done) return chunk
    try {
      const part = this.requestBody.read(chunk)
      this.#sendBody(part.out)
      return part.done ? chunk.subarray(part.used) : undefined
    } catch (error) {
      this.fail(error)
      return undefined
    }
  }

  #sendBody(parts: readonly Buffer[]): void {
    const { connection, requestBody } = this
    const upstream = this.#upstream
    connection.touch(connection.engine.limits.responseMs)
    if (requestBody.gathering) requestBody.gather(parts)
    else if (upstream === undefined) {
      requestBody.wait(parts)
      connection.socket.pause()
    } else {
      requestBody.keep(parts)
      if (!writeParts(upstream.socket, parts)) connection.socket.pause()
    }
  }

  upstreamDrained(): void {
    this.connection.resume()
  }

  // The response.

  fromUpstream(chunk: Buffer): void {
    this.#response?.received(chunk)
  }

  clientDrained(): void {
    this.#response?.clientDrained()
  }

  upstreamEnded(): void {
    this.#response?.ended()
  }

  upstreamClosed(error: Error | undefined): void {
    this.#response?.closed(error)
  }

  /** A request is sent again only once, and only with its whole body. */
  get replayable(): boolean {
    return this.discarded === undefined && this.requestBody.repeatable
  }

  replay(keepMs: number | undefined, capture: Capture | undefined): void {
    const destination = this.#destination
    if (destination === undefined) return
    this.#letGo(keepMs)
    this.connection.engine.counts.replayed += 1
    this.discarded = { capture }
    this.requestBody.repeat()
    this.#plan(destination)
  }

  finished(keepMs: number | undefined, keepClient: boolean): void {
    this.over = true
    this.#letGo(keepMs)
    this.#log('answered', this.#response?.status ?? 0)
    this.connection.exchangeDone(keepClient && this.requestBody.done)
  }

  #letGo(keepMs: number | undefined): void {
    const upstream = this.#upstream
    this.#upstream = undefined
    // After half a request, the origin would read the next request as the rest of it.
    if (upstream !== undefined && keepMs !== undefined && this.requestBody.done) {
      this.connection.engine.pool.release(upstream, keepMs)
    } else upstream?.abandon()
  }

  switchProtocols(head: Buffer, rest: Buffer): void {
    const upstream = this.#upstream
    if (upstream === undefined) return
    this.over = true
    this.#log('upgraded', 101)
    const { engine, raw } = this.connection
    const origin = upstream.detach()
    if (rest.length > 0) origin.unshift(rest)
    const socket = this.connection.give()
    socket.write(head)
    engine.counts.tunnels += 1
    relay({ socket, raw }, { socket: origin, raw: origin }, engine)
  }

  // Failures.

  /** An origin may close a kept connection at any moment: a repeatable request is then sent again, once. */
  dropped(error: Error | undefined): void {
    const upstream = this.#upstream
    const destination = this.#destination
    if (upstream === undefined || destination === undefined) return
    this.#upstream = undefined
    upstream.abandon()
    if (upstream.reused && this.#repeatable && this.#response?.heard === false) this.#again()
    else this.fail(upstreamError(destination.origin.host, destination.origin.port, error))
  }

  malformed(error: unknown): void {
    if (error instanceof Http1Error && this.#destination !== undefined) {
      const { host, port } = this.#destination.origin
      this.fail(malformedError(host, port, error))
    } else this.fail(error)
  }

  truncated(note: string): void {
    this.connection.engine.counts.upstreamErrors.cut += 1
    this.#drop()
    this.#log('cut', this.#response?.status ?? 0, note)
    this.connection.truncate(this.#response?.framed === true)
  }

  clientGone(): void {
    if (this.over) return
    this.#drop()
    const what = this.requestBody.done ? 'before the answer was complete' : 'during its request'
    this.#log('abandoned', this.#response?.status ?? 0, `the client left ${what}`)
    this.connection.socket.destroy()
  }

  expired(): void {
    if (this.#destination === undefined) return
    const { host, port } = this.#destination.origin
    this.fail(timeoutError(endpointOf(host, port), 'no answer in time'))
  }

  fail(error: unknown): void {
    if (this.over) return
    const failure = failureOf(error)
    if (this.#response?.state === 'body') {
      this.truncated(failure.note)
      return
    }
    this.#drop()
    const session = this.client.session.name
    this.client.report.answered(session, failure.error)
    this.#log(failure.status < 500 ? 'refused' : 'failed', failure.status, failure.note)
    const { head } = this.request
    // After malformed bytes the start of the next request is unknown.
    const keep =
      !(error instanceof Http1Error) && this.requestBody.done && head.minor === 1 && isPersistent(head)
    this.connection.answer(failure, { method: head.method, session, keep })
  }

  #drop(): void {
    this.over = true
    this.#wait?.abort()
    this.#upstream?.abandon()
    this.#upstream = undefined
  }

  #answerInternal(destination: RequestDestination): void {
    const { engine, socket } = this.connection
    const { head } = this.request
    this.over = true
    const keep = this.requestBody.done && head.minor === 1 && isPersistent(head) && !engine.draining()
    const answer = answerInternal(head.method, destination.target, this.client, engine, !keep)
    socket.write(answer.bytes)
    this.#log('internal', answer.status)
    this.connection.exchangeDone(keep)
  }

  #log(outcome: Outcome, status: number, note?: string): void {
    for (const name of this.#toOrigin?.rerouting ?? []) this.log.note(`removed ${name}`)
    if (note !== undefined) this.log.note(note)
    const earlier = this.discarded?.capture?.captured
    const captured = this.#response?.captured ?? []
    const all = earlier === undefined ? captured : [...new Set([...earlier, ...captured])]
    const { attached } = this
    this.log.end({ outcome, status, plan: this.#decided, attached, captured: all }, this.#destination)
  }
}

/** Whether a client holds its body back for a 100 (RFC 9110, 10.1.1). */
function expects(head: RequestHead): boolean {
  return head.fields.some(({ lower, value }) => lower === 'expect' && value.toLowerCase() === '100-continue')
}
