import type { Socket } from 'node:net'
import { type SecureContext, TLSSocket } from 'node:tls'
import { established } from './answers.ts'
import { connectLog } from './connect-log.ts'
import type { Client, Engine } from './engine.ts'
import { failureOf } from './failure.ts'
import { internalHost } from './internal.ts'
import { openStream } from './open-stream.ts'
import { endpointOf, type Origin } from './origin.ts'
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

interface Target {
  readonly client: Client
  readonly host: string
  readonly port: number
}

/** Answers CONNECT for a known host and finds out what is spoken inside: TLS, clear HTTP (undici), or something else. */
export function intercept(connection: InterceptedSide, target: Target): void {
  const { engine } = connection
  const socket = connection.give()
  // Begun before the client's first byte: it is ready when the ClientHello is here.
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
      const { client, host, port } = target
      // In clear whatever the port: nothing of https may go here (measured in mitmproxy 8.1.1: it does).
      const origin = { scheme: 'http', host, port } as const
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

/** The same socket becomes the server side of TLS; the bytes put back by unshift are its first. */
function startTls(
  connection: InterceptedSide,
  raw: Socket,
  context: Promise<SecureContext>,
  target: Target,
): void {
  const { engine } = connection
  const { client, host, port } = target
  const origin = { scheme: 'https', host, port } as const
  const watch = deadline(engine, raw, engine.limits.handshakeMs)
  context.then(
    (secureContext) => {
      if (raw.destroyed) {
        engine.sweep.forget(watch)
        return
      }
      // The origin's handshake runs beside the client's, and not before the certificate is there: certificates are made one
      // a turn of the event loop, which so spreads fifty new hosts at once over fifty turns for those who wait beside them.
      if (host !== internalHost) engine.pool.warm(client.session.name, origin)
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
        // Half-open until then: nothing of a handshake is worth waiting for behind its end.
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

/** Says in the log why a client went away without a request; its own message is seldom seen, and seldom understood. */
function explain(
  engine: Engine,
  { client, host, port }: Target,
  offered: readonly string[],
  finished: boolean,
  failure: Error | undefined,
): void {
  const where = { host: endpointOf(host, port), session: client.session.name }
  const code = failure !== undefined && 'code' in failure ? String(failure.code) : ''
  if (/UNKNOWN_CA|BAD_CERTIFICATE|CERTIFICATE_UNKNOWN|CERTIFICATE_REQUIRED/.test(code)) {
    engine.log.warn(`a client refused the certificate for ${host}: it does not trust the CA of hallpass`, {
      ...where,
      hint: engine.spell('eval "$(hallpass env)"'),
    })
  } else if (offered.length > 0 && !offered.includes('http/1.1') && !offered.includes('http/1.0')) {
    engine.log.warn(
      `a client speaks only ${offered.join(', ')} with ${host}; it has to allow HTTP/1.1`,
      where,
    )
  } else if (finished || code === '' || code === 'ECONNRESET') {
    // Node looks at the certificate only when the handshake is over, and sends no alert.
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
 * Neither TLS nor HTTP: nothing can be attached, the bytes go through as they are (ssh, a database). Not where a rule lists
 * what may be asked: `SSH-` as the first bytes would be the way around it, for git and for any server that skips a bad line.
 */
async function passRaw(engine: Engine, socket: Socket, { client, host, port }: Target): Promise<void> {
  const log = connectLog(engine, client)
  const endpoint = endpointOf(host, port)
  // The client has its 200 already: all that can still be said to it is that the connection is gone.
  if (client.session.limited(host, port)) {
    log(endpoint, 403, 'neither TLS nor HTTP, and the rule for the host lists what may be asked of it')
    socket.destroy()
    return
  }
  if (host === internalHost) {
    socket.destroy()
    return
  }
  engine.stats.tunnels += 1
  const peer = { socket, raw: socket }
  try {
    const origin = await openStream(engine, host, port, signalOfClose(socket))
    if (socket.destroyed) {
      origin.destroy()
      return
    }
    log(endpoint, 200, 'neither TLS nor HTTP: passed as it is')
    relay(peer, { socket: origin, raw: origin }, engine.sweep, engine.limits.streamIdleMs)
  } catch (error) {
    if (socket.destroyed) return
    log(endpoint, 502, failureOf(error).note)
    cut(peer)
  }
}
