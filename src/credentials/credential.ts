import type { HostPattern } from '../rules/host-pattern.ts'
import { Secret } from '../secret.ts'
import type { Attachment, Definition, Freshness, Kind, Place, ReadFrom } from './kind.ts'
import type { Signer } from './signer.ts'
import { readFromSource } from './value-source.ts'

/** A credential as a request meets it: where it may go, and its value or the reason why it has no value. */
export interface Credential {
  readonly name: string
  readonly kind: string
  /** The hosts of its definition; without them it goes only where a rule names it. */
  readonly hosts: readonly HostPattern[] | undefined
  /** Hosts that were sealed together with the value. No configuration sends the value to another one. */
  readonly bound: readonly HostPattern[] | undefined
  readonly override: boolean | undefined
  readonly allowHttp: boolean | undefined
  readonly place: Place
  readonly source: CredentialSource
  /** For the log to cut out. */
  readonly secrets: readonly Secret[]
  /** Of a value that ends. */
  readonly freshness?: Freshness
  readonly readFrom?: ReadFrom
}

export type CredentialSource =
  | { readonly from: 'value'; readonly value: Secret }
  | { readonly from: 'cookie'; readonly cookie: string }
  | { readonly from: 'signature'; readonly signer: Signer }
  /** The value goes where the client put the placeholder. */
  | { readonly from: 'placeholder'; readonly placeholder: string; readonly value: Secret }
  /** There is no value to send. */
  | { readonly from: 'nothing'; readonly reason: string }

/** The sealed part of a credential, after parsing. */
export interface SealedPart {
  readonly bound: readonly HostPattern[] | undefined
  readonly secret: unknown
}

/**
 * A definition and its value.
 * @param sealed undefined when no value was ever set; a string says why the sealed value cannot be used
 */
export function credentialOf(
  name: string,
  definition: Definition,
  kind: Kind,
  sealed: SealedPart | string | undefined,
): Credential {
  const freshness = typeof sealed === 'object' ? kind.freshness?.(definition, sealed.secret) : undefined
  const readFrom = kind.readFrom?.(definition) ?? readFromSource(definition)
  return {
    name,
    kind: kind.kind,
    hosts: definition.hosts,
    bound: typeof sealed === 'object' ? sealed.bound : undefined,
    override: definition.override,
    allowHttp: definition.allowHttp,
    place: kind.place(definition),
    source: sourceOf(name, definition, kind, sealed),
    secrets: typeof sealed === 'object' ? kind.secrets(sealed.secret).map((text) => new Secret(text)) : [],
    ...(freshness && { freshness }),
    ...(readFrom && { readFrom }),
  }
}

function sourceOf(
  name: string,
  definition: Definition,
  kind: Kind,
  sealed: SealedPart | string | undefined,
): CredentialSource {
  if (typeof sealed === 'string') return { from: 'nothing', reason: sealed }
  if (kind.secret !== undefined && sealed === undefined)
    return { from: 'nothing', reason: `no value: hallpass token set ${name}` }
  const attachment: Attachment = kind.attach(definition, sealed?.secret)
  if ('nothing' in attachment) return { from: 'nothing', reason: attachment.nothing }
  if ('cookie' in attachment) return { from: 'cookie', cookie: attachment.cookie }
  if ('sign' in attachment) return { from: 'signature', signer: attachment.sign }
  const value = new Secret(attachment.value)
  if (!('placeholder' in attachment)) return { from: 'value', value }
  return { from: 'placeholder', placeholder: attachment.placeholder, value }
}

/** `authorization`, `?key`, `placeholder:ghp_dummy`: a place as explain and lists name it. */
export function placeText(place: Place): string {
  if (place.in === 'header') return place.name.toLowerCase()
  return place.in === 'query' ? `?${place.name}` : `placeholder:${place.name}`
}
