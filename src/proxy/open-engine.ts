import { Counts } from './counts.ts'
import { Dialer } from './dial.ts'
import type { Engine } from './engine.ts'
import { defaultLimits, type Limits } from './limits.ts'
import type { ProxyOptions } from './options.ts'
import { Pool } from './pool.ts'
import { ScrubbedPlans } from './scrubbed-plans.ts'
import { Strangers } from './strangers.ts'
import { Sweep, type Swept } from './sweep.ts'
import { Trust } from './trust.ts'
import { UpstreamProxies } from './upstream-proxies.ts'

/** The parts that serve requests, without a listener. */
export type EngineOptions = Omit<ProxyOptions, 'listen' | 'noAuth'>

/**
 * @param ownPorts a request to them would come back here
 * @param draining true once no new requests are taken
 */
export function openEngine(
  options: EngineOptions,
  ownPorts: () => readonly number[],
  draining: () => boolean,
): Engine {
  const limits: Limits = { ...defaultLimits, ...options.limits }
  const sweep = new Sweep(limits.sweepMs)
  const dialer = new Dialer({
    resolve: options.resolve ?? new Map(),
    ownPorts,
    ...(options.names === undefined ? {} : { names: options.names }),
  })
  const { setting = 'direct', env = {} } = options.upstream ?? {}
  const proxies = new UpstreamProxies(setting, env, ownPorts)
  for (const problem of proxies.problems) options.log.warn(problem)
  const trust = new Trust(options.upstreamRoots)
  // Nobody asks anything in an idle tunnel, so it would not notice that its session is gone.
  const removals: Swept = { deadline: 0, expire: () => void options.sessions.endRemoved() }
  sweep.watch(removals)
  return {
    options,
    limits,
    sweep,
    pool: new Pool({ dialer, proxies, trust }, sweep, limits),
    dialer,
    proxies,
    trust,
    log: options.log,
    spell: options.spell ?? ((hint) => hint),
    scrubbed: new ScrubbedPlans(options.log),
    counts: new Counts(),
    connections: new Set(),
    strangers: new Strangers(limits.strangers),
    draining,
  }
}

export function closeEngine({ pool, sweep, trust }: Engine): void {
  pool.close()
  sweep.stop()
  trust.stop()
}
