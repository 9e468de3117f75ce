import type { Definition } from '../../credentials/kind.ts'
import { isOAuth2, type OAuth2Definition, type OAuth2Value } from '../../credentials/oauth2.ts'
import { HallpassError } from '../../errors.ts'
import type { Sealed } from '../sealed-credential.ts'
import { TokenFile } from './token-file.ts'
import { type Found, nothingToSet, type PlacedValue, type ValuePlace } from './value-place.ts'

/** Tokens in files of other tools, which refresh them themselves. */
export class TokenFiles implements ValuePlace {
  readonly #now: () => number
  /** By path, and by the place in it. */
  readonly #files = new Map<string, TokenFile>()

  constructor(now: () => number) {
    this.#now = now
  }

  of(_: string, definition: Definition): PlacedValue | undefined {
    if (!isOAuth2(definition) || definition.tokenFile === undefined) return undefined
    const file = this.#file(definition.tokenFile, definition)
    return {
      read: async (sealed) => this.#read(file, sealed),
      parse: (text) => nothingToSet('a credential that is read from a file', text),
      refreshable: 'the tool that owns its tokens refreshes them',
    }
  }

  stamp(): string {
    return [...this.#files.values()].map((file) => file.stamp(this.#now())).join()
  }

  #file(tokenFile: string, { path: tokenPath }: OAuth2Definition): TokenFile {
    const key = JSON.stringify([tokenFile, tokenPath])
    const file = this.#files.get(key) ?? new TokenFile(tokenFile, tokenPath)
    this.#files.set(key, file)
    return file
  }

  #read(file: TokenFile, sealed: Sealed | undefined): Found {
    try {
      const secret = { tokens: file.read(this.#now()), refreshes: 0 } satisfies OAuth2Value
      return { bound: sealed?.hosts, secret }
    } catch (problem) {
      if (problem instanceof HallpassError) return problem.message
      return { problem }
    }
  }
}
