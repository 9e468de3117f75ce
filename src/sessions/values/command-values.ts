import type { Definition } from '../../credentials/kind.ts'
import { type SourcedDefinition, valueSource } from '../../credentials/value-source.ts'
import { CommandValue } from './command-value.ts'
import { nothingToSet, type PlacedValue, type ValuePlace } from './value-place.ts'

interface Known {
  /** The parts of the definition that the value depends on. */
  readonly key: string
  readonly value: CommandValue
}

/** Values that commands of the user print. Each process runs them itself, since no value is ever written. */
export class CommandValues implements ValuePlace {
  readonly #now: () => number
  /** By name of the credential. */
  readonly #values = new Map<string, Known>()
  #generation = 0

  constructor(now: () => number) {
    this.#now = now
  }

  of(name: string, definition: Definition): PlacedValue | undefined {
    const source = valueSource(definition)
    if (source?.from !== 'command') return undefined
    const value = this.#valueOf(name, definition, source.name)
    return {
      read: async (sealed) => ({ bound: sealed?.hosts, ...value.get() }),
      parse: (text) => nothingToSet('a credential whose value a command prints', text),
      refreshable: value,
    }
  }

  stamp(): string {
    return this.#generation === 0 ? '' : `${this.#generation}`
  }

  #valueOf(name: string, definition: SourcedDefinition, command: string): CommandValue {
    const { kind, ttl } = definition
    const key = JSON.stringify([kind, command, ttl])
    const known = this.#values.get(name)
    if (known?.key === key) return known.value
    const value = new CommandValue(definition, command, this.#now, () => void this.#generation++)
    this.#values.set(name, { key, value })
    return value
  }
}
