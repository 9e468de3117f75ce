import type { OpenOptions } from '../../../index.ts'
import type { GlobalFlags } from '../../global-flags.ts'

/** The options of `start`. */
export interface StartRequest {
  readonly session: string
  /** The state folder, absolute, if `--home` named it: the hints of the proxy then name it too. */
  readonly place: Pick<GlobalFlags, 'home'>
  readonly noAuth: boolean
  readonly config: NonNullable<OpenOptions['config']>
}

/** The request to a process in the background. It goes over a channel: process lists and environments do not show it. */
export interface BackgroundRequest extends StartRequest {
  readonly home: string
  readonly configFile?: string
  readonly passphrase?: string
}

export interface Started {
  readonly pid: number
  readonly host: string
  readonly port: number
  /** As `RunningProxy` has it. */
  readonly upstream: readonly string[]
}

/** The answer of the process in the background. */
export type Report =
  | ({ readonly kind: 'started' } & Started)
  | { readonly kind: 'failed'; readonly code: string; readonly message: string; readonly hint?: string }
