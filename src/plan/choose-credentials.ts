import { ago } from '../ago.ts'
import type { SiteContext } from '../cookies/cookie.ts'
import { type Credential, type CredentialSource, placeText } from '../credentials/credential.ts'
import type { Freshness, Place, ReadFrom } from '../credentials/kind.ts'
import { isFieldValue, utf8Bytes } from '../credentials/value.ts'
import { bestMatch, type HostPattern, specificity } from '../rules/host-pattern.ts'
import { isLoopbackHost } from '../rules/loopback.ts'
import type { Decided } from '../rules/rule.ts'
import type { Secret } from '../secret.ts'

export interface PlannedCredential {
  readonly name: string
  readonly kind: string
  readonly place: Place
  readonly source: Exclude<CredentialSource, { readonly from: 'nothing' }>
  /** For the log to cut out. */
  readonly secrets: readonly Secret[]
  /** false: the client's own value in that place stays. */
  readonly override: boolean
  /** Set when the client's own head decides whether it goes. */
  readonly condition?: string
  /** Set when the value has an end. */
  readonly freshness?: Freshness
  readonly readFrom?: ReadFrom
}

export interface WithheldCredential {
  readonly name: string
  readonly kind: string
  readonly reason: string
  /** Set when somebody must mend something: the request is meant to carry it. */
  readonly fault?: true
  /** Set when the only reason is that the value has ended or never came: a refresh or a login helps. */
  readonly freshness?: Freshness
}

export interface Chosen {
  readonly attached: readonly PlannedCredential[]
  readonly withheld: readonly WithheldCredential[]
}

interface Recipient {
  readonly site: SiteContext
  readonly scheme: 'https' | 'http'
  readonly host: string
  readonly port: number
}

interface Candidate {
  readonly credential: Credential
  readonly rank: number
  /** The rule or the pattern that names the host: the losers give it as their reason. */
  readonly by: string
}

/**
 * Which credentials go to a host. Each place first gets its best credential; only then that credential is checked. A
 * credential without a value keeps its place: the next best would send another identity.
 */
export function chooseCredentials(
  credentials: readonly Credential[],
  to: Recipient,
  rule: Decided | undefined,
  now: number,
): Chosen {
  const attached: PlannedCredential[] = []
  const withheld: WithheldCredential[] = []
  const named = rule?.rule.credential
  if (named !== undefined && !credentials.some(({ name }) => name === named)) {
    const reason = `the rule names it, but the session does not have it: hallpass token set ${named}`
    withheld.push({ name: named, kind: 'unknown', reason, fault: true })
  }

  const winners = new Map<string, Candidate>()
  for (const credential of credentials) {
    const candidate = candidateOf(credential, to, named)
    if (candidate === undefined) continue
    const { name, kind } = credential
    const stray = whyNotHere(credential, to)
    if (stray !== undefined) {
      withheld.push({ name, kind, reason: stray, fault: true })
      continue
    }
    const key = placeText(credential.place)
    const held = winners.get(key)
    if (held === undefined) {
      winners.set(key, candidate)
      continue
    }
    const [winner, loser] = isBefore(candidate, held) ? [candidate, held] : [held, candidate]
    winners.set(key, winner)
    withheld.push({ name: loser.credential.name, kind: loser.credential.kind, reason: lost(winner, key) })
  }

  for (const { credential } of winners.values()) {
    const { name, kind, place, source, secrets, readFrom } = credential
    const fresh = credential.freshness && { freshness: credential.freshness }
    const reason = whyWithheld(credential, to, rule)
    const end = endOf(credential, now)
    // Without its placeholder in the request, such a value would not go on anyhow.
    const fault = place.in !== 'placeholder' && { fault: true as const }
    if (source.from === 'nothing') withheld.push({ name, kind, reason: source.reason, ...fault, ...fresh })
    else if (reason !== undefined) withheld.push({ name, kind, reason, ...(reason === unfit && fault) })
    else if (end !== undefined) withheld.push({ name, kind, ...end })
    else {
      const override = rule?.rule.override ?? credential.override ?? true
      const more = { ...fresh, ...(readFrom && { readFrom }) }
      attached.push({ name, kind, place, source, secrets, override, ...more })
    }
  }
  return { attached: attached.sort(byName), withheld: withheld.sort(byName) }
}

/** A credential belongs to a host if the deciding rule names the credential, or if its own hosts match. */
function candidateOf(
  credential: Credential,
  { host, port }: Recipient,
  named: string | undefined,
): Candidate | undefined {
  if (credential.name === named)
    return { credential, rank: Number.POSITIVE_INFINITY, by: 'the rule names it' }
  const pattern = bestMatch(credential.hosts ?? [], host, port)
  return pattern && { credential, rank: specificity(pattern), by: pattern.text }
}

/** Neither a rule nor a changed definition sends a value to more hosts than it was sealed for. */
function whyNotHere({ bound, hosts }: Credential, { host, port }: Recipient): string | undefined {
  for (const patterns of [hosts, bound]) {
    if (patterns !== undefined && bestMatch(patterns, host, port) === undefined) return onlyFor(patterns)
  }
  return undefined
}

export function onlyFor(patterns: readonly HostPattern[]): string {
  return `it is only for ${patterns.map(({ text }) => text).join(', ')}`
}

function whyWithheld(
  { source, allowHttp, place }: Credential,
  { scheme, host, site }: Recipient,
  rule: Decided | undefined,
): string | undefined {
  const clear = rule?.rule.allowHttp ?? allowHttp ?? false
  if (scheme !== 'https' && !clear && !isLoopbackHost(host)) return 'not over plain http (allowHttp)'
  // Credentials have no SameSite: any page in the user's browser could act as the user.
  if (site === 'cross-site') return 'cross-site request'
  // `token set` refuses such values, but other ways in do not: a line break would add a header line.
  if (place.in === 'header' && source.from === 'value' && !isFieldValue(source.value.reveal())) return unfit
  if (source.from === 'placeholder' && !isFieldValue(utf8Bytes(source.value.reveal()))) return unfit
  return undefined
}

const unfit = 'its value has characters that a header cannot carry'

/** Why a value from a page has ended. Only that page makes a new one. */
function endOf({ freshness, readFrom }: Credential, now: number) {
  if (freshness?.endsAt === undefined || freshness.endsAt > now) return undefined
  if (readFrom?.signInAt === undefined) return undefined
  const since = ago(now - (freshness.expiresAt ?? freshness.endsAt))
  const reason = `expired ${since}: hallpass login ${readFrom.signInAt}`
  return { reason, freshness: { ...freshness, needsLogin: reason } }
}

function isBefore(a: Candidate, b: Candidate): boolean {
  return a.rank === b.rank ? a.credential.name < b.credential.name : a.rank > b.rank
}

function lost(winner: Candidate, place: string): string {
  return `${winner.credential.name} goes into ${place} instead (${winner.by})`
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0
}
