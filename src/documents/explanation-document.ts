import { placeText } from '../credentials/credential.ts'
import type { RunScope } from '../plan/run-scope.ts'
import type { ShownCredential, ShownExplanation } from '../sessions/shown-explanation.ts'
import type { Document, Spell } from './document.ts'
import { fromWire } from './from-wire.ts'
import { timeOf } from './time-of.ts'

/** What decided beside the session. */
export interface ExplainedUnder {
  readonly spell: Spell
  /** The configuration file. */
  readonly configuration: string | undefined
  /** The scope of the client token, if it has one. */
  readonly scope: RunScope | undefined
  /** The settings in which a running proxy differs; undefined if none runs. */
  readonly otherSettings: readonly string[] | undefined
}

/** `explain` */
export function explanationDocument(explanation: ShownExplanation, under: ExplainedUnder) {
  const { spell } = under
  const { policy, rule, cookies, credentials } = explanation
  return {
    schema: 'hallpass.explain/1',
    session: explanation.session,
    url: explanation.url,
    method: explanation.method,
    from: explanation.from ?? null,
    site: explanation.site,
    known: explanation.known,
    known_why: explanation.knownWhy,
    policy: policy.allowed ? { allowed: true, reason: null } : { allowed: false, reason: policy.reason },
    rule: rule === undefined ? null : { index: rule.index, pattern: rule.pattern, why: rule.why },
    removes_rerouting: explanation.removesRerouting,
    reveal: explanation.reveal,
    cookies: {
      attached: cookies.attached.map(({ name, expiresAt, fingerprint }) => ({
        name: fromWire(name),
        present: true,
        expires: timeOf(expiresAt),
        fingerprint,
      })),
      withheld: cookies.withheld.map(({ name, reason }) => ({ name: fromWire(name), reason })),
    },
    credentials: {
      attached: credentials.attached.map(attachedFields),
      withheld: credentials.withheld.map(({ name, kind, reason }) => ({ name, kind, reason: spell(reason) })),
    },
    faults: explanation.faults.map(({ name, reason }) => ({ name, reason: spell(reason) })),
    refused_placeholders: explanation.guards.map(({ name, placeholder, reason }) => {
      return { name, placeholder, reason }
    }),
    configuration: under.configuration ?? null,
    scope: under.scope ?? null,
    running_proxy: under.otherSettings === undefined ? null : { other_settings: under.otherSettings },
  } as const satisfies Document
}

function attachedFields({
  name,
  kind,
  place,
  override,
  condition,
  source,
  freshness,
  readFrom,
}: ShownCredential) {
  return {
    name,
    kind,
    place: placeText(place),
    override,
    condition: condition ?? null,
    read_from: readFrom?.what ?? null,
    expires: timeOf(freshness?.expiresAt),
    refresh_at: timeOf(freshness?.dueAt),
    needs_login: freshness?.needsLogin ?? null,
    signs_body: source.from === 'signature' ? source.covers : null,
    placeholder: source.from === 'placeholder' ? source.placeholder : null,
  }
}
