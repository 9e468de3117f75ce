import type { Jar } from '../cookies/jar.ts'
import type { Credential } from '../credentials/credential.ts'
import { bestMatch } from '../rules/host-pattern.ts'
import type { RuleSet } from '../rules/rule.ts'
import { type Scope, withinOnly } from './scope.ts'

export interface Knowledge {
  /** Its TLS is opened. */
  readonly known: boolean
  /** Its cookies are taken in. */
  readonly captures: boolean
  /** For explain. */
  readonly why: string
}

/**
 * Whether the session has to do with a host (untouched unless known), and why.
 *
 * Outside `only` nothing is attached, and nothing captured either: an answer to a request without the session's cookies
 * sets new ones for a stranger, which would overwrite the good ones. Such a host is still opened where a rule limits what
 * may be asked of it, because a limit that a flag could switch off would be none.
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
    const why = limited ? 'a rule limits what may be asked of it' : `--only does not name ${host}`
    return { known: limited, captures: false, why }
  }
  const why = whyCaptures()
  if (why !== undefined) return { known: true, captures: true, why }
  const opened =
    rules.intercept === 'all' ||
    (rules.intercept !== 'known' && bestMatch(rules.intercept, host, port) !== undefined)
  if (opened) return { known: true, captures: false, why: 'intercept: names it' }
  return { known: false, captures: false, why: 'no rule, credential, cookie or capture is about it' }

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
