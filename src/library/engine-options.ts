import type { Authority } from '../certs/authority.ts'
import { Leaves } from '../certs/leaves.ts'
import { upstreamRoots } from '../certs/roots.ts'
import type { Config } from '../config/load-config.ts'
import type { EngineOptions } from '../proxy/open-engine.ts'
import type { Sessions } from '../sessions/sessions.ts'

interface EngineParts {
  readonly config: Config
  readonly authority: Authority
  readonly sessions: Sessions
}

/** The options that a proxy has in common with the requests of this process. */
export function engineOptions(
  { config, authority, sessions }: EngineParts,
  { env, ...more }: Pick<EngineOptions, 'clients' | 'log'> & { readonly env: NodeJS.ProcessEnv },
): EngineOptions {
  return {
    sessions,
    leaves: new Leaves(authority),
    authority,
    upstreamRoots: upstreamRoots({ upstreamCa: config.upstreamCa, env, authority }),
    resolve: config.resolve,
    upstream: { setting: config.upstream, env },
    limits: { replayBytes: config.replay },
    ...more,
  }
}
