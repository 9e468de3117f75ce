import { placeText } from '../../../credentials/credential.ts'
import { fromWire } from '../../../documents/from-wire.ts'
import type { ShownCredential, ShownExplanation } from '../../../sessions/shown-explanation.ts'
import { lifeText } from '../token/freshness-text.ts'

/** A label and a text for each line: what is attached, what is withheld, and why. */
export function explanationRows(explanation: ShownExplanation, now: number): [label: string, text: string][] {
  const { policy, rule, cookies, credentials, known } = explanation
  const rows: [string, string][] = [['session', explanation.session]]
  if (!known && !policy.allowed) {
    rows.push(['host', `unknown: ${explanation.knownWhy}`], ['policy', `refused with 403: ${policy.reason}`])
    return rows
  }
  if (!known) {
    rows.push(['host', `passes through untouched: ${explanation.knownWhy}`])
    return rows
  }
  rows.push(['host', `known: ${explanation.knownWhy}`])
  if (rule !== undefined) rows.push(['rule', `${rule.pattern} (${rule.why})`])
  if (!policy.allowed) rows.push(['policy', `refused with 403: ${policy.reason}`])
  if (explanation.from !== undefined) rows.push(['page', `${explanation.from} (${pages[explanation.site]})`])
  if (explanation.removesRerouting) rows.push(['removed', rerouting])
  const names = cookies.attached.map(({ name }) => fromWire(name))
  if (names.length + cookies.withheld.length > 0) {
    const withheld = cookies.withheld.map(({ name, reason }) => `${fromWire(name)} (${reason})`)
    rows.push(['cookies', attachedAndWithheld(names, withheld)])
  }
  for (const credential of credentials.attached) rows.push(credentialRow(credential, now))
  for (const { name, kind, reason } of credentials.withheld)
    rows.push(['withheld', `${name} (${kind}): ${reason}`])
  // The faults of what is withheld stand there.
  for (const { name, reason } of explanation.faults)
    if (!credentials.withheld.some((credential) => credential.name === name))
      rows.push(['fault', `${name}: ${reason}`])
  for (const { name, placeholder, reason } of explanation.guards)
    rows.push(['refused', `a request with the placeholder ${placeholder} (${name}): ${reason}`])
  if (names.length + credentials.attached.length === 0 && policy.allowed) rows.push(['attached', 'nothing'])
  if (policy.allowed) rows.push(['reveal', revealed[explanation.reveal]])
  return rows
}

const pages = {
  'same-site': 'it may use the session: it is of the same site, or the rule trusts it',
  'cross-site': 'another site: only cookies with SameSite=None go on',
  'cross-site-navigation': 'a link of another site: no cookie with SameSite=Strict goes on',
} as const

const rerouting =
  'fields and parameters that name another method or path (X-HTTP-Method-Override, X-Original-URL, ?_method): the rule has allow'

const revealed = {
  script: 'script: the client sees new cookies, except http-only ones',
  none: 'none: the client sees no new cookies',
  all: 'all: the client sees all new cookies',
} as const

function attachedAndWithheld(attached: readonly string[], withheld: readonly string[]): string {
  const on = attached.length === 0 ? 'none' : attached.join(', ')
  return withheld.length === 0 ? on : `${on}        withheld: ${withheld.join(', ')}`
}

function credentialRow(credential: ShownCredential, now: number): [label: string, text: string] {
  const { name, kind, place, source, override, condition, freshness, readFrom } = credential
  const notes = [
    name,
    ...(readFrom ? [readFrom.what] : []),
    ...(freshness ? [lifeText(freshness, now)] : []),
    ...(source.from === 'signature' ? [kind, covered[source.covers]] : []),
    ...(override ? [] : ['unless the client sends its own']),
    ...(condition ? [condition] : []),
  ]
  const noted = (text: string) => `${text} (${notes.join(', ')})`
  switch (source.from) {
    case 'cookie':
      return ['mirror', noted(`${placeText(place)} from ${source.cookie}`)]
    case 'signature':
      return ['signature', noted(placeText(place))]
    case 'placeholder':
      return ['placeholder', noted(source.placeholder)]
    case 'value':
      return [place.in, noted(placeText(place))]
  }
}

const covered = {
  form: 'over the head and a form in the body',
  hash: 'over the head and the body',
} as const
