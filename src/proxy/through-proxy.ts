import { connect, isIP, type Socket } from 'node:net'
import { connect as connectTls, type SecureContext } from 'node:tls'
import { checkServerIdentity } from '../certs/server-identity.ts'
import { HallpassError } from '../errors.ts'
import { HeadReader } from '../http1/head-reader.ts'
import type { ResponseHead } from '../http1/response-head.ts'
import type { ProxyUrl } from '../rules/proxy-url.ts'
import { endpointOf } from './origin.ts'
import { upstreamError } from './upstream-error.ts'

type Opened = (error: HallpassError | undefined, socket: Socket | undefined) => void

/** A connection to the proxy itself, for requests in absolute form. Calls back once; the result ends what is under way. */
export function toProxy(proxy: ProxyUrl, context: SecureContext, opened: Opened): () => void {
  const dial = { host: proxy.host, port: proxy.port, noDelay: true, keepAlive: true, allowHalfOpen: true }
  const socket =
    proxy.scheme === 'https'
      ? connectTls({
          ...dial,
          secureContext: context,
          servername: isIP(proxy.host) === 0 ? proxy.host : '',
          ALPNProtocols: ['http/1.1'],
          // Said aloud, because NODE_TLS_REJECT_UNAUTHORIZED=0 in somebody's environment must not reach this.
          rejectUnauthorized: true,
          checkServerIdentity: (_name, certificate) => checkServerIdentity(proxy.host, certificate),
        })
      : connect(dial)
  const onError = (error: Error) => end(upstreamError(proxy.host, proxy.port, error))
  const onClose = () => end(upstreamError(proxy.host, proxy.port, undefined))
  const end = (error: HallpassError | undefined) => {
    socket.off('error', onError).off('close', onClose)
    if (error === undefined) return opened(undefined, socket)
    socket.on('error', () => {}).destroy()
    opened(throughError(proxy, error), undefined)
  }
  socket.once('error', onError).once('close', onClose)
  socket.once(proxy.scheme === 'https' ? 'secureConnect' : 'connect', () => end(undefined))
  return () => {
    socket.off('error', onError).off('close', onClose)
    socket.on('error', () => {}).destroy()
  }
}

/** A connection to host and port through the proxy: CONNECT (RFC 9110, 9.3.6) or SOCKS (RFC 1928). */
export function throughProxy(
  proxy: ProxyUrl,
  host: string,
  port: number,
  context: SecureContext,
  opened: Opened,
): () => void {
  let stop = toProxy(proxy, context, (error, socket) => {
    if (socket === undefined) opened(error, undefined)
    else if (proxy.scheme === 'socks5') stop = throughSocks(proxy, 5, socket, host, port, opened)
    else if (proxy.scheme === 'socks4') stop = throughSocks(proxy, 4, socket, host, port, opened)
    else stop = connectThrough(proxy, socket, host, port, opened)
  })
  return () => stop()
}

function connectThrough(
  proxy: ProxyUrl,
  socket: Socket,
  host: string,
  port: number,
  opened: Opened,
): () => void {
  const endpoint = endpointOf(host, port)
  const reader = new HeadReader<ResponseHead>('response')
  const stop = () => {
    socket.off('data', onData).off('error', onError).off('close', onClose).off('end', onClose)
  }
  const fail = (error: HallpassError) => {
    stop()
    socket.on('error', () => {}).destroy()
    opened(error, undefined)
  }
  const onError = (error: Error) => fail(throughError(proxy, upstreamError(proxy.host, proxy.port, error)))
  const onClose = () => fail(refused(proxy, endpoint, 'it closed the connection'))
  const onData = (chunk: Buffer) => {
    try {
      const whole = reader.push(chunk)
      if (whole === undefined) return
      const { status, reason } = whole.head
      if (status < 200) return fail(refused(proxy, endpoint, `it answered ${status}`))
      if (status > 299) return fail(refused(proxy, endpoint, `it answered ${status} ${reason}`.trim()))
      stop()
      socket.pause()
      // The origin may speak first.
      if (whole.rest.length > 0) socket.unshift(whole.rest)
      opened(undefined, socket)
    } catch (error) {
      fail(refused(proxy, endpoint, (error as Error).message))
    }
  }
  socket.on('data', onData).once('error', onError).once('close', onClose).once('end', onClose)
  const authorization = proxyAuthorization(proxy)
  socket.write(
    `CONNECT ${endpoint} HTTP/1.1\r\nHost: ${endpoint}\r\n${authorization === undefined ? '' : `Proxy-Authorization: ${authorization}\r\n`}\r\n`,
    'latin1',
  )
  return () => {
    stop()
    socket.on('error', () => {}).destroy()
  }
}

function throughSocks(
  proxy: ProxyUrl,
  type: 4 | 5,
  socket: Socket,
  host: string,
  port: number,
  opened: Opened,
): () => void {
  const endpoint = endpointOf(host, port)
  let left = false
  const open = async () => {
    const { SocksClient } = await import('socks')
    await SocksClient.createConnection({
      command: 'connect',
      existing_socket: socket,
      destination: { host, port },
      proxy: {
        host: proxy.host,
        port: proxy.port,
        type,
        ...(proxy.user === '' ? {} : { userId: proxy.user, password: proxy.password }),
      },
    })
  }
  open().then(
    () => {
      if (!left) opened(undefined, socket.pause())
    },
    (error: unknown) => {
      socket.on('error', () => {}).destroy()
      // The library puts its options, the password among them, on its errors: only the message goes on.
      const why = error instanceof Error ? error.message : 'it failed'
      if (!left) opened(refused(proxy, endpoint, why), undefined)
    },
  )
  return () => {
    left = true
    socket.on('error', () => {}).destroy()
  }
}

/** RFC 7617; undefined when the proxy was named without a user. */
export function proxyAuthorization({ user, password }: ProxyUrl): string | undefined {
  if (user === '' && password === '') return undefined
  return `Basic ${Buffer.from(`${user}:${password}`, 'utf8').toString('base64')}`
}

function refused(proxy: ProxyUrl, endpoint: string, why: string): HallpassError {
  return new HallpassError(
    'upstream-unreachable',
    `the upstream proxy ${proxy.text} did not connect to ${endpoint}: ${why}`,
    { hint: 'hallpass doctor' },
  )
}

function throughError(proxy: ProxyUrl, error: HallpassError): HallpassError {
  return new HallpassError(error.code, `the upstream proxy ${proxy.text}: ${error.message}`, {
    hint: 'hallpass doctor',
    cause: error,
  })
}
