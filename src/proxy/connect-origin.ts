import { connect as connectPlain, isIP, type OnReadOpts, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTls } from 'node:tls'
import { checkServerIdentity } from '../certs/server-identity.ts'
import type { HallpassError } from '../errors.ts'
import type { ProxyUrl } from '../rules/proxy-url.ts'
import type { Dialer } from './dial.ts'
import { Inbox } from './inbox.ts'
import type { Origin } from './origin.ts'
import { ignore } from './relay.ts'
import { throughProxy, toProxy } from './through-proxy.ts'
import type { Trust } from './trust.ts'
import { certificateError, upstreamError } from './upstream-error.ts'
import type { UpstreamProxies } from './upstream-proxies.ts'

/** What connections to origins are made with. */
export interface Routes {
  readonly dialer: Dialer
  readonly proxies: UpstreamProxies
  /** What certificates are verified with. */
  readonly trust: Trust
}

/** The TLS session of the last verified connection to an origin. */
export interface Resumption {
  ticket: Buffer | undefined
}

export interface OriginConnection {
  readonly socket: Socket
  readonly inbox: Inbox
}

type Opened = (error: HallpassError | undefined, connection: OriginConnection | undefined) => void

/**
 * A connection over which requests for an origin may be sent: its certificate has been verified, or it is for http. Calls
 * back once and never before it returns; the result gives up what is under way.
 */
export function connectOrigin(
  routes: Routes,
  origin: Origin,
  resumption: Resumption,
  opened: Opened,
): () => void {
  const { host, port } = origin
  const inbox = new Inbox()
  const proxy = proxyFor(routes, origin.scheme, host, port)
  let dial: ReturnType<Dialer['to']>
  try {
    dial = routes.dialer.to(host, port)
  } catch (refused) {
    // Without a look-up; told later, as every other failure is.
    queueMicrotask(() => opened(upstreamError(host, port, refused), undefined))
    return ignore
  }
  const establish = (socket: Socket, event: 'connect' | 'secureConnect') => {
    const end = () => socket.off('error', onError).off('close', onClose)
    const fail = (error: HallpassError) => {
      stop()
      opened(error, undefined)
    }
    const onError = (error: Error) => {
      const refusedCertificate = 'authorizationError' in socket && socket.authorizationError !== null
      fail(refusedCertificate ? certificateError(host, port, error) : upstreamError(host, port, error))
    }
    const onClose = () => fail(upstreamError(host, port, undefined))
    stop = () => end().on('error', ignore).destroy()
    socket.once('error', onError).once('close', onClose)
    socket.once(event, () => {
      end()
      if (proxy !== undefined) inbox.listen(socket)
      opened(undefined, { socket, inbox })
    })
  }
  let stop: () => void = ignore
  if (proxy === undefined) {
    if (origin.scheme === 'https')
      establish(tls(routes, origin, resumption, { ...dial, ...inbox.option }), 'secureConnect')
    else establish(connectPlain({ ...dial, ...inbox.option }), 'connect')
    return () => stop()
  }
  const through: Parameters<typeof toProxy>[2] = (error, socket) => {
    if (socket === undefined) return opened(error, undefined)
    if (origin.scheme === 'https') {
      establish(tls(routes, origin, resumption, { socket }), 'secureConnect')
    } else {
      inbox.listen(socket)
      opened(undefined, { socket, inbox })
    }
  }
  stop =
    forwardingProxy(routes, origin) !== undefined
      ? toProxy(proxy, routes.trust.context, through)
      : throughProxy(proxy, host, port, routes.trust.context, through)
  return () => stop()
}

/** The proxy on the way to an origin. Where the configuration says where a host really is, there is none. */
export function proxyFor(
  { dialer, proxies }: Omit<Routes, 'trust'>,
  scheme: Origin['scheme'],
  host: string,
  port: number,
): ProxyUrl | undefined {
  return dialer.maps(host, port) ? undefined : proxies.for(scheme, host, port)
}

/** The proxy that requests of an origin are given to in absolute form: most let nobody CONNECT to other ports than 443. */
export function forwardingProxy(
  routes: Omit<Routes, 'trust'>,
  { scheme, host, port }: Origin,
): ProxyUrl | undefined {
  if (scheme === 'https') return undefined
  const proxy = proxyFor(routes, scheme, host, port)
  return proxy?.scheme === 'http' || proxy?.scheme === 'https' ? proxy : undefined
}

function tls(
  { trust }: Routes,
  { host }: Origin,
  resumption: Resumption,
  options: ConnectionOptions | { readonly onread: OnReadOpts },
): Socket {
  const socket = connectTls({
    ...options,
    secureContext: trust.context,
    // RFC 6066, 3: no address in SNI.
    servername: isIP(host) === 0 ? host : '',
    ALPNProtocols: ['http/1.1'],
    // Said aloud, because NODE_TLS_REJECT_UNAUTHORIZED=0 in somebody's environment must not reach this.
    rejectUnauthorized: true,
    checkServerIdentity: (_name, certificate) => checkServerIdentity(host, certificate),
    ...(resumption.ticket === undefined ? {} : { session: resumption.ticket }),
  })
  socket.on('session', (ticket) => {
    // Node emits it only for a connection whose certificate was accepted, so that a resumption skips no check.
    resumption.ticket = ticket
  })
  return socket
}
