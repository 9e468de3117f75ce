import type { Definition } from '../../credentials/kind.ts'
import { isOAuth2 } from '../../credentials/oauth2.ts'
import { valueSource } from '../../credentials/value-source.ts'
import type { Sealed } from '../sealed-credential.ts'
import { ForeignFile } from './foreign-file.ts'
import { foundForeign } from './foreign-value.ts'
import { tokensInText } from './tokens-in-file.ts'
import { valueInText } from './value-in-text.ts'
import { type Found, nothingToSet, type PlacedValue, type ValuePlace } from './value-place.ts'

/** Values in files that something else writes: a mounted secret, or the tokens of a tool, which refreshes them itself. */
export class FileValues implements ValuePlace {
  readonly #now: () => number
  /** By path, and by how it is read. */
  readonly #files = new Map<string, ForeignFile>()

  constructor(now: () => number) {
    this.#now = now
  }

  of(_: string, definition: Definition): PlacedValue | undefined {
    const file = this.#fileOf(definition)
    if (file === undefined) return undefined
    return {
      read: async (sealed) => this.#read(file, definition, sealed),
      parse: (text) => nothingToSet('a credential that is read from a file', text),
      refreshable: 'the tool that owns its file refreshes it',
    }
  }

  stamp(): string {
    return [...this.#files.values()].map((file) => file.stamp(this.#now())).join()
  }

  #fileOf(definition: Definition): ForeignFile | undefined {
    const { kind } = definition
    if (isOAuth2(definition)) {
      const { tokenFile, path } = definition
      if (tokenFile === undefined) return undefined
      return this.#file([kind, tokenFile, path], () => tokenFileOf(tokenFile, path))
    }
    const source = valueSource(definition)
    if (source?.from !== 'file') return undefined
    const { name } = source
    return this.#file(
      [kind, name],
      () => new ForeignFile(name, (text, writtenAt) => valueInText(text, definition, writtenAt)),
    )
  }

  #file(parts: readonly (string | undefined)[], open: () => ForeignFile): ForeignFile {
    const key = JSON.stringify(parts)
    const file = this.#files.get(key) ?? open()
    this.#files.set(key, file)
    return file
  }

  #read(file: ForeignFile, definition: Definition, sealed: Sealed | undefined): Found {
    const value = file.read(this.#now())
    const bound = sealed?.hosts
    if (!isOAuth2(definition)) return { bound, ...foundForeign(value) }
    // Its kind knows how fresh the tokens are.
    return typeof value === 'string' ? value : { bound, secret: value.secret }
  }
}

/** The tokens of another tool. */
export function tokenFileOf(path: string, tokenPath: string | undefined): ForeignFile {
  return new ForeignFile(path, (text, writtenAt) => tokensInText(text, tokenPath, writtenAt))
}
