import { createServer, type Socket } from 'node:net'
import { HallpassError } from '../errors.ts'
import { portInUse } from '../net/port-in-use.ts'
import { Connection } from './connection.ts'
import { keepAliveInitialDelay } from './dial.ts'
import { isLoopback } from './guard.ts'
import { closeEngine, openEngine } from './open-engine.ts'
import type { ProxyOptions, RunningProxy } from './options.ts'
import { endpointOf } from './origin.ts'
import { ignore } from './relay.ts'

/** The time that `close` gives to current requests. */
const defaultGraceMs = 5_000

/** Listens and serves. Throws `port-taken`, and `usage` for a proxy without tokens that others could reach. */
export async function startProxy(options: ProxyOptions): Promise<RunningProxy> {
  const { listen } = options
  if (options.noAuth !== undefined && !isLoopback(listen.host)) {
    throw new HallpassError('usage', `--no-auth is for loopback alone, and ${listen.host} is not`, {
      hint: 'hallpass start --no-auth --listen 127.0.0.1:8787',
    })
  }
  const sockets = new Set<Socket>()
  let ownPort = listen.port
  let draining = false
  const engine = openEngine(
    options,
    () => [ownPort],
    () => draining,
  )
  const { limits, counts, pool, proxies, sweep } = engine
  // Half-open, because the relay closes each half by itself. Without Nagle: most writes here are whole messages.
  const server = createServer(
    { allowHalfOpen: true, noDelay: true, keepAlive: true, keepAliveInitialDelay },
    (socket) => {
      sockets.add(socket)
      socket.once('close', () => {
        sockets.delete(socket)
        counts.received += socket.bytesRead
        counts.sent += socket.bytesWritten
      })
      socket.on('error', ignore)
      counts.connections += 1
      new Connection(engine, socket, socket, undefined)
    },
  )
  server.maxConnections = limits.connections
  server.on('drop', () => {
    counts.dropped += 1
    options.log.warn(`more than ${limits.connections} connections: the proxy turns new ones away`)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      closeEngine(engine)
      reject(error.code === 'EADDRINUSE' ? portTaken(listen.host, listen.port, error) : error)
    })
    server.listen({ host: listen.host, port: listen.port }, resolve)
  })
  const address = server.address()
  if (typeof address === 'object' && address !== null) ownPort = address.port
  const closed = new Promise<void>((resolve) => server.once('close', resolve))

  return {
    host: listen.host,
    port: ownPort,
    upstreamProxies: proxies.shown,
    stats: () => {
      const { startedAt, connections, requests, tunnels } = counts
      return { startedAt, connections, requests, tunnels, open: sockets.size, pooled: pool.size }
    },
    counts,
    clientBytes: () => {
      let { received, sent } = counts
      for (const { bytesRead, bytesWritten } of sockets) {
        received += bytesRead
        sent += bytesWritten
      }
      return { received, sent }
    },
    lag: sweep.lag,
    close: async ({ graceMs = defaultGraceMs } = {}) => {
      draining = true
      server.close()
      for (const connection of engine.connections) connection.drain()
      const cut = setTimeout(() => {
        for (const socket of sockets) socket.destroy()
      }, graceMs)
      await closed
      clearTimeout(cut)
      closeEngine(engine)
    },
  }
}

function portTaken(host: string, port: number, cause: NodeJS.ErrnoException): HallpassError {
  return new HallpassError('port-taken', portInUse(endpointOf(host, port), cause), {
    hint: 'hallpass status',
    cause,
  })
}
