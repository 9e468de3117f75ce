import { once } from 'node:events'
import { createServer as createHttp } from 'node:http'
import { createServer as createHttps } from 'node:https'
import { type AddressInfo, connect, createServer as createTcp, type Server, type Socket } from 'node:net'
import { certificateFor } from './origin.ts'

/** Stands between the proxy under test and origins, as that of a company does; it knows where names lead. */
export interface UpstreamProxy extends AsyncDisposable {
  readonly port: number
  /** `CONNECT site.test:443`, `GET http://site.test/`, `SOCKS site.test:443`, each with the credentials that came. */
  readonly asked: string[]
}

export interface UpstreamProxyOptions {
  /** Where every name leads. */
  readonly to: number
  /** It speaks TLS itself, under this name. */
  readonly secure?: string
  /** `user:password`; without them 407. */
  readonly credentials?: string
  /** Instead of connecting. */
  readonly answer?: string
}

/** One that takes CONNECT and absolute targets. */
export async function httpUpstreamProxy(options: UpstreamProxyOptions): Promise<UpstreamProxy> {
  const asked: string[] = []
  const admitted = (authorization: string | undefined) =>
    options.credentials === undefined ||
    authorization === `Basic ${Buffer.from(options.credentials).toString('base64')}`
  const server = options.secure === undefined ? createHttp() : createHttps(certificateFor(options.secure))
  server.on('connect', (request, client: Socket) => {
    client.on('error', () => {})
    asked.push(`CONNECT ${request.url}`)
    if (options.answer !== undefined) return client.end(options.answer)
    if (!admitted(request.headers['proxy-authorization']))
      return client.end('HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n')
    const origin = connect({ port: options.to, host: '127.0.0.1', allowHalfOpen: true })
    origin.on('error', () => client.destroy())
    client.on('close', () => origin.destroy())
    origin.once('connect', () => {
      client.write('HTTP/1.1 200 Connection established\r\nVia: 1.1 company\r\n\r\n')
      origin.pipe(client)
      client.pipe(origin)
    })
    return undefined
  })
  server.on('request', (request, response) => {
    asked.push(`${request.method} ${request.url}`)
    if (!admitted(request.headers['proxy-authorization'])) {
      response.writeHead(407).end()
      return
    }
    response.end(`for ${request.headers.host}: ${request.headers.authorization ?? 'nothing'}`)
  })
  return await listening(server, asked)
}

/** RFC 1928, with RFC 1929 where credentials are asked for. */
export async function socksUpstreamProxy(options: UpstreamProxyOptions): Promise<UpstreamProxy> {
  const asked: string[] = []
  const server = createTcp((client) => {
    client.on('error', () => {})
    void serveSocks(client, options, asked).catch(() => client.destroy())
  })
  return await listening(server, asked)
}

async function serveSocks(client: Socket, options: UpstreamProxyOptions, asked: string[]): Promise<void> {
  const [greeting] = (await once(client, 'data')) as [Buffer]
  if (options.credentials !== undefined) {
    if (!greeting.subarray(2).includes(2)) return void client.end(Buffer.from([5, 0xff]))
    client.write(Buffer.from([5, 2]))
    const [login] = (await once(client, 'data')) as [Buffer]
    const user = login.subarray(2, 2 + (login[1] ?? 0)).toString()
    const password = login.subarray(3 + user.length).toString()
    const right = `${user}:${password}` === options.credentials
    client.write(Buffer.from([1, right ? 0 : 1]))
    if (!right) return void client.end()
  } else client.write(Buffer.from([5, 0]))
  const [request] = (await once(client, 'data')) as [Buffer]
  const length = request[4] ?? 0
  asked.push(`SOCKS ${request.subarray(5, 5 + length).toString()}:${request.readUInt16BE(5 + length)}`)
  if (options.answer !== undefined) return void client.end(Buffer.from([5, 5, 0, 1, 0, 0, 0, 0, 0, 0]))
  const origin = connect(options.to, '127.0.0.1')
  origin.on('error', () => client.destroy())
  client.on('close', () => origin.destroy())
  await once(origin, 'connect')
  client.write(Buffer.from([5, 0, 0, 1, 127, 0, 0, 1, 0, 0]))
  origin.pipe(client)
  client.pipe(origin)
}

async function listening(server: Server, asked: string[]): Promise<UpstreamProxy> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => sockets.add(socket))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    asked,
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
