import { basename } from 'node:path'
import { caFileVariables } from '../certs/bundle.ts'
import type { Config } from '../config/load-config.ts'
import type { Hallpass, HallpassProxy, StartOptions } from '../index.ts'
import { scopeOf } from '../plan/run-scope.ts'
import { neededLogins } from '../sessions/needed-logins.ts'
import { outcomeOf } from '../sessions/outcome.ts'
import { showExplanation } from '../sessions/shown-explanation.ts'
import { siteLogins } from '../sessions/site-logins.ts'
import type { AdminBackend } from './app.ts'
import { isAlive } from './is-alive.ts'
import { serveAdmin } from './serve.ts'
import type { ClientRequest, RunningClient } from './wire.ts'

/** How often tokens of dead processes are revoked. */
const sweepMs = 15_000

export interface ServiceOptions extends Omit<StartOptions, 'log'> {
  readonly log: NonNullable<StartOptions['log']>
  readonly version: string
  readonly background: boolean
}

export interface Service {
  /** What its admin app works on. */
  readonly backend: AdminBackend
  readonly proxy: HallpassProxy
  /** Resolves when a client asks the proxy to stop. */
  readonly stopAsked: Promise<void>
  close(options?: { readonly graceMs?: number }): Promise<void>
}

/** Starts a proxy with its admin app on the socket of the state folder. @throws HallpassError `already-running`, `port-taken` */
export async function startService(hallpass: Hallpass, options: ServiceOptions): Promise<Service> {
  const { promise: stopAsked, resolve: stop } = Promise.withResolvers<void>()
  const { backend, server } = await serveAdmin(hallpass.home, async () => {
    const proxy = await hallpass.startProxy(options)
    return { ...backendOf(hallpass, proxy, options, stop), proxy }
  })
  const { proxy, clients } = backend
  const sweep = setInterval(() => {
    for (const { id, pid } of clients()) if (!isAlive(pid)) backend.revoke(id)
  }, sweepMs)
  sweep.unref()
  return {
    backend,
    proxy,
    stopAsked,
    close: async (grace) => {
      clearInterval(sweep)
      await server.close()
      await proxy.close(grace)
      await options.log.close()
    },
  }
}

/** The flags of `hallpass start` that decide about requests; --listen does not. */
function flagsOf(sources: Config['sources']): readonly string[] {
  return Object.values(sources).flatMap((source) =>
    source.from === 'flag' && source.name !== '--listen' ? [source.name] : [],
  )
}

function backendOf(
  hallpass: Hallpass,
  proxy: HallpassProxy,
  options: ServiceOptions,
  stop: () => void,
): AdminBackend {
  const clients = new Map<string, RunningClient>()
  const access = async (session: string, url: string, request?: ClientRequest) => ({
    session,
    proxyUrl: url,
    ...(await hallpass.reach(session, request && scopeOf(request))),
  })
  const { sessions, store, home, liveConfig } = hallpass
  return {
    api: {
      ...{ sessions, store, home, version: options.version, now: Date.now },
      spell: options.spell ?? ((hint) => hint),
      configFile: () => (hallpass.config.fileExists ? hallpass.config.file : undefined),
      proxyUrl: (session) => proxy.url(session),
      noteRevealed: (session, what) =>
        options.log.info('revealed to a client of the admin API', { session, what }),
    },
    status: async () => {
      await liveConfig.takeUp()
      const { startedAt, connections, open, requests, tunnels } = proxy.running.stats()
      return {
        pid: process.pid,
        version: options.version,
        host: proxy.host,
        port: proxy.port,
        startedAt: new Date(startedAt).toISOString(),
        background: options.background,
        noAuth: options.noAuth ? hallpass.sessionName : null,
        upstream: proxy.upstream,
        upstreamFrom: hallpass.config.upstream === 'env' ? 'environment' : 'configuration',
        settings: {
          ...hallpass.config.said,
          flags: flagsOf(hallpass.config.sources),
          problem: liveConfig.problem ?? null,
          restartFor: liveConfig.restartFor,
        },
        configFile: hallpass.config.fileExists ? hallpass.config.file : null,
        connections,
        open,
        requests,
        tunnels,
        report: proxy.report,
      }
    },
    stop,
    access: async (session) => access(session, await proxy.url(session)),
    rotateToken: (session) => proxy.rotateToken(session),
    issue: async (request) => {
      // Fails if the session does not exist, before a token is made for it.
      const about = await access(request.session, '', request)
      const { id, url, token } = await proxy.issue(request.session, scopeOf(request), request.use)
      const { session, pid, capture, only, strict } = request
      const scope = { ...(capture && { capture }), ...(only && { only }), ...(strict && { strict }) }
      const since = new Date().toISOString()
      clients.set(id, { id, session, pid, program: basename(request.program), since, ...scope })
      return { ...about, proxyUrl: url, id, token: token.reveal() }
    },
    revoke: async (id) => {
      const report = proxy.revoke(id)
      const client = clients.get(id)
      if (client === undefined || report === undefined) return undefined
      clients.delete(id)
      // A probe that a request of this client caused says more than the doubt.
      if (report.doubted.length > 0) await proxy.probed()
      return outcomeOf(report, hallpass.sessions.get(client.session), hallpass.warning)
    },
    clients: () => [...clients.values()],
    explain: async ({ session, url, method, from, ...scope }) => {
      const found = await hallpass.sessions.get(session)
      return showExplanation(await found.explain(url, { method, from, scope: scopeOf(scope) }))
    },
    neededLogins: () => neededLogins(hallpass.sessions, Date.now()),
    siteLogins: () => siteLogins(hallpass.sessions, hallpass.warning),
    writeBundle: async (variables) => {
      const known = new Set<string>([...caFileVariables, 'SSL_CERT_DIR', 'SYSTEM_WGETRC'])
      const env = Object.fromEntries(Object.entries(variables).filter(([name]) => known.has(name)))
      await hallpass.writeBundle(env)
    },
    measured: async () => ({
      version: options.version,
      proxy: proxy.running,
      refreshes: hallpass.refresher.counts,
      saves: hallpass.store.saves,
      sessions: hallpass.sessions.counts,
      names: await hallpass.store.sessions(),
    }),
  }
}
