import type { Definition } from '../../credentials/kind.ts'
import { readWebStorage, type WebStorageDefinition } from '../../credentials/web-storage.ts'
import { sitePatterns } from '../../plan/site-patterns.ts'
import type { Sealed } from '../sealed-credential.ts'
import { hostOfOrigin, type SessionStorage } from '../session-storage.ts'
import { type Found, nothingToSet, type PlacedValue, type ValuePlace } from './value-place.ts'

/** Tokens in the captured web storage of the session, where pages keep them. */
export class WebStorageTokens implements ValuePlace {
  readonly #storage: SessionStorage
  /** The origins whose storage was read. */
  readonly #origins = new Set<string>()

  constructor(storage: SessionStorage) {
    this.#storage = storage
  }

  of(_: string, definition: Definition): PlacedValue | undefined {
    if (!isWebStorage(definition)) return undefined
    return {
      read: (sealed) => this.#read(definition, sealed),
      parse: (text) => nothingToSet('a credential of the kind web-storage', text),
      refreshable: 'its kind knows no refreshing',
    }
  }

  stamp(): string {
    return [...this.#origins].map((origin) => this.#storage.stamp(origin) ?? 'none').join()
  }

  async #read(definition: WebStorageDefinition, sealed: Sealed | undefined): Promise<Found> {
    const { origin } = definition
    this.#origins.add(origin)
    try {
      const secret = readWebStorage(definition, await this.#storage.get(origin))
      if (typeof secret === 'string')
        return `${secret} in the web storage of ${origin}: hallpass login ${origin}`
      // The configuration is not sealed. An attacker who can write to it must not have a page's token sent to another site.
      return { bound: sealed?.hosts ?? sitePatterns(hostOfOrigin(origin)), secret }
    } catch (problem) {
      return { problem }
    }
  }
}

function isWebStorage(definition: Definition): definition is WebStorageDefinition {
  return definition.kind === 'web-storage'
}
