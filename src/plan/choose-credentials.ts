import { ago } from '../ago.ts'
import type { SiteContext } from '../cookies/cookie.ts'
import { type Credential, type CredentialSource, placeText } from '../credentials/credential.ts'
import type { Freshness, Place, ReadFrom } from '../credentials/kind.ts'
import { isFieldValue, utf8Bytes } from '../credentials/value.ts'
import { bestMatch, type HostPattern, specificity } from '../rules/host-pattern.ts'
import { isLoopbackHost } from '../rules/loopback.ts'
import type { Decided } from '../rules/rule.ts'

export interface PlannedCredential {
  readonly name: string
  readonly kind: string
  readonly place: Place
  readonly source: Exclude<CredentialSource, { readonly from: 'nothing' }>
  /** false: what the client sent in that place stays. */
  readonly override: boolean
  /** When it goes only under a condition that the client's own head decides. */
  readonly condition?: string
  /** Of one whose value ends. */
  readonly freshness?: Freshness
  readonly readFrom?: ReadFrom
}

export interface WithheldCredential {
  readonly name: string
  readonly kind: string
  readonly reason: string
  /** Of one whose value ends, when that it has none, or none any more, is the only reason. */
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
  /** The pattern that brought it here, for the reason given to those that lose. */
  readonly by: string
}

/**
 * Which credentials go to a host. First each place is given to one of them, then it is asked whether that one may go: a
 * credential that lacks its value is not replaced by the next best, which would be another identity.
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
    const reason = `the rule names it, but the session has none: hallpass token set ${named}`
    withheld.push({ name: named, kind: 'unknown', reason })
  }

  const winners = new Map<string, Candidate>()
  for (const credential of credentials) {
    const candidate = candidateOf(credential, to, named)
    if (candidate === undefined) continue
    const { name, kind } = credential
    const stray = whyNotHere(credential, to)
    if (stray !== undefined) {
      withheld.push({ name, kind, reason: stray })
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
    const { name, kind, place, source, readFrom } = credential
    const fresh = credential.freshness && { freshness: credential.freshness }
    const reason = whyWithheld(credential, to, rule)
    const end = endOf(credential, now)
    if (source.from === 'nothing') withheld.push({ name, kind, reason: source.reason, ...fresh })
    else if (reason !== undefined) withheld.push({ name, kind, reason })
    else if (end !== undefined) withheld.push({ name, kind, ...end })
    else {
      const override = rule?.rule.override ?? credential.override ?? true
      attached.push({ name, kind, place, source, override, ...fresh, ...(readFrom && { readFrom }) })
    }
  }
  return { attached: attached.sort(byName), withheld: withheld.sort(byName) }
}

/** A credential is for a host when the deciding rule names it or its own hosts do. */
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

/** A rule or a changed definition does not widen what the value was sealed for. */
function whyNotHere({ bound, hosts }: Credential, { host, port }: Recipient): string | undefined {
  for (const patterns of [hosts, bound]) {
    if (patterns !== undefined && bestMatch(patterns, host, port) === undefined) return onlyFor(patterns)
  }
  return undefined
}

export function onlyFor(patterns: readonly HostPattern[]): string {
  return `it is for ${patterns.map(({ text }) => text).join(', ')} alone`
}

function whyWithheld(
  { source, allowHttp, place }: Credential,
  { scheme, host, site }: Recipient,
  rule: Decided | undefined,
): string | undefined {
  const clear = rule?.rule.allowHttp ?? allowHttp ?? false
  if (scheme !== 'https' && !clear && !isLoopbackHost(host)) return 'not over plain http (allowHttp)'
  // Credentials know no SameSite: with them any page that a browser shows could act as the user.
  if (site === 'cross-site') return 'cross-site request'
  // A value that got in by another way than `token set` must not become a header line or brick the host either.
  if (place.in === 'header' && source.from === 'value' && !isFieldValue(source.value.reveal())) return unfit
  if (source.from === 'placeholder' && !isFieldValue(utf8Bytes(source.value.reveal()))) return unfit
  return undefined
}

const unfit = 'its value has characters that no header may have'

/** Why its value holds no more, where nothing but the page that made it makes another. */
function endOf({ freshness, readFrom }: Credential, now: number) {
  if (freshness?.endsAt === undefined || readFrom === undefined || freshness.endsAt > now) return undefined
  const since = ago(now - (freshness.expiresAt ?? freshness.endsAt))
  const reason = `expired ${since}: hallpass login ${readFrom.signInAt}`
  return { reason, freshness: { ...freshness, needsLogin: reason } }
}

function isBefore(a: Candidate, b: Candidate): boolean {
  return a.rank === b.rank ? a.credential.name < b.credential.name : a.rank > b.rank
}

function lost(winner: Candidate, place: string): string {
  return `${winner.credential.name} goes before it in ${place} (${winner.by})`
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0
}
