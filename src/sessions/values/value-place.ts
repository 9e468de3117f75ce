import type { SealedPart } from '../../credentials/credential.ts'
import type { Definition, Freshness } from '../../credentials/kind.ts'
import type { OAuth2Definition } from '../../credentials/oauth2.ts'
import { HallpassError } from '../../errors.ts'
import type { RefreshOutcome, RefreshReason, TokenRecord } from '../../oauth/refresher.ts'
import type { Sealed } from '../sealed-credential.ts'

/** A place where values of credentials live. Each place is one file of this shape, listed in value-places.ts. */
export interface ValuePlace {
  /** The value of a credential in this place; undefined for a credential whose value lives elsewhere. */
  of(name: string, definition: Definition): PlacedValue | undefined
  /** Changes with each value that was read here. The record of a credential has a stamp of its own. */
  stamp(): string
}

/** The value of one credential. */
export interface PlacedValue {
  /**
   * The value as it is now. Throws `record-damaged` when the record is damaged.
   * @param sealed the record of the credential
   */
  read(sealed: Sealed | undefined): Promise<Found>
  /**
   * Makes the sealed secret from the text that a person gave.
   * @throws HallpassError `value-invalid`; `usage` when nothing can be set here
   */
  parse(text: string | undefined, now: number): unknown
  /** How the value is refreshed, or the reason why it is not. */
  readonly refreshable: Refreshable | string
}

/** A value, the reason why it is missing, or undefined when it was never set. */
export type Found = FoundValue | LackingValue | UnreadValue | string | undefined

export interface FoundValue extends SealedPart {
  /** Why the value is not refreshed before the next login. */
  readonly needsLogin?: string
  /** Of a value whose kind knows no freshness. */
  readonly freshness?: Freshness
}

/** A value that its place obtained. */
export type ObtainedValue = Required<Pick<FoundValue, 'secret' | 'freshness'>>

/** A value that its place can obtain and does not have. */
export interface LackingValue {
  /** Why not. */
  readonly lacking: string
  readonly freshness: Freshness
}

/** A value that is there and cannot be read: a request to the hosts of its credential fails. */
export interface UnreadValue {
  readonly problem: unknown
}

/** How a value is replaced: an authorization server refreshes tokens, or the place obtains another value. */
export type Refreshable = RefreshableTokens | { again(why: RefreshReason): Promise<RefreshOutcome> }

/** How the tokens of an oauth2 credential are refreshed. */
export interface RefreshableTokens {
  readonly definition: OAuth2Definition
  readonly record: TokenRecord
}

/** @param what names the sort of credential */
export function nothingToSet(what: string, text: string | undefined): undefined {
  if (text !== undefined && text !== '') throw new HallpassError('usage', `${what} has no value of its own`)
  return undefined
}
