import { matchesRequest } from '../rules/request-pattern.ts'
import type { Decided } from '../rules/rule.ts'
import { type Scope, withinOnly } from './scope.ts'

export type Policy = Allowed | Refused

export interface Allowed {
  readonly allowed: true
}

export interface Refused {
  readonly allowed: false
  readonly reason: string
  /** A command to type. Without it `hallpass explain` shows what would help. */
  readonly hint?: string
}

/** A request, or the CONNECT before it, which shows neither method nor path. */
export interface Asked {
  readonly host: string
  readonly port: number
  readonly request?: { readonly method: string; readonly path: string }
}

/** Whether a request may go: `--strict` limits the hosts, the deciding rule limits methods and paths. */
export function policyOf(
  { host, port, request }: Asked,
  rule: Decided | undefined,
  scope: Scope,
  known: boolean,
): Policy {
  if (scope.strict === true) {
    const within = scope.only === undefined ? known : withinOnly(scope, host, port)
    const hosts = scope.only === undefined ? 'hosts that the session knows' : 'the hosts of --only'
    const hint = `hallpass run --only ${host} --strict -- COMMAND`
    if (!within) return { allowed: false, reason: `--strict allows only ${hosts}`, hint }
  }
  const allow = rule?.rule.allow
  if (request === undefined || allow === undefined) return allowed
  if (allow.some((pattern) => matchesRequest(pattern, request.method, request.path))) return allowed
  const listed = allow.map(({ text }) => text).join(', ') || 'nothing'
  return { allowed: false, reason: `the rule for ${rule?.pattern.text} allows only: ${listed}` }
}

const allowed: Allowed = { allowed: true }
