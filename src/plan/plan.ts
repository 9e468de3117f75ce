import type { Cookie, SiteContext } from '../cookies/cookie.ts'
import type { Jar } from '../cookies/jar.ts'
import type { Selection } from '../cookies/select.ts'
import type { Credential } from '../credentials/credential.ts'
import type { Signer } from '../credentials/signer.ts'
import { foldHost } from '../rules/host-pattern.ts'
import { decidingRule, type Reveal, type RuleSet } from '../rules/rule.ts'
import {
  type Chosen,
  chooseCredentials,
  onlyFor,
  type PlannedCredential,
  type WithheldCredential,
} from './choose-credentials.ts'
import { type Fault, faultsOf } from './faults.ts'
import { knowledgeOf } from './knowledge.ts'
import { type Policy, policyOf } from './policy.ts'
import { type Scope, whyUnused } from './scope.ts'

export interface PlanRequest {
  readonly scheme: 'https' | 'http'
  /** Of the verified connection; IPv6 without brackets. */
  readonly host: string
  readonly port: number
  /** With the query, as the client sent it. */
  readonly path: string
  readonly method: string
  readonly site: SiteContext
}

/** The cookies and credentials of a session for one site. */
export interface Material {
  readonly jar: Jar
  readonly credentials: readonly Credential[]
}

export interface PlaceholderGuard {
  /** Of the credential. */
  readonly name: string
  readonly placeholder: string
  /** Why the credential's value does not go to this host. */
  readonly reason: string
}

/** The decision about one request. The proxy applies it, explain prints it. */
export interface Plan {
  /** false: hallpass does not open the TLS of this host. */
  readonly known: boolean
  readonly knownWhy: string
  readonly policy: Policy
  /** The deciding rule. */
  readonly rule?: { readonly index: number; readonly pattern: string; readonly why: string }
  /** Whether the client's fields and parameters that name another method or path are removed: they would walk round `allow`. */
  readonly removesRerouting: boolean
  readonly reveal: Reveal
  /** Whether the session takes in the cookies of the response. */
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
  /** Credentials that should go on and do not, or go with a dead token. */
  readonly faults: readonly Fault[]
  /** The part of the body that the attached signature covers: it must be here before the head goes. */
  readonly body: 'none' | Signer['covers']
  /** Placeholders of the session that must not go to this host. */
  readonly guards: readonly PlaceholderGuard[]
  /** Whether another path or method can get another plan. `variantOf` says which. */
  readonly byRequest: boolean
  /** When the plan must be made again; Infinity when only a change of the session or the rules alters it. */
  readonly validUntil: number
}

/** The decision about a CONNECT, whose requests hallpass sees only if it knows the host. */
export type ConnectPlan = Pick<Plan, 'known' | 'knownWhy' | 'policy'>

export function planConnect(
  endpoint: { readonly host: string; readonly port: number },
  material: Material,
  rules: RuleSet,
  scope: Scope,
): ConnectPlan {
  const host = foldHost(endpoint.host)
  const { port } = endpoint
  const { known, why } = knowledgeOf(host, port, material, rules, scope)
  return { known, knownWhy: why, policy: policyOf({ host, port }, undefined, scope, known) }
}

/**
 * (request, session, rules) → the parts that go on, those that stay off, and why. The same arguments give the same plan.
 * Read from top to bottom, it is the whole decision.
 */
export function plan(
  request: PlanRequest,
  material: Material,
  rules: RuleSet,
  scope: Scope,
  now: number,
): Plan {
  const host = foldHost(request.host)
  const { port, site } = request
  const rule = decidingRule(rules.rules, host, port)
  const { known, why: knownWhy, captures } = knowledgeOf(host, port, material, rules, scope)
  const policy = policyOf({ host, port, request }, rule, scope, known)

  const selection = material.jar.select(
    { scheme: request.scheme, host, port, path: pathOf(request.path) },
    { now, site },
  )
  const chosen = chooseCredentials(material.credentials, { ...request, host }, rule, now)
  const unused = policy.allowed ? whyUnused(scope, host, port) : 'the request is not allowed'
  const goes = attach(selection, chosen, unused ?? (request.method === 'TRACE' ? echoed : undefined))
  // A TRACE to its own host may carry a placeholder: the value does not replace it.
  const served = unused === undefined ? chosen : goes.credentials

  return {
    known,
    knownWhy,
    policy,
    ...(rule && { rule: { index: rule.index, pattern: rule.pattern.text, why: rule.why } }),
    removesRerouting: rule?.rule.allow !== undefined && rule.rule.rerouting !== true,
    reveal: unused === undefined ? (scope.reveal ?? rule?.rule.reveal ?? rules.reveal) : 'all',
    capture: captures,
    site,
    ...goes,
    faults: unused === undefined ? faultsOf(chosen, now) : [],
    body: bodyOf(goes.credentials.attached),
    guards: guardsOf(material.credentials, served),
    byRequest: rule?.rule.allow !== undefined || material.jar.all().some(({ path }) => path !== '/'),
    validUntil: Math.min(selection.validUntil, ...turns(material.credentials, now)),
  }
}

/**
 * Requests to one destination with the same variant get the same plan. Neither cookies nor `allow` look at the query.
 * @param byRequest as the destination's plans say
 */
export function variantOf({ method, path }: PlanRequest, byRequest: boolean): string {
  if (!byRequest) return method === 'TRACE' ? method : ''
  const end = path.indexOf('?')
  return `${method} ${end === -1 ? path : path.slice(0, end)}`
}

/** The response would show it to the client (cross-site tracing). */
const echoed = 'a TRACE comes back to the client'

/** @param reason why nothing goes on */
function attach(
  selection: Selection,
  chosen: Chosen,
  reason: string | undefined,
): Pick<Plan, 'cookies' | 'credentials'> {
  const withheld = selection.withheld.map(({ cookie, reason }) => ({ name: cookie.name, reason }))
  if (reason === undefined) {
    const { attached } = selection
    return { cookies: { attached, withheld }, credentials: withConditions(chosen, attached) }
  }
  const cookies = selection.attached.map(({ name }) => ({ name, reason }))
  const credentials = chosen.attached.map(({ name, kind }) => ({ name, kind, reason }))
  return {
    cookies: { attached: [], withheld: [...cookies, ...withheld] },
    credentials: { attached: [], withheld: [...credentials, ...chosen.withheld] },
  }
}

/** When tokens become due or end: the next plan refreshes or withholds them. */
function turns(credentials: readonly Credential[], now: number): readonly number[] {
  const times = credentials.flatMap(({ freshness }) => [
    freshness?.dueAt,
    freshness?.expiresAt,
    freshness?.endsAt,
  ])
  return times.filter((at) => at !== undefined).filter((at) => at > now)
}

/** Notes what depends on the client's own head: its placeholders, and the cookie that a mirror copies. */
function withConditions({ attached, withheld }: Chosen, cookies: readonly Cookie[]): Plan['credentials'] {
  const choice = attached.some(({ source }) => source.from === 'placeholder')
  const conditional = attached.map((credential) => {
    const conditions = conditionsOf(credential, cookies, choice)
    return conditions.length === 0 ? credential : { ...credential, condition: conditions.join(', ') }
  })
  return { attached: conditional, withheld }
}

function conditionsOf({ source }: PlannedCredential, cookies: readonly Cookie[], choice: boolean): string[] {
  if (source.from === 'placeholder') return ['only if the client sends its placeholder']
  const conditions: string[] = []
  if (source.from === 'cookie' && !cookies.some(({ name }) => name === source.cookie))
    conditions.push(`only if the client sends the cookie ${source.cookie} itself`)
  // A client that writes a placeholder into this place chooses that credential.
  if (choice) conditions.push('unless the client sends a placeholder there')
  return conditions
}

/** At most one credential signs: every signature goes into Authorization. */
function bodyOf(attached: readonly PlannedCredential[]): Plan['body'] {
  for (const { source } of attached) if (source.from === 'signature') return source.signer.covers
  return 'none'
}

/** Two credentials for different hosts can share a placeholder: it is refused only where neither has a value for it. */
function guardsOf(credentials: readonly Credential[], { attached, withheld }: Chosen): PlaceholderGuard[] {
  const served = new Set<string>()
  for (const { source } of attached) if (source.from === 'placeholder') served.add(source.placeholder)
  const guards = new Map<string, PlaceholderGuard>()
  for (const { name, place, hosts } of credentials) {
    if (place.in !== 'placeholder' || served.has(place.name)) continue
    if (name > (guards.get(place.name)?.name ?? name)) continue
    const known = withheld.find((other) => other.name === name)?.reason
    const reason = known ?? (hosts ? onlyFor(hosts) : 'no rule names it here')
    guards.set(place.name, { name, placeholder: place.name, reason })
  }
  return [...guards.values()].sort((a, b) => (a.placeholder < b.placeholder ? -1 : 1))
}

function pathOf(target: string): string {
  const end = target.search(/[?#]/)
  const path = end === -1 ? target : target.slice(0, end)
  return path.startsWith('/') ? path : '/'
}
