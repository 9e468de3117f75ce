import type { Cookie, SiteContext } from '../cookies/cookie.ts'
import type { Jar } from '../cookies/jar.ts'
import type { Credential } from '../credentials/credential.ts'
import type { Signer } from '../credentials/signer.ts'
import { foldHost } from '../rules/host-pattern.ts'
import { matchesRequest } from '../rules/request-pattern.ts'
import { type Decided, decidingRule, type Reveal, type RuleSet } from '../rules/rule.ts'
import {
  chooseCredentials,
  hostList,
  type PlannedCredential,
  type WithheldCredential,
} from './choose-credentials.ts'
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

export interface PlaceholderGuard {
  /** The credential. */
  readonly name: string
  readonly placeholder: string
  /** Why its value does not go here. */
  readonly reason: string
}

/** The one decision about a request. The proxy applies it, explain prints it. */
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
  /** What of the body the attached signature has to know before the head can go. */
  readonly body: 'none' | Signer['covers']
  /** Placeholders that the session knows and that must not be sent here: what to say when a client does. */
  readonly guards: readonly PlaceholderGuard[]
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
  const chosen = chooseCredentials(material.credentials, { ...request, host }, rule, now)
  const validUntil = Math.min(selection.validUntil, ...turns(material.credentials, now))
  if (idle !== undefined) {
    const withheld = [
      ...chosen.attached.map(({ name, kind }) => ({ name, kind, reason: idle })),
      ...chosen.withheld,
    ]
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
      credentials: { attached: [], withheld },
      body: 'none',
      guards: guardsOf(material.credentials, [], withheld),
      validUntil,
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
    credentials: withConditions(chosen, selection.attached),
    body: bodyOf(chosen.attached),
    guards: guardsOf(material.credentials, chosen.attached, chosen.withheld),
    validUntil,
  }
}

/** The next moments at which tokens become due or run out: whoever makes the plan then refreshes or withholds them. */
function turns(credentials: readonly Credential[], now: number): readonly number[] {
  const times = credentials.flatMap(({ freshness }) => [
    freshness?.dueAt,
    freshness?.expiresAt,
    freshness?.endsAt,
  ])
  return times.filter((at) => at !== undefined).filter((at) => at > now)
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

/** What only the client's own head decides. A mirror copies what the request carries, and the client may send that cookie. */
function withConditions(
  chosen: {
    readonly attached: readonly PlannedCredential[]
    readonly withheld: readonly WithheldCredential[]
  },
  cookies: readonly Cookie[],
): Plan['credentials'] {
  const choice = chosen.attached.some(({ source }) => source.from === 'placeholder')
  const attached = chosen.attached.map((credential) => {
    const conditions = conditionsOf(credential, cookies, choice)
    return conditions.length === 0 ? credential : { ...credential, condition: conditions.join(', ') }
  })
  return { attached, withheld: chosen.withheld }
}

function conditionsOf({ source }: PlannedCredential, cookies: readonly Cookie[], choice: boolean): string[] {
  if (source.from === 'placeholder') return ['only if the client sends its placeholder']
  const conditions: string[] = []
  if (source.from === 'cookie' && !cookies.some(({ name }) => name === source.cookie))
    conditions.push(`only if the client sends the cookie ${source.cookie} itself`)
  // A client that writes a placeholder there has chosen that credential.
  if (choice) conditions.push('unless the client sends a placeholder there')
  return conditions
}

/** There is one signature at most: all of them go into Authorization. */
function bodyOf(attached: readonly PlannedCredential[]): Plan['body'] {
  for (const { source } of attached) if (source.from === 'signature') return source.signer.covers
  return 'none'
}

/** One dummy may stand for one credential here and for another elsewhere: it is refused where it stands for none. */
function guardsOf(
  credentials: readonly Credential[],
  attached: readonly PlannedCredential[],
  withheld: readonly WithheldCredential[],
): PlaceholderGuard[] {
  const served = new Set<string>()
  for (const { source } of attached) if (source.from === 'placeholder') served.add(source.placeholder)
  const guards = new Map<string, PlaceholderGuard>()
  for (const { name, place, hosts } of credentials) {
    if (place.in !== 'placeholder' || served.has(place.name)) continue
    if (name > (guards.get(place.name)?.name ?? name)) continue
    const known = withheld.find((other) => other.name === name)?.reason
    const reason = known ?? (hosts ? `it is for ${hostList(hosts)} alone` : 'no rule names it here')
    guards.set(place.name, { name, placeholder: place.name, reason })
  }
  return [...guards.values()].sort((a, b) => (a.placeholder < b.placeholder ? -1 : 1))
}

function pathOf(target: string): string {
  const end = target.search(/[?#]/)
  const path = end === -1 ? target : target.slice(0, end)
  return path.startsWith('/') ? path : '/'
}
