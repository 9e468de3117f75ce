import { hash } from 'node:crypto'
import type { Definition } from '../../credentials/kind.ts'
import { valueSource } from '../../credentials/value-source.ts'
import { type ForeignValue, foundForeign } from './foreign-value.ts'
import { valueInText } from './value-in-text.ts'
import { nothingToSet, type PlacedValue, type ValuePlace } from './value-place.ts'

/** Values in variables of the environment of this process. */
export class EnvironmentValues implements ValuePlace {
  readonly #env: NodeJS.ProcessEnv
  /** The variables have been there since then. */
  readonly #since: number
  /** The variables that were read. */
  readonly #variables = new Set<string>()

  constructor(env: NodeJS.ProcessEnv, since: number) {
    this.#env = env
    this.#since = since
  }

  of(_: string, definition: Definition): PlacedValue | undefined {
    const source = valueSource(definition)
    if (source?.from !== 'variable') return undefined
    const { name } = source
    return {
      read: async (sealed) => ({ bound: sealed?.hosts, ...foundForeign(this.#read(name, definition)) }),
      parse: (text) => nothingToSet('a credential whose value a variable has', text),
      refreshable: 'its value is in the environment of the proxy',
    }
  }

  /** A program that uses the library can set a variable at any time. */
  stamp(): string {
    return [...this.#variables].map((name) => hash('sha256', this.#env[name] ?? '')).join()
  }

  #read(variable: string, definition: Definition): ForeignValue | string {
    this.#variables.add(variable)
    const text = this.#env[variable]
    const found = text === undefined ? { fault: 'is not set' } : valueInText(text, definition, this.#since)
    if (!('fault' in found)) return found
    return `in process ${process.pid} the variable ${variable} ${found.fault}; the proxy has the environment that it was started with`
  }
}
