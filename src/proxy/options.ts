import type { Authority } from '../certs/authority.ts'
import type { Leaves } from '../certs/leaves.ts'
import type { Histogram } from '../histogram.ts'
import type { Log } from '../log.ts'
import type { Names } from '../net/names.ts'
import type { UpstreamSetting } from '../rules/proxy-url.ts'
import type { Clients } from '../sessions/clients.ts'
import type { Sessions } from '../sessions/sessions.ts'
import type { Counts } from './counts.ts'
import type { Limits } from './limits.ts'

export interface ProxyOptions {
  /** Port 0 takes a free one. */
  readonly listen: { readonly host: string; readonly port: number }
  readonly sessions: Sessions
  readonly clients: Clients
  readonly leaves: Leaves
  readonly authority: Pick<Authority, 'certificatePem'>
  /** PEMs of the only roots that an origin's certificate may chain to. */
  readonly upstreamRoots: readonly string[]
  /** `host[:port]` → `address[:port]`, as curl's --resolve. */
  readonly resolve?: ReadonlyMap<string, string>
  /** The proxies on the way to origins; without them origins are reached directly. */
  readonly upstream?: { readonly setting: UpstreamSetting; readonly env: NodeJS.ProcessEnv }
  readonly log: Log
  /** Clients without a token get this session. Allowed on loopback alone. */
  readonly noAuth?: { readonly session: string }
  /** Writes a hint (`hallpass …`) as a person types it on this machine, for this session; by default unchanged. */
  readonly spell?: (hint: string, session?: string) => string
  readonly limits?: Partial<Limits>
  /** Looks up the names of origins; by default as the system does. */
  readonly names?: Names
}

export interface ProxyStats
  extends Readonly<Pick<Counts, 'startedAt' | 'connections' | 'requests' | 'tunnels'>> {
  /** Client connections that are open now. */
  readonly open: number
  /** Connections to origins, idle or in use. */
  readonly pooled: number
}

export interface RunningProxy {
  readonly host: string
  readonly port: number
  /** The proxies on the way to origins, without credentials. */
  readonly upstreamProxies: readonly string[]
  stats(): ProxyStats
  readonly counts: Counts
  /** Bytes from and to clients, on closed and open connections. */
  clientBytes(): { readonly received: number; readonly sent: number }
  /** How late the sweeps came. */
  readonly lag: Histogram
  /** Takes no new requests, gives the current ones `graceMs` to end, then cuts them. */
  close(options?: { readonly graceMs?: number }): Promise<void>
}
