import type { Authority } from '../certs/authority.ts'
import type { Home } from '../store/home.ts'
import type { KeyRing } from '../store/keyring.ts'

/** `note` is worth knowing and stops nobody; `bad` stops this user, and doctor exits with 1. */
export type Verdict = 'good' | 'note' | 'bad'

/** One fact and one remedy. The remedy is a command, if there is one, written `hallpass …`. */
export interface Finding {
  readonly verdict: Verdict
  readonly fact: string
  readonly remedy?: string
}

export interface Patient {
  readonly home: Home
  readonly env: NodeJS.ProcessEnv
  readonly configFile: string | undefined
  readonly now: number
  /** Each part is opened once, with only the parts below it: damage to one must not hide damage to another. */
  keys(): Promise<KeyRing>
  authority(): Promise<Authority>
}

/** A check is one file of this shape, listed in checks.ts. */
export interface Check {
  readonly name: string
  examine(patient: Patient): Promise<readonly Finding[]>
}

export function good(fact: string): Finding {
  return { verdict: 'good', fact }
}

export function note(fact: string, remedy?: string): Finding {
  return { verdict: 'note', fact, ...(remedy === undefined ? {} : { remedy }) }
}

export function bad(fact: string, remedy?: string): Finding {
  return { verdict: 'bad', fact, ...(remedy === undefined ? {} : { remedy }) }
}
