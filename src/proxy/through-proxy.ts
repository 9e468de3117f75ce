import { connect, type Socket } from 'node:net'
import { connect as connectTls, type SecureContext } from 'node:tls'
import { HallpassError, messageOf } from '../errors.ts'
import { HeadReader } from '../http1/head-reader.ts'
import type { ResponseHead } from '../http1/response-head.ts'
import { established } from '../net/established.ts'
import { systemNames } from '../net/names.ts'
import { tlsOptions } from '../net/tls-options.ts'
import type { ProxyUrl } from '../rules/proxy-url.ts'
import { endpointOf } from './origin.ts'
import { upstreamError } from './upstream-error.ts'

/** A connection to the proxy itself, for requests in absolute form. */
export async function toProxy(proxy: ProxyUrl, context: SecureContext, signal: AbortSignal): Promise<Socket> {
  const { host, port, scheme } = proxy
  const dial = { host, port, lookup: systemNames.lookup, noDelay: true, keepAlive: true, allowHalfOpen: true }
  const socket = scheme === 'https' ? connectTls({ ...dial, ...tlsOptions(host, context) }) : connect(dial)
  try {
    await established(socket, signal)
  } catch (error) {
    signal.throwIfAborted()
    throw throughError(proxy, error)
  }
  return socket
}

/** A connection to host and port through the proxy: CONNECT (RFC 9110, 9.3.6) or SOCKS (RFC 1928). */
export async function throughProxy(
  proxy: ProxyUrl,
  host: string,
  port: number,
  context: SecureContext,
  signal: AbortSignal,
): Promise<Socket> {
  const socket = await toProxy(proxy, context, signal)
  const giveUp = () => socket.destroy()
  signal.addEventListener('abort', giveUp)
  try {
    signal.throwIfAborted()
    if (proxy.scheme === 'socks5') await throughSocks(proxy, 5, socket, host, port)
    else if (proxy.scheme === 'socks4') await throughSocks(proxy, 4, socket, host, port)
    else await throughConnect(proxy, socket, endpointOf(host, port))
  } catch (error) {
    socket.destroy()
    signal.throwIfAborted()
    throw error
  } finally {
    signal.removeEventListener('abort', giveUp)
  }
  return socket
}

async function throughConnect(proxy: ProxyUrl, socket: Socket, endpoint: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const reader = new HeadReader<ResponseHead>('response')
  const onError = (error: Error) => reject(throughError(proxy, error))
  const onClose = () => reject(refused(proxy, endpoint, 'it closed the connection'))
  const stop = () => {
    socket.off('data', onData).off('error', onError).off('close', onClose).off('end', onClose)
  }
  const onData = (chunk: Buffer) => {
    try {
      const whole = reader.push(chunk)
      if (whole === undefined) return
      const { status, reason } = whole.head
      if (status < 200) return reject(refused(proxy, endpoint, `it answered ${status}`))
      if (status > 299) return reject(refused(proxy, endpoint, `it answered ${status} ${reason}`.trim()))
      stop()
      socket.pause()
      // The origin may speak first.
      if (whole.rest.length > 0) socket.unshift(whole.rest)
      resolve()
    } catch (error) {
      reject(refused(proxy, endpoint, messageOf(error)))
    }
  }
  socket.on('data', onData).once('error', onError).once('close', onClose).once('end', onClose)
  const authorization = proxyAuthorization(proxy)
  socket.write(
    `CONNECT ${endpoint} HTTP/1.1\r\nHost: ${endpoint}\r\n${authorization === undefined ? '' : `Proxy-Authorization: ${authorization}\r\n`}\r\n`,
    'latin1',
  )
  try {
    await promise
  } finally {
    stop()
  }
}

async function throughSocks(
  proxy: ProxyUrl,
  type: 4 | 5,
  socket: Socket,
  host: string,
  port: number,
): Promise<void> {
  try {
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
    socket.pause()
  } catch (error) {
    // The library puts its options and so the password on its errors: only the message goes on.
    throw refused(proxy, endpointOf(host, port), messageOf(error))
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

function throughError(proxy: ProxyUrl, cause: unknown): HallpassError {
  const error = upstreamError(proxy.host, proxy.port, cause)
  return new HallpassError(error.code, `the upstream proxy ${proxy.text}: ${error.message}`, {
    hint: 'hallpass doctor',
    cause: error,
  })
}
