import type { Config } from '../config/load-config.ts'
import type { Scope } from '../plan/scope.ts'
import { type HostPattern, parseHostPattern } from '../rules/host-pattern.ts'
import { isLocalName } from '../rules/loopback.ts'
import type { Session } from '../sessions/session.ts'
import type { Store } from '../store/store.ts'

/** Whether requests to a loopback host concern a session: by the configuration, its credentials, its cookies or the scope. */
export async function knowsLoopback(
  session: Session,
  { config, store }: { readonly config: Config; readonly store: Store },
  scope: Scope,
): Promise<boolean> {
  const patterns = [
    ...config.capture,
    ...config.rules.flatMap((rule) => rule.hosts),
    ...[...config.credentials.values()].flatMap((definition) => definition.hosts ?? []),
    ...(await session.credentials.list()).flatMap(({ hosts }) => hosts.map(parseHostPattern)),
    ...(scope.capture ?? []),
    ...(scope.only ?? []),
  ]
  if (patterns.some(namesLoopback)) return true
  return (await store.names(session.name, 'cookies')).some(isLocalName)
}

function namesLoopback(pattern: HostPattern): boolean {
  return pattern.kind === 'any' || isLocalName(pattern.host)
}
