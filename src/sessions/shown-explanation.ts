import type { PlannedCredential } from '../plan/choose-credentials.ts'
import { Secret } from '../secret.ts'
import type { Explanation } from './session.ts'

/** A credential that goes on, without its value. */
export type ShownCredential = Omit<PlannedCredential, 'source' | 'secrets'> & {
  readonly source:
    | { readonly from: 'value' }
    | { readonly from: 'cookie'; readonly cookie: string }
    | { readonly from: 'placeholder'; readonly placeholder: string }
    | { readonly from: 'signature'; readonly covers: 'form' | 'hash' }
}

/** An explanation without values, as JSON can carry it. */
export interface ShownExplanation
  extends Pick<
    Explanation,
    | 'session'
    | 'url'
    | 'method'
    | 'from'
    | 'site'
    | 'known'
    | 'knownWhy'
    | 'policy'
    | 'removesRerouting'
    | 'rule'
    | 'reveal'
    | 'guards'
    | 'faults'
  > {
  readonly cookies: {
    readonly attached: readonly {
      readonly name: string
      /** Milliseconds since the epoch. */
      readonly expiresAt?: number
      readonly fingerprint: string
    }[]
    readonly withheld: Explanation['cookies']['withheld']
  }
  readonly credentials: {
    readonly attached: readonly ShownCredential[]
    readonly withheld: Explanation['credentials']['withheld']
  }
}

export function showExplanation(explanation: Explanation): ShownExplanation {
  const { session, url, method, from, site, known, knownWhy, policy } = explanation
  const { removesRerouting, rule, reveal, cookies, credentials, faults, guards } = explanation
  return {
    ...{ session, url, method, site, known, knownWhy, policy, removesRerouting, reveal, faults, guards },
    ...(from !== undefined && { from }),
    ...(rule && { rule }),
    cookies: {
      attached: cookies.attached.map(({ name, value, expiresAt }) => ({
        name,
        ...(expiresAt !== undefined && { expiresAt }),
        fingerprint: new Secret(value).fingerprint(),
      })),
      withheld: cookies.withheld,
    },
    credentials: {
      attached: credentials.attached.map(({ source, secrets: _, ...credential }) => ({
        ...credential,
        source: showSource(source),
      })),
      withheld: credentials.withheld,
    },
  }
}

function showSource(source: PlannedCredential['source']): ShownCredential['source'] {
  switch (source.from) {
    case 'value':
      return { from: 'value' }
    case 'cookie':
      return { from: 'cookie', cookie: source.cookie }
    case 'placeholder':
      return { from: 'placeholder', placeholder: source.placeholder }
    case 'signature':
      return { from: 'signature', covers: source.signer.covers }
  }
}
