import { type Credential, credentialOf } from '../credentials/credential.ts'
import type { Definition } from '../credentials/kind.ts'
import { kindOf } from '../credentials/kinds.ts'
import { messageOf } from '../errors.ts'
import type { Sealed } from './sealed-credential.ts'
import type { Found } from './values/value-place.ts'

/** A credential with its parts. */
export interface HeldCredential {
  readonly name: string
  readonly kind: string
  readonly hosts: readonly string[]
  /** Nothing in it is secret. undefined when it cannot be read. */
  readonly definition: Definition | undefined
  readonly origin: 'session' | 'configuration' | 'both'
  /** undefined when the record cannot be used. */
  readonly credential: Credential | undefined
  /** Returns the secret as `token set` took it, for tokens the access token. undefined without a value. */
  readonly print: (() => string) | undefined
  /** RFC 3339; undefined without a sealed record. */
  readonly updatedAt: string | undefined
  readonly problem: unknown
}

/** @param both whether the configuration and the session each have a part of it */
export function heldOf(
  name: string,
  definition: Definition | undefined,
  found: Found,
  sealed: Sealed | undefined,
  both = definition !== undefined && sealed !== undefined,
): HeldCredential {
  const kind = definition === undefined ? undefined : kindOf(definition.kind)
  const print = kind?.secret?.print ?? kind?.print
  const unread = typeof found === 'object' && 'problem' in found ? found : undefined
  const usable = typeof found === 'object' && 'secret' in found ? found : undefined
  const lacking = typeof found === 'object' && 'lacking' in found ? found : undefined
  const reason = unread ? messageOf(unread.problem) : typeof found === 'string' ? found : lacking?.lacking
  const made = definition && kind && credentialOf(name, definition, kind, usable ?? reason)
  const freshness = usable?.freshness ?? lacking?.freshness
  const credential = made && freshness ? { ...made, freshness } : made
  return {
    name,
    kind: kind?.kind ?? 'unknown',
    hosts: (definition?.hosts ?? usable?.bound ?? []).map(({ text }) => text),
    definition,
    origin: both ? 'both' : sealed === undefined ? 'configuration' : 'session',
    credential:
      credential && usable?.needsLogin !== undefined
        ? withoutRefreshing(credential, usable.needsLogin)
        : credential,
    print: print && usable ? () => print(usable.secret) : undefined,
    updatedAt: sealed?.updatedAt,
    problem: unread?.problem,
  }
}

function withoutRefreshing(credential: Credential, needsLogin: string): Credential {
  if (credential.freshness === undefined) return credential
  const { dueAt: _, ...freshness } = credential.freshness
  return { ...credential, freshness: { ...freshness, refreshable: false, needsLogin } }
}
