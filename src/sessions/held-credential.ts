import { type Credential, credentialOf, type SealedPart } from '../credentials/credential.ts'
import type { Definition } from '../credentials/kind.ts'
import { kindOf } from '../credentials/kinds.ts'
import type { OAuth2Definition } from '../credentials/oauth2.ts'
import type { Sealed } from './sealed-credential.ts'

/** A credential with its parts, for those who administer it. */
export interface HeldCredential {
  readonly name: string
  readonly kind: string
  readonly hosts: readonly string[]
  /** Nothing of it is secret. undefined when it could not be read. */
  readonly definition: Definition | undefined
  readonly origin: 'session' | 'configuration' | 'both'
  /** undefined when what is sealed could not be used. */
  readonly credential: Credential | undefined
  /** As `token set` took it, for tokens the access token; undefined without a value. It holds the secret. */
  readonly print: (() => string) | undefined
  /** RFC 3339; undefined without a sealed record. */
  readonly updatedAt: string | undefined
  readonly problem: unknown
}

/** @param both whether configuration and session each have their part in it */
export function heldOf(
  name: string,
  definition: Definition | undefined,
  part: SealedPart | string | undefined,
  sealed: Sealed | undefined,
  both = definition !== undefined && sealed !== undefined,
): HeldCredential {
  const kind = definition === undefined ? undefined : kindOf(definition.kind)
  const print = kind?.secret?.print ?? kind?.print
  const usable = typeof part === 'object' ? part : undefined
  return {
    name,
    kind: kind?.kind ?? 'unknown',
    hosts: (definition?.hosts ?? usable?.bound ?? []).map(({ text }) => text),
    definition,
    origin: both ? 'both' : sealed === undefined ? 'configuration' : 'session',
    credential: definition && kind ? credentialOf(name, definition, kind, part) : undefined,
    print: print && usable ? () => print(usable.secret) : undefined,
    updatedAt: sealed?.updatedAt,
    problem: undefined,
  }
}

export function isOAuth2(definition: Definition | undefined): definition is OAuth2Definition {
  return definition?.kind === 'oauth2'
}
