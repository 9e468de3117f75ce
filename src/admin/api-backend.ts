import type { Sessions } from '../sessions/sessions.ts'
import type { Home } from '../store/home.ts'
import type { Store } from '../store/store.ts'

/** The running proxy, as the documented routes need it. */
export interface ApiBackend {
  readonly sessions: Sessions
  readonly store: Store
  readonly home: Home
  readonly version: string
  /** Spells the commands of a hint, for this session. */
  readonly spell: (hint: string, session?: string) => string
  readonly now: () => number
  /** The configuration file in force. */
  configFile(): string | undefined
  /** The value for HTTPS_PROXY, with the client token of the session. */
  proxyUrl(session: string): Promise<string>
  /** Writes to the log that a client got values, and of what. */
  noteRevealed(session: string, what: string): void
}
