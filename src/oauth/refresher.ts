import type { OAuth2Definition, OAuth2Value } from '../credentials/oauth2.ts'
import type { Log } from '../log.ts'
import type { Secret } from '../secret.ts'
import type { TokenFetch } from './token-fetch.ts'

/** The sealed record of one oauth2 credential. */
export interface TokenRecord {
  /** As it is now; undefined when there is none. */
  read(): Promise<OAuth2Value | undefined>
  /** Holds the record's lock among all processes during `work`. `save` is durable when it resolves. */
  exclusive<T>(work: (held: HeldTokens) => Promise<T>): Promise<T>
}

export interface HeldTokens {
  readonly value: OAuth2Value
  save(next: OAuth2Value): Promise<void>
}

export type RefreshReason =
  | { readonly because: 'due' }
  | { readonly because: 'expired' }
  /** An origin answered 401 to this access token. */
  | { readonly because: 'rejected'; readonly accessToken: Secret }
  /** Somebody typed it. */
  | { readonly because: 'asked' }

export type RefreshOutcome =
  | { readonly kind: 'refreshed' }
  /** Another had done it. */
  | { readonly kind: 'adopted' }
  /** Backing off, or it is not known whether the refresh token has been replaced and the access token lives. */
  | { readonly kind: 'waiting'; readonly retryAt: number; readonly reason: string }
  | { readonly kind: 'needs-login'; readonly reason: string }
  | { readonly kind: 'not-refreshable'; readonly reason: string }

export interface RefresherOptions {
  readonly fetch: TokenFetch
  readonly now: () => number
  readonly log: Log
}

/** Refreshes tokens, each once. */
export class Refresher {
  readonly #options: RefresherOptions

  constructor(options: RefresherOptions) {
    this.#options = options
  }

  /** @param key of the record, for this process */
  async refresh(
    _key: string,
    _record: TokenRecord,
    _definition: OAuth2Definition,
    _why: RefreshReason,
  ): Promise<RefreshOutcome> {
    void this.#options
    return { kind: 'not-refreshable', reason: 'not yet' }
  }
}
