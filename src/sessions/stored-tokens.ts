import type { SealedPart } from '../credentials/credential.ts'
import type { Definition } from '../credentials/kind.ts'
import { readWebStorage, type WebStorageDefinition } from '../credentials/web-storage.ts'
import { sitePatterns } from '../plan/site-patterns.ts'
import type { Store } from '../store/store.ts'
import type { Sealed } from './sealed-credential.ts'
import { hostOfOrigin, SessionStorage } from './session-storage.ts'

/** Tokens that are read from the captured web storage of one session, each time that it changes. */
export class StoredTokens {
  readonly #storage: SessionStorage
  /** Whose storage was read for them. */
  readonly #origins = new Set<string>()

  constructor(store: Store, session: string) {
    this.#storage = new SessionStorage(store, session)
  }

  get areRead(): boolean {
    return this.#origins.size > 0
  }

  /** Differ whenever something does that was read. */
  stamps(): readonly string[] {
    return [...this.#origins].map((origin) => this.#storage.stamp(origin) ?? 'none')
  }

  /** @returns a reason when there is none */
  async read(definition: WebStorageDefinition, sealed: Sealed | undefined): Promise<SealedPart | string> {
    const { origin } = definition
    this.#origins.add(origin)
    const secret = readWebStorage(definition, await this.#storage.get(origin))
    if (typeof secret === 'string')
      return `${secret} in the web storage of ${origin}: hallpass login ${origin}`
    // The configuration is not sealed: what could be written there must not send a page's token to a stranger.
    return { bound: sealed?.hosts ?? sitePatterns(hostOfOrigin(origin)), secret }
  }
}

export function isWebStorage(definition: Definition): definition is WebStorageDefinition {
  return definition.kind === 'web-storage'
}
