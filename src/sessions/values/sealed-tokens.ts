import { type OAuth2Definition, type OAuth2Value, oauth2 } from '../../credentials/oauth2.ts'
import { HallpassError } from '../../errors.ts'
import type { HeldTokens, TokenRecord } from '../../oauth/refresher.ts'
import type { HeldRecord, Json, RecordId, Records } from '../../store/store.ts'
import { SaveRetry } from '../save-retry.ts'
import {
  damagedCredential,
  isOfOtherServer,
  missingCredential,
  type Sealed,
  sealedSchema,
} from '../sealed-credential.ts'

/** New tokens that the disk did not take, and the tokens of the record that they replace. */
interface Unsaved {
  readonly over: OAuth2Value
  readonly value: OAuth2Value
}

/**
 * The tokens of one oauth2 credential: the sealed ones, with the unsaved ones over them. While there are unsaved ones, the
 * refresh token on disk has been replaced, and this process never sends it again.
 */
export class SealedTokens {
  readonly #store: Records
  readonly #id: RecordId
  readonly #now: () => number
  readonly #changed: () => void
  #unsaved: Unsaved | undefined
  readonly #retry = new SaveRetry(() => void this.#tryAgain())

  /** @param options.changed called at each change in memory */
  constructor(
    store: Records,
    id: RecordId,
    options: { readonly now: () => number; readonly changed: () => void },
  ) {
    this.#store = store
    this.#id = id
    this.#now = options.now
    this.#changed = options.changed
  }

  /** The tokens that hold: the unsaved ones, if they replace the sealed ones. */
  over(sealed: OAuth2Value): OAuth2Value {
    const unsaved = this.#unsaved
    // Other tokens are in the record after a new login.
    return unsaved !== undefined && sameTokens(unsaved.over, sealed) ? unsaved.value : sealed
  }

  /** The tokens for a definition: only those of the authorization server that it names. */
  of(definition: OAuth2Definition): TokenRecord {
    return {
      read: async () => {
        const record = await this.#store.read(this.#id)
        const sealed = record && (await this.#parse(record.value))
        if (sealed === undefined || isOfOtherServer(definition, sealed)) return undefined
        return this.over(sealed.secret)
      },
      exclusive: (work) => this.#exclusive(work, definition),
    }
  }

  #exclusive<T>(work: (held: HeldTokens) => Promise<T>, definition?: OAuth2Definition): Promise<T> {
    return this.#store.exclusive(this.#id, async (record) => {
      if (record.value === undefined) {
        this.#hold(undefined)
        throw missingCredential(this.#id.name)
      }
      const parsed = await this.#parse(record.value)
      // The credential was set since it was read, and its refresh token is for another server than the caller would ask.
      if (definition !== undefined && isOfOtherServer(definition, parsed))
        throw missingCredential(this.#id.name)
      let sealed = parsed.secret
      const save = async (next: OAuth2Value) => {
        await record.save(this.#sealing(record, next))
        sealed = next
        this.#hold(undefined)
      }
      const keep = async (next: OAuth2Value) => {
        try {
          await save(next)
          return 'saved'
        } catch (error) {
          if (!(error instanceof HallpassError && error.code === 'not-saved')) throw error
          this.#hold({ over: sealed, value: next })
          return 'kept'
        }
      }
      const value = this.over(sealed)
      // A chance to save the unsaved tokens.
      const unsaved = value !== sealed && (await keep(value)) === 'kept'
      if (!unsaved) this.#hold(undefined)
      return work({ value, unsaved, save, keep })
    })
  }

  /** Tries once more to save, at the end. */
  async flush(): Promise<void> {
    if (this.#unsaved !== undefined) await this.#tryAgain()
    this.#retry.stop()
  }

  #hold(unsaved: Unsaved | undefined): void {
    if (unsaved === undefined) this.#retry.saved()
    else this.#retry.failed()
    if (unsaved?.value === this.#unsaved?.value) return
    this.#unsaved = unsaved
    this.#changed()
  }

  async #tryAgain(): Promise<void> {
    try {
      await this.#exclusive(async () => undefined)
    } catch (error) {
      // The lock or the record failed. The tokens stay in memory, and the next caller gets the error. Those of a removed session go.
      const gone = error instanceof HallpassError && error.code === 'session-missing'
      this.#hold(gone ? undefined : this.#unsaved)
    }
  }

  #sealing({ value }: HeldRecord, secret: OAuth2Value): Json {
    const updatedAt = new Date(this.#now()).toISOString()
    return { ...(value as object), secret, updatedAt } as unknown as Json
  }

  async #parse(value: Json): Promise<Sealed & { readonly secret: OAuth2Value }> {
    const { z } = await import('zod')
    const sealed = sealedSchema(z).safeParse(value).data
    // The credential has another kind now, and no tokens.
    if (sealed !== undefined && sealed.kind !== oauth2.kind) throw missingCredential(this.#id.name)
    const secret = oauth2.secret?.schema(z).safeParse(sealed?.secret)
    if (sealed === undefined || secret?.success !== true) throw damagedCredential(this.#id.name)
    return { ...sealed, secret: secret.data }
  }
}

function sameTokens(a: OAuth2Value, b: OAuth2Value): boolean {
  return JSON.stringify(a.tokens) === JSON.stringify(b.tokens)
}
