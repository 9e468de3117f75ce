import { bestMatch, type HostPattern } from '../rules/host-pattern.ts'
import type { Reveal } from '../rules/rule.ts'

/** What a client token narrows or widens for the client that holds it. */
export interface Scope {
  /** Hosts whose cookies are taken in though the session knows nothing of them yet. */
  readonly capture?: readonly HostPattern[]
  /** Attach to these hosts alone. Elsewhere the session is neither used nor changed. */
  readonly only?: readonly HostPattern[]
  /** Hosts that `only` does not name (without it: that the session does not know) get 403. */
  readonly strict?: boolean
  readonly reveal?: Reveal
  /** A window keeps its own cookies: nothing is attached, everything is revealed, all that comes is captured. */
  readonly browserWindow?: boolean
}

export function withinOnly(scope: Scope, host: string, port: number): boolean {
  return scope.only === undefined || bestMatch(scope.only, host, port) !== undefined
}

/** Why nothing of the session goes to a host; undefined when its cookies and credentials may. */
export function whyUnused(scope: Scope, host: string, port: number): string | undefined {
  if (scope.browserWindow === true) return 'a browser window holds its own'
  return withinOnly(scope, host, port) ? undefined : `--only does not name ${host}`
}

const keys = new WeakMap<Scope, string>()

/** Equal for scopes that say the same, so that connections of one client share what is memoised. */
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
