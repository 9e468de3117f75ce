import { bestMatch, type HostPattern, specificity } from './host-pattern.ts'
import type { RequestPattern } from './request-pattern.ts'

/**
 * The captured Set-Cookie lines that the client still sees: `script` hides the cookies that a browser hides from scripts
 * (HttpOnly), `none` hides all, `all` hides nothing.
 */
export type Reveal = 'script' | 'none' | 'all'

export interface Rule {
  readonly hosts: readonly HostPattern[]
  /** Name of a credential for these hosts. */
  readonly credential?: string | undefined
  /** The requests that may go to these hosts; absent: all, empty: none. */
  readonly allow?: readonly RequestPattern[] | undefined
  /** true: fields and parameters that name another method or path stay, although `allow` cannot see that request. */
  readonly rerouting?: boolean | undefined
  readonly reveal?: Reveal | undefined
  /** false: what the client sent in the place of a credential stays. */
  readonly override?: boolean | undefined
  /** true: credentials go over plain HTTP to these hosts too. */
  readonly allowHttp?: boolean | undefined
  /** Hosts of pages that may act as the user here, in a request without Sec-Fetch-Site. Otherwise only pages of the same site may. */
  readonly trustOrigins?: readonly HostPattern[] | undefined
}

/** The part of the configuration that decides about requests. */
export interface RuleSet {
  readonly rules: readonly Rule[]
  /** For hosts without a rule that says otherwise. */
  readonly reveal: Reveal
  /** Hosts whose cookies are taken in though the session knows nothing of them yet. */
  readonly capture: readonly HostPattern[]
  /** A list means: known hosts, and these. */
  readonly intercept: 'known' | 'all' | readonly HostPattern[]
}

export interface Decided {
  readonly index: number
  readonly rule: Rule
  readonly pattern: HostPattern
  readonly why: string
}

/** The one rule that decides for a host: that with the most specific pattern, the first of equals. */
export function decidingRule(rules: readonly Rule[], host: string, port: number): Decided | undefined {
  let best: { index: number; rule: Rule; pattern: HostPattern } | undefined
  let others = 0
  for (const [index, rule] of rules.entries()) {
    const pattern = bestMatch(rule.hosts, host, port)
    if (pattern === undefined) continue
    others++
    if (best === undefined || specificity(pattern) > specificity(best.pattern))
      best = { index, rule, pattern }
  }
  if (best === undefined) return undefined
  const why =
    others === 1 ? 'the only rule for this host' : `the most specific of ${others} rules for this host`
  return { ...best, why }
}
