import { connect as connectPlain, type OnReadOpts, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTls, TLSSocket } from 'node:tls'
import { established } from '../net/established.ts'
import { tlsOptions } from '../net/tls-options.ts'
import type { ProxyUrl } from '../rules/proxy-url.ts'
import type { Dialer } from './dial.ts'
import { Inbox } from './inbox.ts'
import type { Origin } from './origin.ts'
import { throughProxy, toProxy } from './through-proxy.ts'
import type { Trust } from './trust.ts'
import { certificateError, upstreamError } from './upstream-error.ts'
import type { UpstreamProxies } from './upstream-proxies.ts'

/** The parts that connect to origins. */
export interface Routes {
  readonly dialer: Dialer
  readonly proxies: UpstreamProxies
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

/**
 * A connection over which requests for an origin may be sent: its certificate has been verified, or the scheme is http.
 * Rejects with the HallpassError to answer with.
 */
export async function connectOrigin(
  routes: Routes,
  origin: Origin,
  resumption: Resumption,
  signal: AbortSignal,
): Promise<OriginConnection> {
  const { scheme, host, port } = origin
  // Also when an upstream proxy dials: it must not reach a refused name for us.
  const dial = routes.dialer.to(host, port)
  const proxy = proxyFor(routes, scheme, host, port)
  const inbox = new Inbox()
  if (proxy === undefined) {
    const options = { ...dial, ...inbox.option }
    const socket = scheme === 'https' ? tls(routes, origin, resumption, options) : connectPlain(options)
    await accepted(socket, origin, signal)
    return { socket, inbox }
  }
  const { context } = routes.trust
  const through =
    forwardingProxy(routes, origin) === undefined
      ? await throughProxy(proxy, host, port, context, signal)
      : await toProxy(proxy, context, signal)
  const socket = scheme === 'https' ? tls(routes, origin, resumption, { socket: through }) : through
  if (scheme === 'https') await accepted(socket, origin, signal)
  inbox.listen(socket)
  return { socket, inbox }
}

async function accepted(socket: Socket, { host, port }: Origin, signal: AbortSignal): Promise<void> {
  try {
    await established(socket, signal)
  } catch (error) {
    const refused = socket instanceof TLSSocket && socket.authorizationError !== null
    throw refused ? certificateError(host, port, error) : upstreamError(host, port, error)
  }
}

/** The upstream proxy for an origin. A host that `resolve` in the configuration maps is reached directly. */
export function proxyFor(
  { dialer, proxies }: Omit<Routes, 'trust'>,
  scheme: Origin['scheme'],
  host: string,
  port: number,
): ProxyUrl | undefined {
  return dialer.maps(host, port) ? undefined : proxies.for(scheme, host, port)
}

/** The upstream proxy that gets requests in absolute form: most allow CONNECT to port 443 alone. */
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
    ...tlsOptions(host, trust.context),
    ...(resumption.ticket === undefined ? {} : { session: resumption.ticket }),
  })
  socket.on('session', (ticket) => {
    // Node emits it only after it has accepted the certificate, so a resumed session has been verified too.
    resumption.ticket = ticket
  })
  return socket
}
