import type { Definition } from '../../credentials/kind.ts'
import { isOAuth2, type OAuth2Value } from '../../credentials/oauth2.ts'
import { HallpassError } from '../../errors.ts'
import type { Sealed } from '../sealed-credential.ts'
import { TokenFile } from './token-file.ts'
import { type Found, nothingToSet, type PlacedValue, type ValuePlace } from './value-place.ts'

/** Tokens in files of other tools, which refresh them themselves. */
export class TokenFiles implements ValuePlace {
  /** By path. */
  readonly #files = new Map<string, TokenFile>()

  of(_: string, definition: Definition): PlacedValue | undefined {
    if (!isOAuth2(definition) || definition.tokenFile === undefined) return undefined
    const { tokenFile } = definition
    return {
      read: async (sealed) => this.#read(tokenFile, sealed),
      parse: (text) => nothingToSet('a credential that is read from a file', text),
      refreshable: 'the tool that owns its tokens refreshes them',
    }
  }

  stamp(): string {
    return [...this.#files.values()].map((file) => file.stamp()).join()
  }

  #read(path: string, sealed: Sealed | undefined): Found {
    const file = this.#files.get(path) ?? new TokenFile(path)
    this.#files.set(path, file)
    try {
      return { bound: sealed?.hosts, secret: { tokens: file.read(), refreshes: 0 } satisfies OAuth2Value }
    } catch (problem) {
      if (problem instanceof HallpassError) return problem.message
      return { problem }
    }
  }
}
