import { once } from 'node:events'
import { createServer as createHttp, type Server as HttpServer, type RequestListener } from 'node:http'
import { createServer as createHttps } from 'node:https'
import { type AddressInfo, createServer as createTcp, isIP, type Server, type Socket } from 'node:net'
import { createServer as createTls } from 'node:tls'
import { basicConstraints, serverAuth } from '../../src/certs/certificate.ts'
import { ipBytes } from '../../src/net/ip-bytes.ts'
import { caExtensions, dns, ip, makeCertificate, type Pair, signatureUsage } from './make-certificate.ts'

/** The root that origins in tests are certified by, and its key: one for a test file, made at first use. */
let root: Pair | undefined

function testRoot(): Pair {
  root ??= makeCertificate({ commonName: 'root of the test origins', extensions: caExtensions(1) })
  return root
}

/** PEM; what a proxy under test has to trust. */
export function testRootPem(): string {
  return testRoot().cert
}

/** Key and certificate of an origin for these hosts and addresses. */
export function certificateFor(...hosts: readonly string[]): { readonly key: string; readonly cert: string } {
  const altNames = hosts.map((host) => (isIP(host) === 0 ? dns(host) : ip(...(ipBytes(host) ?? []))))
  const extensions = [basicConstraints({ ca: false }), signatureUsage(), serverAuth()]
  const pair = makeCertificate({ commonName: hosts[0] ?? 'origin', altNames, issuer: testRoot(), extensions })
  return { key: pair.key.export({ type: 'pkcs8', format: 'pem' }).toString(), cert: pair.cert }
}

export interface OriginOptions {
  /** Names in the certificate; none: plain TCP. */
  readonly hosts?: readonly string[]
  /** Another certificate than one for `hosts`. */
  readonly certificate?: { readonly key: string; readonly cert: string }
  readonly address?: string
}

/** A server under test control, on a free loopback port. Disposed of with everything that is connected to it. */
export class TestOrigin implements AsyncDisposable {
  readonly server: Server
  /** Connections so far, in order. */
  readonly connections: Socket[] = []
  /** The sockets below the connections, including those still in their handshake. */
  readonly below = new Set<Socket>()
  /** All bytes that came, on all connections, as latin1. */
  received = ''

  constructor(server: Server) {
    this.server = server
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port
  }

  /** Settles once so many connections have been made. */
  async connected(count: number): Promise<Socket> {
    while (this.connections.length < count) await once(this.server, 'counted')
    return this.connections[count - 1] as Socket
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of [...this.connections, ...this.below]) socket.destroy()
    if (!this.server.listening) return
    this.server.close()
    await once(this.server, 'close')
  }
}

async function begin(server: Server | HttpServer, secure: boolean, address: string): Promise<TestOrigin> {
  const origin = new TestOrigin(server)
  server.on('connection', (socket: Socket) => {
    origin.below.add(socket)
    socket.on('error', () => {})
  })
  server.on(secure ? 'secureConnection' : 'connection', (socket: Socket) => {
    origin.connections.push(socket)
    socket.on('error', () => {})
    socket.on('data', (chunk: Buffer) => {
      origin.received += chunk.toString('latin1')
    })
    server.emit('counted')
  })
  // A raw TCP connection below TLS, that a client refused to go on with.
  server.on('tlsClientError', () => {})
  server.listen(0, address)
  await once(server, 'listening')
  return origin
}

function secrets(options: OriginOptions): { readonly key: string; readonly cert: string } | undefined {
  return options.certificate ?? (options.hosts === undefined ? undefined : certificateFor(...options.hosts))
}

/** An origin of bytes: `serve` gets each connection and writes what it likes. */
export async function rawOrigin(
  serve: (socket: Socket, index: number) => void,
  options: OriginOptions = {},
): Promise<TestOrigin> {
  const pair = secrets(options)
  let count = 0
  const each = (socket: Socket) => serve(socket, count++)
  const server =
    pair === undefined
      ? createTcp({ allowHalfOpen: true }, each)
      : createTls({ ...pair, allowHalfOpen: true, ALPNProtocols: ['http/1.1'] }, each)
  return await begin(server, pair !== undefined, options.address ?? '127.0.0.1')
}

/** An origin by node:http or node:https. */
export async function httpOrigin(
  listener: RequestListener,
  options: OriginOptions = {},
): Promise<TestOrigin> {
  const pair = secrets(options)
  const server = pair === undefined ? createHttp(listener) : createHttps(pair, listener)
  return await begin(server, pair !== undefined, options.address ?? '127.0.0.1')
}

/** Calls back with the text of each request head as it is whole, the bytes behind it included. Enough for a scripted origin. */
export function onHead(socket: Socket, serve: (head: string) => void): void {
  let text = ''
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1')
    for (;;) {
      const end = text.indexOf('\r\n\r\n')
      if (end < 0) return
      const head = text.slice(0, end + 4)
      text = text.slice(end + 4)
      serve(head)
    }
  })
}

/** Settles once the other side has ended or cut the connection. */
export async function left(socket: Socket): Promise<void> {
  if (socket.readableEnded || socket.destroyed) return
  await new Promise<void>((resolve) => {
    socket.once('end', resolve)
    socket.once('close', () => resolve())
  })
}
