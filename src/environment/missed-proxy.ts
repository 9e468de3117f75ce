import { UpstreamProxies } from '../proxy/upstream-proxies.ts'

/** How the running proxy reaches origins. */
export interface RunningUpstream {
  readonly port: number
  readonly upstream: readonly string[]
  readonly upstreamFrom: 'environment' | 'configuration'
}

/**
 * A sentence about the upstream proxies that the environment of a command names and the running proxy does not use, without
 * credentials. Undefined if there are none, or if the configuration of the running proxy decides.
 */
export function missedProxy(env: NodeJS.ProcessEnv, running: RunningUpstream): string | undefined {
  if (running.upstreamFrom === 'configuration') return undefined
  const named = new UpstreamProxies('env', env, () => [running.port]).shown
  const missed = named.filter((proxy) => !running.upstream.includes(proxy))
  if (missed.length === 0) return undefined
  const way = running.upstream.length === 0 ? 'directly' : `through ${running.upstream.join(', ')}`
  return `the running proxy reaches origins ${way}, not through ${missed.join(', ')}: it was started without that variable`
}
