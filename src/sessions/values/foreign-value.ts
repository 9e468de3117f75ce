import type { LackingValue, ObtainedValue } from './value-place.ts'

/** A value that something else writes, with its end, if it says when it ends. */
export interface ForeignValue {
  readonly secret: unknown
  /** In ms since the epoch. */
  readonly expiresAt?: number | undefined
}

/** Why a file or a text gives no value. */
export interface Fault {
  /** Follows the name of the file: `is empty`. */
  readonly fault: string
  /** `unreadable`: its owner may be writing it, since it is empty or cut. `missing`: its owner may be about to write it. */
  readonly passing: 'unreadable' | 'missing' | false
  /** Where a token may be instead. */
  readonly places?: readonly string[]
}

/** As a request finds it: nothing here can replace the value. */
export function foundForeign(value: ForeignValue | string): ObtainedValue | LackingValue {
  const known = { refreshable: false, refreshes: 0 }
  if (typeof value === 'string')
    return { lacking: `needs login: ${value}`, freshness: { ...known, needsLogin: value } }
  const { secret, expiresAt } = value
  return { secret, freshness: { ...known, ...(expiresAt !== undefined && { expiresAt }) } }
}
