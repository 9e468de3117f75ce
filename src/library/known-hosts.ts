import type { Config } from '../config/load-config.ts'
import type { Scope } from '../plan/scope.ts'
import { sitePatterns } from '../plan/site-patterns.ts'
import { type HostPattern, parseHostPattern } from '../rules/host-pattern.ts'
import type { Session } from '../sessions/session.ts'
import type { Store } from '../store/store.ts'

/** The hosts that concern a session: by the configuration, its credentials, its cookies or the scope. */
export async function knownHosts(
  session: Session,
  { config, store }: { readonly config: Pick<Config, 'capture' | 'rules'>; readonly store: Store },
  scope: Scope,
): Promise<readonly HostPattern[]> {
  const sites = await store.names(session.name, 'cookies')
  return [
    ...config.capture,
    ...config.rules.flatMap((rule) => rule.hosts),
    ...(await session.credentials.list()).flatMap(({ hosts }) => hosts.map(parseHostPattern)),
    ...sites.flatMap(sitePatterns),
    ...(scope.capture ?? []),
    ...(scope.only ?? []),
  ]
}
