import { createServer, type Socket } from 'node:net'
import { HallpassError } from '../errors.ts'
import { portInUse } from '../net/port-in-use.ts'
import { Connection } from './connection.ts'
import { Dialer, keepAliveInitialDelay } from './dial.ts'
import type { Engine } from './engine.ts'
import { isLoopback } from './guard.ts'
import { defaultLimits, type Limits } from './limits.ts'
import type { ProxyOptions, ProxyStats, RunningProxy } from './options.ts'
import { endpointOf } from './origin.ts'
import { Pool } from './pool.ts'
import { ignore } from './relay.ts'
import { ScrubbedPlans } from './scrubbed-plans.ts'
import { Strangers } from './strangers.ts'
import { Sweep, type Swept } from './sweep.ts'
import { Trust } from './trust.ts'
import { UpstreamProxies } from './upstream-proxies.ts'

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
  const limits: Limits = { ...defaultLimits, ...options.limits }
  const sweep = new Sweep(limits.sweepMs)
  const stats: ProxyStats = { startedAt: Date.now(), connections: 0, requests: 0, tunnels: 0 }
  const sockets = new Set<Socket>()
  let ownPort = listen.port
  let draining = false
  const ownPorts = () => [ownPort]
  const dialer = new Dialer({
    resolve: options.resolve ?? new Map(),
    ownPorts,
    ...(options.names === undefined ? {} : { names: options.names }),
  })
  const { setting = 'direct', env = {} } = options.upstream ?? {}
  const proxies = new UpstreamProxies(setting, env, ownPorts)
  for (const problem of proxies.problems) options.log.warn(problem)
  const trust = new Trust(options.upstreamRoots)
  const pool = new Pool({ dialer, proxies, trust }, sweep, limits)
  const engine: Engine = {
    options,
    limits,
    sweep,
    pool,
    dialer,
    proxies,
    trust,
    log: options.log,
    spell: options.spell ?? ((hint) => hint),
    scrubbed: new ScrubbedPlans(options.log),
    stats,
    connections: new Set(),
    strangers: new Strangers(limits.strangers),
    draining: () => draining,
  }
  // Nobody asks anything in an idle tunnel, so it would not notice that its session is gone.
  const removals: Swept = { deadline: 0, expire: () => void options.sessions.endRemoved() }
  sweep.watch(removals)
  // Half-open, because the relay closes each half by itself. Without Nagle: most writes here are whole messages.
  const server = createServer(
    { allowHalfOpen: true, noDelay: true, keepAlive: true, keepAliveInitialDelay },
    (socket) => {
      sockets.add(socket)
      socket.once('close', () => sockets.delete(socket))
      socket.on('error', ignore)
      stats.connections += 1
      new Connection(engine, socket, socket, undefined)
    },
  )
  server.maxConnections = limits.connections
  server.on('drop', () =>
    options.log.warn(`more than ${limits.connections} connections: the proxy turns new ones away`),
  )
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      sweep.stop()
      trust.stop()
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
    stats: () => ({ ...stats, open: sockets.size, pooled: pool.size }),
    close: async ({ graceMs = defaultGraceMs } = {}) => {
      draining = true
      server.close()
      for (const connection of engine.connections) connection.drain()
      const cut = setTimeout(() => {
        for (const socket of sockets) socket.destroy()
      }, graceMs)
      await closed
      clearTimeout(cut)
      pool.close()
      sweep.stop()
      trust.stop()
    },
  }
}

function portTaken(host: string, port: number, cause: NodeJS.ErrnoException): HallpassError {
  return new HallpassError('port-taken', portInUse(endpointOf(host, port), cause), {
    hint: 'hallpass status',
    cause,
  })
}
