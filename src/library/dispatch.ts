import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import { responseHeadLimits } from '../http1/limits.ts'
import type { ConnectorAgent } from './connector-agent.ts'

/** The part of undici's DispatchOptions that `fetch` uses. */
export interface DispatchOptions {
  readonly origin: string | URL
  readonly path: string
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: AsyncIterable<Uint8Array> | null
}

/** What a handler may do with the request that it gets the response of. */
export interface Controller {
  readonly rawHeaders: readonly Buffer[]
  readonly rawTrailers: readonly Buffer[]
  abort(reason: Error): void
  pause(): void
  resume(): void
}

/** The handler of undici 8, which Node 26 has. */
export interface Handler {
  onRequestStart(controller: Controller, context: object): void
  onResponseStarted?(): void
  onResponseStart(
    controller: Controller,
    status: number,
    headers: IncomingMessage['headers'],
    statusText: string,
  ): void
  onResponseData(controller: Controller, chunk: Buffer): void
  onResponseEnd(controller: Controller, trailers: IncomingMessage['trailers']): void
  onResponseError(controller: Controller, error: Error): void
}

/** The handler of undici 7, which Node 24 has. */
export interface OldHandler {
  onConnect(abort: (reason: Error) => void): void
  onResponseStarted?(): void
  onHeaders(status: number, rawHeaders: readonly Buffer[], resume: () => void, statusText: string): boolean
  onData(chunk: Buffer): boolean
  onComplete(rawTrailers: readonly Buffer[]): void
  onError(error: Error): void
}

/** undici refuses the same. They frame a request, or wait for an answer that `fetch` cannot take. */
const refusedHeaders = new Set(['transfer-encoding', 'keep-alive', 'upgrade', 'expect'])

export type Agents = Readonly<Record<'https:' | 'http:', ConnectorAgent>>

/**
 * Sends a request as undici's Dispatcher does, so that Node's own `fetch` can use it (`dispatcher` in the documents of Node's
 * fetch). Node has undici, but exports no Dispatcher.
 *
 * @throws TypeError for a header that `fetch` cannot send
 */
export function dispatch(agents: Agents, options: DispatchOptions, handler: Handler | OldHandler): boolean {
  const refused = Object.keys(options.headers).find((name) => refusedHeaders.has(name.toLowerCase()))
  if (refused !== undefined) throw new TypeError(`fetch cannot send the header ${refused}`)
  const { protocol, hostname, port } = new URL(options.origin)
  const outgoing = request({
    agent: agents[protocol === 'https:' ? 'https:' : 'http:'],
    protocol,
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    ...(port !== '' && { port }),
    path: options.path,
    method: options.method,
    headers: { ...options.headers },
    maxHeaderSize: responseHeadLimits.headBytes,
  })
  // A program may pass on the headers and the body of its own client. With a Content-Length that is too small, the rest of the body
  // would be a request of its own, with the session (request smuggling).
  Object.assign(outgoing, { strictContentLength: true }) // the types have it only for responses
  const exchange = new Dispatched(outgoing, 'onRequestStart' in handler ? handler : asNew(handler))
  void exchange.send(options.body)
  return true
}

class Dispatched implements Controller {
  rawHeaders: readonly Buffer[] = []
  rawTrailers: readonly Buffer[] = []
  readonly #request: ClientRequest
  readonly #handler: Handler
  #response: IncomingMessage | undefined
  #over = false

  constructor(outgoing: ClientRequest, handler: Handler) {
    this.#request = outgoing
    this.#handler = handler
    outgoing.on('error', (error) => this.#fail(error))
    outgoing.on('response', (response) => this.#respond(response))
    handler.onRequestStart(this, {})
  }

  /** Writes the body as fast as the origin takes it. */
  async send(body: DispatchOptions['body']): Promise<void> {
    try {
      // `DELETE` has no body of its own in node:http, and would be sent without framing.
      if (body !== null && !this.#request.hasHeader('content-length'))
        this.#request.setHeader('transfer-encoding', 'chunked')
      for await (const chunk of body ?? []) {
        if (this.#request.destroyed) return
        if (!this.#request.write(chunk)) await this.#drained()
      }
      this.#request.end()
    } catch (error) {
      this.abort(error as Error)
    }
  }

  async #drained(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#request.once('drain', resolve).once('close', resolve)
    await promise
    this.#request.off('drain', resolve).off('close', resolve)
  }

  #respond(response: IncomingMessage): void {
    this.#response = response
    this.rawHeaders = bytesOf(response.rawHeaders)
    response.on('error', (error) => this.#fail(error))
    response.on('end', () => this.#end(response))
    this.#handler.onResponseStarted?.()
    const { statusCode = 0, headers, statusMessage = '' } = response
    this.#handler.onResponseStart(this, statusCode, headers, statusMessage)
    // Also sets it flowing, unless the handler paused it.
    response.on('data', (chunk) => this.#handler.onResponseData(this, chunk))
  }

  #end(response: IncomingMessage): void {
    if (this.#over) return
    this.#over = true
    this.rawTrailers = bytesOf(response.rawTrailers)
    this.#handler.onResponseEnd(this, response.trailers)
  }

  #fail(error: Error): void {
    if (this.#over) return
    this.#over = true
    this.#handler.onResponseError(this, error)
  }

  abort(reason: Error): void {
    this.#fail(reason)
    this.#request.destroy()
  }

  pause(): void {
    this.#response?.pause()
  }

  resume(): void {
    this.#response?.resume()
  }
}

function asNew(old: OldHandler): Handler {
  return {
    onRequestStart: (controller) => old.onConnect((reason) => controller.abort(reason)),
    onResponseStarted: () => old.onResponseStarted?.(),
    onResponseStart: (controller, status, _headers, statusText) => {
      const more = old.onHeaders(status, controller.rawHeaders, () => controller.resume(), statusText)
      if (!more) controller.pause()
    },
    onResponseData: (controller, chunk) => {
      if (!old.onData(chunk)) controller.pause()
    },
    onResponseEnd: (controller) => old.onComplete(controller.rawTrailers),
    onResponseError: (_controller, error) => old.onError(error),
  }
}

function bytesOf(texts: readonly string[]): Buffer[] {
  return texts.map((text) => Buffer.from(text, 'latin1'))
}
