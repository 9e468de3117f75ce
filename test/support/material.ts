import { Jar } from '../../src/cookies/jar.ts'
import { type Credential, credentialOf } from '../../src/credentials/credential.ts'
import { kindOf } from '../../src/credentials/kinds.ts'
import type { PlanRequest } from '../../src/plan/plan.ts'
import type { Scope } from '../../src/plan/scope.ts'
import { parseHostPattern } from '../../src/rules/host-pattern.ts'
import { parseRequestPattern } from '../../src/rules/request-pattern.ts'
import type { Rule, RuleSet } from '../../src/rules/rule.ts'

export const now = Date.UTC(2026, 0, 1)

/** A jar that has seen these responses: URL, then Set-Cookie lines. */
export function jarOf(...responses: readonly (readonly [url: string, ...lines: string[]])[]): Jar {
  const jar = new Jar()
  for (const [url, ...lines] of responses) {
    const { protocol, hostname, pathname } = new URL(url)
    const scheme = protocol === 'https:' ? 'https' : 'http'
    for (const line of lines) {
      const outcome = jar.set(line, {
        url: { scheme, host: hostname.replace(/^\[|\]$/g, ''), port: 443, path: pathname },
        now,
      })
      if (outcome.kind === 'refused') throw new Error(`${line}: ${outcome.reason}`)
    }
  }
  return jar
}

export interface CredentialSpec {
  readonly name: string
  readonly kind?: string
  readonly hosts?: readonly string[]
  readonly bound?: readonly string[]
  readonly value?: string | undefined
  readonly header?: string
  readonly param?: string
  readonly cookie?: string
  readonly placeholder?: string
  readonly region?: string
  readonly service?: string
  readonly override?: boolean
  readonly allowHttp?: boolean
}

export function credential({
  name,
  kind: kindName = 'bearer',
  hosts,
  bound,
  value,
  ...options
}: CredentialSpec): Credential {
  const kind = kindOf(kindName)
  if (kind === undefined) throw new Error(`no kind ${kindName}`)
  const definition = { kind: kindName, ...(hosts && { hosts: hosts.map(parseHostPattern) }), ...options }
  const secret = value === undefined ? undefined : kind.secret?.parse(value, now)
  return credentialOf(
    name,
    definition,
    kind,
    secret === undefined ? undefined : { bound: bound?.map(parseHostPattern), secret },
  )
}

export interface RuleSpec extends Omit<Rule, 'hosts' | 'allow'> {
  readonly hosts: readonly string[]
  readonly allow?: readonly string[]
}

export function ruleSet(
  rules: readonly RuleSpec[] = [],
  rest: Partial<Omit<RuleSet, 'rules'>> = {},
): RuleSet {
  return {
    rules: rules.map(({ hosts, allow, ...rule }) => ({
      ...rule,
      hosts: hosts.map(parseHostPattern),
      ...(allow && { allow: allow.map(parseRequestPattern) }),
    })),
    reveal: 'script',
    capture: [],
    intercept: 'known',
    ...rest,
  }
}

export function scope({
  only,
  capture,
  ...rest
}: Omit<Scope, 'only' | 'capture'> & { only?: string[]; capture?: string[] } = {}): Scope {
  return {
    ...rest,
    ...(only && { only: only.map(parseHostPattern) }),
    ...(capture && { capture: capture.map(parseHostPattern) }),
  }
}

/** A request as the engine makes it of a verified connection. */
export function requestTo(url: string, more: Partial<PlanRequest> = {}): PlanRequest {
  const { protocol, hostname, port, pathname, search } = new URL(url)
  const scheme = protocol === 'https:' ? 'https' : 'http'
  return {
    scheme,
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? (scheme === 'https' ? 443 : 80) : Number(port),
    path: pathname + search,
    method: 'GET',
    site: 'same-site',
    ...more,
  }
}
