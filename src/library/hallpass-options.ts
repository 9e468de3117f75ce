import type { Authority } from '../certs/authority.ts'
import type { Log } from '../log.ts'
import type { Refresher } from '../oauth/refresher.ts'
import type { TokenFetch } from '../oauth/token-fetch.ts'
import type { CredentialInput } from '../sessions/merge-credential.ts'
import type { Sessions } from '../sessions/sessions.ts'
import type { FileStore } from '../store/file.ts'
import type { Home } from '../store/home.ts'
import type { KeyRing } from '../store/keyring.ts'
import type { LiveConfig } from './live-config.ts'

export interface HallpassParts {
  readonly home: Home
  readonly keys: KeyRing
  readonly store: FileStore
  readonly config: LiveConfig
  readonly sessions: Sessions
  readonly authority: Authority
  readonly refresher: Refresher
  readonly tokenFetch: TokenFetch
  readonly created: { readonly home: boolean; readonly key: boolean; readonly authority: boolean }
  readonly env: NodeJS.ProcessEnv
  readonly sessionName: string
}

/** A credential without its value, as in the configuration: `{ kind: 'bearer', hosts: ['api.example.com'] }`. */
export type TokenDefinition = CredentialInput & { readonly kind: string }

export interface StartOptions {
  /** By default the address in the configuration. Port 0 takes a free port. Beyond loopback only with `listenBeyondLoopback`. */
  readonly listen?: { readonly host: string; readonly port: number }
  /** Clients without a token get the session. Only on loopback. */
  readonly noAuth?: boolean
  /**
   * Without it the proxy logs nothing.
   * @internal
   */
  readonly log?: Log
  /**
   * Spells the commands in hints, which begin with `hallpass`, as the user types them here, for the session of the request.
   * @internal
   */
  readonly spell?: (hint: string, session?: string) => string
}

export interface ClearOptions {
  readonly credentials?: boolean
}
