import type { Log } from '../log.ts'
import type { AuthenticatedClient } from '../sessions/clients.ts'
import type { Counts } from './counts.ts'
import type { Dialer } from './dial.ts'
import type { Limits } from './limits.ts'
import type { ProxyOptions } from './options.ts'
import type { Pool } from './pool.ts'
import type { ScrubbedPlans } from './scrubbed-plans.ts'
import type { Strangers } from './strangers.ts'
import type { Sweep } from './sweep.ts'
import type { Trust } from './trust.ts'
import type { UpstreamProxies } from './upstream-proxies.ts'

/** The session that a client's token belongs to, and the scope of the token. */
export type Client = AuthenticatedClient

/** The parts that all connections of one running proxy share. */
export interface Engine {
  readonly options: Omit<ProxyOptions, 'listen'>
  readonly limits: Limits
  readonly sweep: Sweep
  readonly pool: Pool
  readonly dialer: Dialer
  readonly proxies: UpstreamProxies
  /** Verifies the certificates of origins and of upstream proxies. */
  readonly trust: Trust
  readonly log: Log
  readonly spell: (hint: string, session?: string) => string
  readonly scrubbed: ScrubbedPlans
  readonly counts: Counts
  /** Connections that wait for a request or serve one. */
  readonly connections: Set<Drained>
  readonly strangers: Strangers
  /** True once the proxy stops: a connection then closes after the request that it serves. */
  readonly draining: () => boolean
}

export interface Drained {
  /** The proxy stops: closes now, or after the current request. */
  drain(): void
}
