import { placeText } from '../credentials/credential.ts'
import type { Freshness, ReadFrom } from '../credentials/kind.ts'
import type { CredentialDefinition } from '../credentials/kinds.ts'
import { Secret } from '../secret.ts'
import type { HeldCredential } from './held-credential.ts'

/** A credential without its value, as lists show it. */
export interface CredentialSummary {
  readonly name: string
  readonly kind: string
  readonly hosts: readonly string[]
  /** `authorization`, `?key`. */
  readonly place: string | undefined
  readonly origin: 'session' | 'configuration' | 'both'
  /** Whether it has everything that it needs to be attached. */
  readonly present: boolean
  readonly fingerprint: string | undefined
  /** RFC 3339. */
  readonly updatedAt: string | undefined
  /** Why it cannot be used. */
  readonly problem: string | undefined
  /**
   * Nothing in it is secret.
   * @internal
   */
  readonly definition: CredentialDefinition | undefined
  /** Set when the value has an end. */
  readonly freshness: Freshness | undefined
  /** The place where its value is read. */
  readonly readFrom: ReadFrom | undefined
}

export function summaryOf({
  credential,
  problem,
  print,
  name,
  kind,
  hosts,
  origin,
  updatedAt,
  definition,
}: HeldCredential): CredentialSummary {
  return {
    name,
    kind,
    hosts,
    origin,
    updatedAt,
    // It came from the schema of its kind.
    definition: definition as CredentialDefinition | undefined,
    freshness: credential?.freshness,
    readFrom: credential?.readFrom,
    place: credential && placeText(credential.place),
    present: credential !== undefined && credential.source.from !== 'nothing',
    fingerprint: fingerprintOf(print?.()),
    problem:
      problem instanceof Error
        ? problem.message
        : credential?.source.from === 'nothing'
          ? credential.source.reason
          : undefined,
  }
}

function fingerprintOf(value: string | undefined): string | undefined {
  return value === undefined || value === '' ? undefined : new Secret(value).fingerprint()
}
