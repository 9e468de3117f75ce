import type { Socket } from 'node:net'
import { type SecureContext, TLSSocket } from 'node:tls'
import { established } from './answers.ts'
import { connectLog } from './connect-log.ts'
import type { Client, Engine } from './engine.ts'
import { failureOf } from './failure.ts'
import { internalHost } from './internal.ts'
import { openStream } from './open-stream.ts'
import { type Endpoint, endpointOf, type Origin, originAt } from './origin.ts'
import { cut, ignore, type Peer, relay, signalOfClose } from './relay.ts'
import { sniff } from './sniff.ts'
import type { Swept } from './sweep.ts'

/** A tunnel that the proxy looks into: who opened it, where it leads, and the name in its TLS handshake. */
export interface Tunnel {
  readonly client: Client
  readonly origin: Origin
  readonly servername: string | undefined
}

/** The client's connection, as far as an interception needs it. */
export interface InterceptedSide extends Peer {
  readonly engine: Engine
  /** Gives the socket away: the tunnel's bytes are no requests to the proxy. */
  give(): Socket
  /** Serves the requests inside the tunnel, of which `socket` is the clear end. */
  serveInside(socket: Socket, tunnel: Tunnel): { readonly served: number }
}

interface Target extends Endpoint {
  readonly client: Client
  /** false: the host is not dialled, and each request inside gets the reason. */
  readonly allowed: boolean
}

/** Answers CONNECT for a known host and detects the protocol inside: TLS, clear HTTP (undici), or another. */
export function intercept(connection: InterceptedSide, target: Target): void {
  const { engine } = connection
  const socket = connection.give()
  // Begins before the client's first byte, so that the certificate is ready for the ClientHello.
  const context = engine.options.leaves.contextFor(target.host)
  context.catch(ignore)
  const watch = deadline(engine, socket, engine.limits.idleMs)
  let first: Buffer = Buffer.alloc(0)
  const stop = () => {
    engine.sweep.forget(watch)
    socket.off('data', onData).off('end', onEnd).off('close', stop)
  }
  const onEnd = () => {
    stop()
    socket.destroy()
  }
  const onData = (chunk: Buffer) => {
    first = first.length === 0 ? chunk : Buffer.concat([first, chunk])
    const spoken = sniff(first, target.port)
    if (spoken === undefined) return
    stop()
    socket.pause()
    socket.unshift(first)
    if (spoken === 'tls') startTls(connection, socket, context, target)
    else if (spoken === 'http') {
      const { client } = target
      // In clear means http, also on port 443: no https secret may go here (mitmproxy 8.1.1 sends them).
      const origin = originAt('http', target)
      connection.serveInside(socket, { client, origin, servername: undefined })
      socket.resume()
    } else void passRaw(engine, socket, target)
  }
  socket.on('data', onData).on('end', onEnd).on('close', stop)
  socket.write(established)
  socket.resume()
}

function deadline(engine: Engine, socket: Socket, ms: number): Swept {
  const watch: Swept = { deadline: performance.now() + ms, expire: () => socket.destroy() }
  engine.sweep.watch(watch)
  return watch
}

/** Turns the socket into the server side of TLS. It reads the bytes that unshift put back first. */
function startTls(
  connection: InterceptedSide,
  raw: Socket,
  context: Promise<SecureContext>,
  target: Target,
): void {
  const { engine } = connection
  const { client, host, allowed } = target
  const origin = originAt('https', target)
  const watch = deadline(engine, raw, engine.limits.handshakeMs)
  context.then(
    (secureContext) => {
      if (raw.destroyed) {
        engine.sweep.forget(watch)
        return
      }
      // The origin's handshake runs beside the client's, but only after the certificate is made. One certificate is made in a
      // turn of the event loop, so fifty new hosts spread over fifty turns, and other requests run between them.
      if (host !== internalHost && allowed) engine.pool.warm(client.session, origin)
      let offered: readonly string[] = []
      const socket = new TLSSocket(raw, {
        isServer: true,
        secureContext,
        ALPNCallback: ({ protocols }) => {
          offered = protocols
          return protocols.find((protocol) => protocol === 'http/1.1' || protocol === 'http/1.0')
        },
      })
      let inside: { readonly served: number } | undefined
      let failure: Error | undefined
      socket.on('error', (error) => {
        failure = error
      })
      socket.once('end', () => {
        // The client ended in the handshake: no request will come.
        if (inside === undefined) socket.destroy()
      })
      socket.once('secure', () => {
        engine.sweep.forget(watch)
        const servername = typeof socket.servername === 'string' ? socket.servername : undefined
        inside = connection.serveInside(socket, { client, origin, servername })
      })
      socket.once('close', () => {
        engine.sweep.forget(watch)
        if (inside === undefined || inside.served === 0)
          explain(engine, target, offered, inside !== undefined, failure)
      })
    },
    (error: unknown) => {
      engine.sweep.forget(watch)
      raw.destroy()
      engine.log.error(`no certificate for ${host}: ${String(error)}`, { host, session: client.session.name })
    },
  )
}

/** Logs why a client left without a request: people rarely see or understand the client's own message. */
function explain(
  engine: Engine,
  { client, host, port }: Target,
  offered: readonly string[],
  finished: boolean,
  failure: Error | undefined,
): void {
  const session = client.session.name
  const where = { host: endpointOf(host, port), session }
  const code = failure !== undefined && 'code' in failure ? String(failure.code) : ''
  if (/UNKNOWN_CA|BAD_CERTIFICATE|CERTIFICATE_UNKNOWN|CERTIFICATE_REQUIRED/.test(code)) {
    engine.log.warn(`a client refused the certificate for ${host}: it does not trust the CA of hallpass`, {
      ...where,
      hint: engine.spell('eval "$(hallpass env)"', session),
    })
  } else if (offered.length > 0 && !offered.includes('http/1.1') && !offered.includes('http/1.0')) {
    engine.log.warn(`a client speaks only ${offered.join(', ')} with ${host}; it must allow HTTP/1.1`, where)
  } else if (finished || code === '' || code === 'ECONNRESET') {
    // Node as a client checks the certificate only after the handshake, and sends no alert.
    engine.log.warn(
      `a client closed its connection to ${host} ${finished ? 'right after' : 'in'} the TLS handshake: it may not trust the CA of hallpass`,
      { ...where, hint: engine.spell('hallpass doctor') },
    )
  } else {
    engine.log.warn(`the TLS handshake of a client with ${host} failed: ${code}`, {
      ...where,
      hint: engine.spell('hallpass doctor'),
    })
  }
}

/**
 * Neither TLS nor HTTP (ssh, a database): nothing can be attached, and the bytes pass unchanged. They do not pass to a host
 * that `--strict` forbids or whose rule limits the requests: a client could send `SSH-` first to get around the limit, with
 * git or any server that skips a bad line.
 */
async function passRaw(engine: Engine, socket: Socket, target: Target): Promise<void> {
  const { client, host, port } = target
  const log = connectLog(engine, client)
  const endpoint = endpointOf(host, port)
  // The client has its 200 already, so the proxy can only close the connection.
  if (!target.allowed || client.session.limited(host, port)) {
    log(
      endpoint,
      403,
      'neither TLS nor HTTP: refused, because --strict or a rule limits the requests to the host',
    )
    socket.destroy()
    return
  }
  if (host === internalHost) {
    socket.destroy()
    return
  }
  engine.counts.tunnels += 1
  const peer = { socket, raw: socket }
  try {
    const origin = await openStream(engine, target, signalOfClose(socket))
    if (socket.destroyed) {
      origin.destroy()
      return
    }
    log(endpoint, 200, 'neither TLS nor HTTP: passed as it is')
    relay(peer, { socket: origin, raw: origin }, engine)
  } catch (error) {
    if (socket.destroyed) return
    const { error: failure, status, note } = failureOf(error)
    engine.counts.failed(failure)
    log(endpoint, status, note)
    cut(peer)
  }
}
