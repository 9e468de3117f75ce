import type { Jar } from '../cookies/jar.ts'
import type { Credential } from '../credentials/credential.ts'
import { bestMatch } from '../rules/host-pattern.ts'
import type { RuleSet } from '../rules/rule.ts'
import { type Scope, withinOnly } from './scope.ts'

export interface Knowledge {
  /** Whether hallpass opens its TLS. */
  readonly known: boolean
  /** Whether the session takes in its cookies. */
  readonly captures: boolean
  /** Why the host is known, or why not. */
  readonly why: string
}

/**
 * Whether the session knows a host, and why. The connection to an unknown host passes through untouched.
 *
 * Outside `only` hallpass attaches nothing and captures nothing: the site sees a stranger there, and the stranger's new
 * cookies would overwrite the session's. hallpass still opens such a host if a rule limits requests to it: no flag
 * switches off a limit.
 */
export function knowledgeOf(
  host: string,
  port: number,
  material: { readonly jar: Jar; readonly credentials: readonly Credential[] },
  rules: RuleSet,
  scope: Scope,
): Knowledge {
  const ruled = rules.rules.filter((rule) => bestMatch(rule.hosts, host, port) !== undefined)
  if (!withinOnly(scope, host, port)) {
    const limited = ruled.some(({ allow }) => allow !== undefined)
    const why = limited ? 'a rule limits requests to it' : `--only does not name ${host}`
    return { known: limited, captures: false, why }
  }
  const why = whyCaptures()
  if (why !== undefined) return { known: true, captures: true, why }
  const opened =
    rules.intercept === 'all' ||
    (rules.intercept !== 'known' && bestMatch(rules.intercept, host, port) !== undefined)
  if (opened) return { known: true, captures: false, why: 'intercept: names it' }
  return { known: false, captures: false, why: 'no rule, credential, cookie or capture setting covers it' }

  function whyCaptures(): string | undefined {
    if (ruled.length > 0) return 'a rule names it'
    const [name] = material.credentials
      .filter(({ hosts }) => bestMatch(hosts ?? [], host, port) !== undefined)
      .map((credential) => credential.name)
      .sort()
    if (name !== undefined) return `the credential ${name} is for it`
    if (material.jar.covers(host)) return 'the session has had cookies of it'
    if (bestMatch(scope.capture ?? [], host, port) !== undefined) return '--capture names it'
    if (bestMatch(rules.capture, host, port) !== undefined) return 'capture: names it'
    return undefined
  }
}
