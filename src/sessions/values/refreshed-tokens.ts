import type { Definition } from '../../credentials/kind.ts'
import { isOAuth2, type OAuth2Definition, type OAuth2Value } from '../../credentials/oauth2.ts'
import type { Records } from '../../store/store.ts'
import { isOfOtherServer, type Sealed } from '../sealed-credential.ts'
import { SealedTokens } from './sealed-tokens.ts'
import { parseSecret, sealedSecret } from './sealed-value.ts'
import type { FoundValue, PlacedValue, ValuePlace } from './value-place.ts'

const otherServer = 'its tokens came from another authorization server than the configuration names'

/** Tokens in the record of their credential, where a refresh replaces them. While the disk fails, the new ones are in memory. */
export class RefreshedTokens implements ValuePlace {
  readonly #store: Records
  readonly #session: string
  readonly #now: () => number
  /** By name of the credential. */
  readonly #tokens = new Map<string, SealedTokens>()
  /** Counts the changes that are only in memory. */
  #generation = 0

  constructor(store: Records, session: string, now: () => number) {
    this.#store = store
    this.#session = session
    this.#now = now
  }

  of(name: string, definition: Definition): PlacedValue | undefined {
    if (!isOAuth2(definition)) return undefined
    return {
      read: async (sealed) => sealed && this.#read(name, definition, sealed),
      parse: (text, now) => parseSecret(definition, text, now),
      refreshable: { definition, record: this.tokensOf(name).of(definition) },
    }
  }

  stamp(): string {
    return this.#generation === 0 ? '' : `${this.#generation}`
  }

  tokensOf(name: string): SealedTokens {
    const known = this.#tokens.get(name)
    if (known !== undefined) return known
    const id = { kind: 'credential', session: this.#session, name } as const
    const changed = () => void this.#generation++
    const tokens = new SealedTokens(this.#store, id, { now: this.#now, changed })
    this.#tokens.set(name, tokens)
    return tokens
  }

  /** Tries once more to save every unsaved change. */
  async flush(): Promise<void> {
    await Promise.all([...this.#tokens.values()].map((tokens) => tokens.flush()))
  }

  async #read(name: string, definition: OAuth2Definition, sealed: Sealed): Promise<FoundValue> {
    // The schema of the kind checked it.
    const secret = (await sealedSecret(name, definition, sealed)) as OAuth2Value
    const value = { bound: sealed.hosts, secret: this.tokensOf(name).over(secret) }
    return isOfOtherServer(definition, sealed) ? { ...value, needsLogin: otherServer } : value
  }
}
