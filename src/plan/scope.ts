import { bestMatch, type HostPattern } from '../rules/host-pattern.ts'
import type { Reveal } from '../rules/rule.ts'

/** Limits and extensions for one client, kept with its token. */
export interface Scope {
  /** The session takes in the cookies of these hosts, even if it does not know them yet. */
  readonly capture?: readonly HostPattern[]
  /** The only hosts that use and change the session. */
  readonly only?: readonly HostPattern[]
  /** Every host outside `only` gets 403; without `only`, every host that the session does not know. */
  readonly strict?: boolean
  readonly reveal?: Reveal
  /** A browser window has its own cookies: hallpass attaches nothing, hides nothing and captures everything. */
  readonly browserWindow?: boolean
}

export function withinOnly(scope: Scope, host: string, port: number): boolean {
  return scope.only === undefined || bestMatch(scope.only, host, port) !== undefined
}

/** Why nothing of the session goes to a host; undefined when its cookies and credentials may. */
export function whyUnused(scope: Scope, host: string, port: number): string | undefined {
  if (scope.browserWindow === true) return 'a browser window has its own'
  return withinOnly(scope, host, port) ? undefined : `--only does not name ${host}`
}

/** Whether a cookie can go to a host of `only`. */
export function canReach(
  { only }: Scope,
  { domain, hostOnly }: { readonly domain: string; readonly hostOnly: boolean },
): boolean {
  if (only === undefined) return true
  return only.some(({ kind, host }) => {
    if (kind === 'any') return true
    const below = (name: string, parent: string) => name.endsWith(`.${parent}`)
    if (kind === 'exact') return host === domain || (!hostOnly && below(host, domain))
    return below(domain, host) || (!hostOnly && (domain === host || below(host, domain)))
  })
}

const keys = new WeakMap<Scope, string>()

/** Equal for scopes with equal contents, so that all connections of a client share its plans. */
export function scopeKey(scope: Scope): string {
  const known = keys.get(scope)
  if (known !== undefined) return known
  const texts = (patterns: readonly HostPattern[] | undefined) => patterns?.map(({ text }) => text)
  const { capture, only, strict, reveal, browserWindow } = scope
  const said = [texts(capture), texts(only), strict, reveal, browserWindow]
  const key = said.every((part) => part === undefined) ? '' : JSON.stringify(said)
  keys.set(scope, key)
  return key
}
