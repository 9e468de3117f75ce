import { connect as connectPlain, type OnReadOpts, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTls, TLSSocket } from 'node:tls'
import { established } from '../net/established.ts'
import { tlsOptions } from '../net/tls-options.ts'
import { verifiedUntil } from '../net/verified-until.ts'
import type { ProxyUrl } from '../rules/proxy-url.ts'
import type { Dialer } from './dial.ts'
import { Inbox } from './inbox.ts'
import { lookupName, type Origin } from './origin.ts'
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

/** The TLS session of the last verified connection to an origin. It ends with the certificate that it stands for. */
interface Ticket {
  readonly session: Buffer
  readonly verifiedUntil: number
}

export interface Resumption {
  ticket: Ticket | undefined
}

export interface OriginConnection {
  readonly socket: Socket
  readonly inbox: Inbox
  /** On the clock of `Date.now()`; Infinity where nothing was verified, because the scheme is http. */
  readonly verifiedUntil: number
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
  const dial = routes.dialer.to(origin)
  const proxy = proxyFor(routes, scheme, host, port)
  const inbox = new Inbox()
  if (proxy === undefined) {
    const options = { ...dial, ...inbox.option }
    if (scheme === 'https') return { ...(await secure(routes, origin, resumption, options, signal)), inbox }
    const socket = connectPlain(options)
    await accepted(socket, origin, signal)
    return { socket, inbox, verifiedUntil: Number.POSITIVE_INFINITY }
  }
  const { context } = routes.trust
  const through =
    forwardingProxy(routes, origin) === undefined
      ? await throughProxy(proxy, lookupName(origin), port, context, signal)
      : await toProxy(proxy, context, signal)
  const connection =
    scheme === 'https'
      ? await secure(routes, origin, resumption, { socket: through }, signal)
      : { socket: through, verifiedUntil: Number.POSITIVE_INFINITY }
  inbox.listen(connection.socket)
  return { ...connection, inbox }
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

/** Why an origin is reached directly although a variable names a proxy for it. */
export function unusedProxy(
  { dialer, proxies }: Omit<Routes, 'trust'>,
  scheme: Origin['scheme'],
  host: string,
  port: number,
): string | undefined {
  return dialer.maps(host, port) ? undefined : proxies.unused(scheme, host, port)
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

async function secure(
  { trust }: Routes,
  origin: Origin,
  resumption: Resumption,
  options: ConnectionOptions | { readonly onread: OnReadOpts },
  signal: AbortSignal,
): Promise<Omit<OriginConnection, 'inbox'>> {
  const { ticket } = resumption
  const live = ticket !== undefined && ticket.verifiedUntil > Date.now() ? ticket : undefined
  const socket = connectTls({
    ...options,
    ...tlsOptions(origin.host, trust.context),
    ...(live === undefined ? {} : { session: live.session }),
  })
  let until: number | undefined
  const end = () => {
    // Nothing is verified in a resumed handshake, so a renewed ticket lives no longer than the first one.
    until ??= live !== undefined && socket.isSessionReused() ? live.verifiedUntil : verifiedUntil(socket)
    return until
  }
  socket.on('session', (session) => {
    // Node emits it only after it has accepted the certificate.
    resumption.ticket = { session, verifiedUntil: end() }
  })
  await accepted(socket, origin, signal)
  return { socket, verifiedUntil: end() }
}
