import { once } from 'node:events'
import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls, createSecureContext, type SecureContext, type TLSSocket } from 'node:tls'
import { drained } from './drained.ts'
import { bearer, cookieName, cookieValue, warmHost } from './material.ts'

/** The way to a subject. */
export interface Route {
  /** Absent: straight to the origin. */
  readonly proxyPort?: number
  /** The proxy's own credentials, as `user:password`. */
  readonly proxyAuth?: string
  /** True if the proxy attaches cookie and bearer. Otherwise the client sends them. */
  readonly injects: boolean
  readonly originPort: number
  /** The roots that the client trusts: the origin's, or the proxy's own. */
  readonly ca: readonly string[]
}

const contexts = new Map<string, SecureContext>()

/** X25519, as most clients have it. The post-quantum exchange costs the load generator more than a proxy. */
function trusting(ca: readonly string[]): SecureContext {
  const key = ca.join()
  const context = contexts.get(key) ?? createSecureContext({ ca: [...ca], ecdhCurve: 'X25519' })
  contexts.set(key, context)
  return context
}

/** A connection of a client, one request at a time. */
export class Client {
  readonly #socket: TLSSocket
  readonly #fields: string
  #waiting: { resolve: () => void; reject: (error: Error) => void } | undefined
  #left = -1
  #head: Buffer = Buffer.alloc(0)
  #firstByteAt = 0

  private constructor(socket: TLSSocket, route: Route, host: string) {
    this.#socket = socket
    const own = route.injects
      ? ''
      : `Cookie: ${cookieName}=${cookieValue}\r\nAuthorization: Bearer ${bearer}\r\n`
    this.#fields = `Host: ${host}:${route.originPort}\r\nUser-Agent: bench\r\nAccept: */*\r\n${own}`
    socket.on('data', (chunk: Buffer) => this.#take(chunk))
    const fail = (error?: Error) => this.#fail(error ?? new Error('the connection was closed'))
    socket.on('error', fail)
    socket.on('close', () => fail())
  }

  static async open(route: Route, host = warmHost): Promise<Client> {
    const tcp = connectTcp({ host: '127.0.0.1', port: route.proxyPort ?? route.originPort, noDelay: true })
    await once(tcp, 'connect')
    if (route.proxyPort !== undefined) await tunnel(tcp, route, host)
    const socket = connectTls({ socket: tcp, servername: host, secureContext: trusting(route.ca) })
    await once(socket, 'secureConnect')
    return new Client(socket, route, host)
  }

  async get(path: string): Promise<void> {
    await this.#exchange(`GET ${path} HTTP/1.1\r\n${this.#fields}\r\n`)
  }

  async post(path: string, bytes: number, chunk: Buffer): Promise<void> {
    const done = this.#exchange(
      `POST ${path} HTTP/1.1\r\n${this.#fields}Content-Type: application/octet-stream\r\nContent-Length: ${bytes}\r\n\r\n`,
    )
    // A failure while the body is still being written is thrown by the last line.
    done.catch(() => {})
    for (let left = bytes; left > 0 && !this.#socket.destroyed; left -= chunk.length) {
      const more = this.#socket.write(left < chunk.length ? chunk.subarray(0, left) : chunk)
      if (!more) await drained(this.#socket)
    }
    await done
  }

  /** When the first byte of the last answer came. */
  get firstByteAt(): number {
    return this.#firstByteAt
  }

  close(): void {
    this.#socket.destroy()
  }

  #exchange(request: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject }
      this.#left = -1
      this.#socket.write(request, 'latin1')
    })
  }

  #take(chunk: Buffer): void {
    let body = chunk
    if (this.#left < 0) {
      if (this.#head.length === 0) this.#firstByteAt = performance.now()
      this.#head = this.#head.length === 0 ? chunk : Buffer.concat([this.#head, chunk])
      const end = this.#head.indexOf('\r\n\r\n')
      if (end < 0) return
      const head = this.#head.toString('latin1', 0, end)
      const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1]
      // http-mitm-proxy makes a chunked answer of an answer with a length. Its last chunk ends it.
      const chunked = length === undefined && /\r\ntransfer-encoding: chunked/i.test(head)
      if (!head.startsWith('HTTP/1.1 200') || (length === undefined && !chunked)) {
        this.#fail(new Error(`not an answer that counts: ${head.slice(0, 300)}`))
        return
      }
      body = this.#head.subarray(end + 4)
      this.#head = Buffer.alloc(0)
      this.#left = chunked ? Number.POSITIVE_INFINITY : Number(length)
    }
    if (this.#left === Number.POSITIVE_INFINITY) {
      if (body.subarray(-5).toString('latin1') === '0\r\n\r\n') this.#done()
      return
    }
    this.#left -= body.length
    if (this.#left === 0) this.#done()
    else if (this.#left < 0) this.#fail(new Error('more body than was announced'))
  }

  #done(): void {
    const waiting = this.#waiting
    this.#waiting = undefined
    waiting?.resolve()
  }

  #fail(error: Error): void {
    const waiting = this.#waiting
    this.#waiting = undefined
    this.#socket.destroy()
    waiting?.reject(error)
  }
}

async function tunnel(tcp: Socket, route: Route, host: string): Promise<void> {
  const auth =
    route.proxyAuth === undefined
      ? ''
      : `Proxy-Authorization: Basic ${Buffer.from(route.proxyAuth).toString('base64')}\r\n`
  tcp.write(
    `CONNECT ${host}:${route.originPort} HTTP/1.1\r\nHost: ${host}:${route.originPort}\r\n${auth}\r\n`,
  )
  let head = ''
  while (!head.includes('\r\n\r\n')) {
    const chunk: Buffer | null = tcp.read()
    if (chunk === null) await Promise.race([once(tcp, 'readable'), once(tcp, 'close')])
    else head += chunk.toString('latin1')
    if (tcp.destroyed) throw new Error('the proxy closed before it answered CONNECT')
  }
  if (!/^HTTP\/1\.[01] 200/.test(head)) throw new Error(`CONNECT was answered: ${head.slice(0, 300)}`)
}
