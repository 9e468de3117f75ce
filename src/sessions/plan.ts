import type { Cookie, SiteContext } from '../cookies/cookie.ts'
import type { Jar } from '../cookies/jar.ts'
import type { Credential } from '../credentials/credential.ts'
import { foldHost } from '../rules/host-pattern.ts'
import { matchesRequest } from '../rules/request-pattern.ts'
import { type Decided, decidingRule, type Reveal, type RuleSet } from '../rules/rule.ts'
import { chooseCredentials, type PlannedCredential, type WithheldCredential } from './choose-credentials.ts'
import { knowledgeOf } from './knowledge.ts'
import { type Scope, withinOnly } from './scope.ts'

export interface PlanRequest {
  readonly scheme: 'https' | 'http'
  /** Of the verified connection; IPv6 without brackets. */
  readonly host: string
  readonly port: number
  /** With the query, as sent. */
  readonly path: string
  readonly method: string
  readonly site: SiteContext
}

/** What the session holds for the site. */
export interface Material {
  readonly jar: Jar
  readonly credentials: readonly Credential[]
}

/** The one decision about a request. The proxy applies it, explain prints it, metrics count it. */
export interface Plan {
  readonly policy: { readonly allowed: true } | { readonly allowed: false; readonly reason: string }
  /** The rule that decided. */
  readonly rule?: { readonly index: number; readonly pattern: string; readonly why: string }
  readonly reveal: Reveal
  /** Whether cookies of the response are taken in. */
  readonly capture: boolean
  readonly site: SiteContext
  readonly cookies: {
    /** In the order of the Cookie header. */
    readonly attached: readonly Cookie[]
    readonly withheld: readonly { readonly name: string; readonly reason: string }[]
  }
  readonly credentials: {
    readonly attached: readonly PlannedCredential[]
    readonly withheld: readonly WithheldCredential[]
  }
  /** From then on it has to be made anew; Infinity when only a change of the session or the rules can alter it. */
  readonly validUntil: number
}

/**
 * (request, session, rules) → what goes on, what stays off, and why. Pure: the same arguments give the same plan.
 * Read top to bottom it is the whole decision.
 */
export function plan(
  request: PlanRequest,
  material: Material,
  rules: RuleSet,
  scope: Scope,
  now: number,
): Plan {
  const host = foldHost(request.host)
  const { port } = request
  const rule = decidingRule(rules.rules, host, port)
  const knowledge = knowledgeOf(host, port, material, rules, scope)
  const policy = policyOf(request, host, rule, scope, knowledge.known)
  const base = {
    policy,
    ...(rule && { rule: { index: rule.index, pattern: rule.pattern.text, why: rule.why } }),
    site: request.site,
  }

  const idle = whyIdle(policy, scope, host, port)
  const selection = material.jar.select(
    { scheme: request.scheme, host, port, path: pathOf(request.path) },
    { now, site: request.site },
  )
  const chosen = chooseCredentials(material.credentials, { ...request, host }, rule)
  if (idle !== undefined) {
    return {
      ...base,
      reveal: 'all',
      capture: knowledge.captures,
      cookies: {
        attached: [],
        withheld: [
          ...selection.attached.map(({ name }) => ({ name, reason: idle })),
          ...selection.withheld.map(({ cookie, reason }) => ({ name: cookie.name, reason })),
        ],
      },
      credentials: {
        attached: [],
        withheld: [
          ...chosen.attached.map(({ name, kind }) => ({ name, kind, reason: idle })),
          ...chosen.withheld,
        ],
      },
      validUntil: selection.validUntil,
    }
  }
  return {
    ...base,
    reveal: scope.reveal ?? rule?.rule.reveal ?? rules.reveal,
    capture: knowledge.captures,
    cookies: {
      attached: selection.attached,
      withheld: selection.withheld.map(({ cookie, reason }) => ({ name: cookie.name, reason })),
    },
    credentials: withCookies(chosen, selection.attached),
    validUntil: selection.validUntil,
  }
}

const inWindow = 'a browser window holds its own'

function policyOf(
  request: PlanRequest,
  host: string,
  rule: Decided | undefined,
  scope: Scope,
  known: boolean,
): Plan['policy'] {
  if (scope.strict === true) {
    if (!withinOnly(scope, host, request.port))
      return { allowed: false, reason: `--strict: ${host} is not among the hosts of --only` }
    if (scope.only === undefined && !known)
      return { allowed: false, reason: `--strict: the session does not know ${host}` }
  }
  const allow = rule?.rule.allow
  if (allow === undefined || allow.some((pattern) => matchesRequest(pattern, request.method, request.path))) {
    return { allowed: true }
  }
  const listed = allow.map(({ text }) => text).join(', ') || 'nothing'
  return { allowed: false, reason: `the rule for ${rule?.pattern.text} allows only: ${listed}` }
}

/** Why the session is not used at all for this request. */
function whyIdle(policy: Plan['policy'], scope: Scope, host: string, port: number): string | undefined {
  if (!policy.allowed) return 'the request is not allowed'
  if (scope.browserWindow === true) return inWindow
  if (!withinOnly(scope, host, port)) return `--only does not name ${host}`
  return undefined
}

/** A mirror copies what the request carries. The client may send that cookie itself, so only what is sure is said here. */
function withCookies(
  chosen: {
    readonly attached: readonly PlannedCredential[]
    readonly withheld: readonly WithheldCredential[]
  },
  cookies: readonly Cookie[],
): Plan['credentials'] {
  const attached = chosen.attached.map((credential) =>
    credential.source.from === 'cookie' && !cookies.some(({ name }) => name === cookieOf(credential))
      ? { ...credential, condition: `only if the client sends the cookie ${cookieOf(credential)} itself` }
      : credential,
  )
  return { attached, withheld: chosen.withheld }
}

function cookieOf({ source }: PlannedCredential): string {
  return source.from === 'cookie' ? source.cookie : ''
}

function pathOf(target: string): string {
  const end = target.search(/[?#]/)
  const path = end === -1 ? target : target.slice(0, end)
  return path.startsWith('/') ? path : '/'
}
