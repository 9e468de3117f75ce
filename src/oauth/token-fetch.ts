import { request as httpRequest, type IncomingMessage } from 'node:http'
import { type Socket, connect as tcpConnect } from 'node:net'
import { type SecureContext, connect as tlsConnect } from 'node:tls'
import type { CustomFetchOptions } from 'openid-client'
import { resolveEntry, targetOf } from '../config/resolved-target.ts'
import { messageOf } from '../errors.ts'
import { causeInWords, codeOf } from '../net/causes.ts'
import { established } from '../net/established.ts'
import { systemNames } from '../net/names.ts'
import { tlsOptions, trustedContext } from '../net/tls-options.ts'
import { isPlainLoopback } from '../rules/loopback.ts'

/** The customFetch of openid-client: one request to an authorization server. */
export type TokenFetch = (url: string, init: CustomFetchOptions) => Promise<Response>

/** A token request without an answer. */
export class TokenFetchError extends Error {
  /** Whether a byte of the request can have reached the server. If not, its refresh token still works. */
  readonly sent: boolean
  /** The server's certificate was refused. */
  readonly certificate: boolean

  constructor(message: string, options: { sent: boolean; certificate?: boolean; cause?: unknown }) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'TokenFetchError'
    this.sent = options.sent
    this.certificate = options.certificate ?? false
  }
}

export interface TokenFetchOptions {
  /** PEMs. Verification cannot be switched off. */
  readonly roots: readonly string[]
  /** host[:port] → address[:port], from the configuration. */
  readonly resolve: ReadonlyMap<string, string>
  /** Opens a plain connection through an upstream proxy; undefined for a host that needs none. */
  readonly route?: (host: string, port: number, signal: AbortSignal) => Promise<Socket> | undefined
  /** Why a host is reached directly although the user named a proxy. */
  readonly unused?: (host: string, port: number) => string | undefined
  /** For tests of the deadline. */
  readonly deadlineMs?: number
}

/** A person waits for a login, and a request may wait for a refresh. A server that needs longer is down. */
const tokenDeadlineMs = 20_000
/** The largest honest answers are discovery documents and key sets of some 10 KiB. */
const maxAnswerBytes = 1024 * 1024

/**
 * Sends requests over HTTPS, always with verification, and over plain HTTP only to loopback. Each has a connection of its own. It
 * follows no redirect: a token endpoint could send the refresh token to a host that nobody chose.
 */
export function tokenFetch(options: TokenFetchOptions): TokenFetch {
  let context: SecureContext | undefined
  const secure = () => {
    context ??= trustedContext(options.roots)
    return context
  }
  return async (url, init) => {
    const target = new URL(url)
    if (target.protocol !== 'https:' && !isPlainLoopback(target)) {
      const message = `${target.origin} is not https, and tokens go over plain http only to loopback`
      throw new TokenFetchError(message, { sent: false })
    }
    const deadline = AbortSignal.timeout(options.deadlineMs ?? tokenDeadlineMs)
    const signal = init.signal ? AbortSignal.any([init.signal, deadline]) : deadline
    return await new RoundTrip(target, init, signal).run(options, secure)
  }
}

/** One request and its answer. */
class RoundTrip {
  readonly #url: URL
  readonly #init: CustomFetchOptions
  readonly #signal: AbortSignal
  #sent = false

  constructor(url: URL, init: CustomFetchOptions, signal: AbortSignal) {
    this.#url = url
    this.#init = init
    this.#signal = signal
  }

  async run(options: TokenFetchOptions, secure: () => SecureContext): Promise<Response> {
    let socket: Socket | undefined
    const abort = () => socket?.destroy(abortReason(this.#signal))
    this.#signal.addEventListener('abort', abort, { once: true })
    try {
      this.#signal.throwIfAborted()
      socket = await this.#connect(options, secure)
      await established(socket, this.#signal)
      // The request is written only now: no byte of it may leave before the certificate is verified.
      this.#sent = true
      return await this.#exchange(socket)
    } catch (error) {
      throw this.#failure(error, options)
    } finally {
      this.#signal.removeEventListener('abort', abort)
      socket?.destroy()
    }
  }

  async #connect(options: TokenFetchOptions, secure: () => SecureContext): Promise<Socket> {
    const { host, port } = this.#endpoint
    const to = { ...targetOf(options.resolve, host, port), lookup: systemNames.lookup }
    if (this.#url.protocol === 'http:') return tcpConnect(to)
    // No upstream proxy for a host whose address is in the configuration.
    const mapped = resolveEntry(options.resolve, host, port) !== undefined
    const through = mapped ? undefined : await options.route?.(host, port, this.#signal)
    return tlsConnect({
      ...(through === undefined ? to : { socket: through }),
      ...tlsOptions(host, secure()),
    })
  }

  get #endpoint() {
    const port = Number(this.#url.port) || (this.#url.protocol === 'https:' ? 443 : 80)
    return { host: bare(this.#url), port }
  }

  #exchange(socket: Socket): Promise<Response> {
    const { body, headers, method } = this.#init
    const text = body === undefined || body === null ? undefined : formText(body)
    return new Promise((resolve, reject) => {
      const request = httpRequest(
        {
          createConnection: () => socket,
          method,
          path: `${this.#url.pathname}${this.#url.search}`,
          headers: {
            ...headers,
            host: this.#url.host,
            // An answer without compression needs no second limit for its unpacked size.
            'accept-encoding': 'identity',
            connection: 'close',
            ...(text === undefined ? {} : { 'content-length': Buffer.byteLength(text) }),
          },
        },
        (answer) => {
          readAnswer(answer).then(resolve, reject)
        },
      )
      request.on('error', reject)
      request.end(text)
    })
  }

  #failure(error: unknown, { unused }: TokenFetchOptions): TokenFetchError {
    const where = this.#url.host
    const reason = this.#signal.aborted ? abortReason(this.#signal) : error
    const certificate = !this.#sent && isCertificateError(reason)
    const what = certificate ? `the certificate of ${where} was not accepted` : `${where} did not answer`
    const { host, port } = this.#endpoint
    const direct = this.#sent || certificate ? undefined : unused?.(host, port)
    return new TokenFetchError(`${what}: ${causeText(reason)}${direct === undefined ? '' : `; ${direct}`}`, {
      sent: this.#sent,
      certificate,
      cause: error,
    })
  }
}

async function readAnswer(answer: IncomingMessage): Promise<Response> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of answer) {
    const piece = chunk as Buffer
    bytes += piece.length
    if (bytes > maxAnswerBytes) throw new Error('its answer is larger than 1 MiB')
    chunks.push(piece)
  }
  // Node ends the iteration of a cut answer with an error, unless the peer closed a body without a length.
  if (!answer.complete) throw new Error('its answer was cut off')
  const headers = new Headers()
  for (const [name, values] of Object.entries(answer.headersDistinct)) {
    for (const value of values ?? []) headers.append(name, value)
  }
  const status = answer.statusCode ?? 0
  if (status < 200 || status > 599) throw new Error(`${status} is not a status of HTTP`)
  const bodiless = status === 204 || status === 205 || status === 304
  return new Response(bodiless ? null : Buffer.concat(chunks), { status, headers })
}

function formText(body: NonNullable<CustomFetchOptions['body']>): string {
  if (typeof body === 'string') return body
  if (body instanceof URLSearchParams) return body.toString()
  throw new Error('the body of a token request must be a form')
}

/** IPv6 without its brackets. */
function bare(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, '$1')
}

function abortReason(signal: AbortSignal): Error {
  const { reason } = signal
  return reason instanceof Error && reason.name !== 'TimeoutError' ? reason : new Error('timed out')
}

function isCertificateError(error: unknown): boolean {
  return /^(?:CERT_|ERR_TLS_CERT|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|HOSTNAME_MISMATCH|INVALID_CA|PATH_LENGTH)/.test(
    codeOf(error),
  )
}

function causeText(error: unknown): string {
  const code = codeOf(error)
  const message = messageOf(error)
  return causeInWords(error) ?? (code === '' || message.includes(code) ? message : `${message} (${code})`)
}
