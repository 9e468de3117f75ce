import type { Definition } from '../../credentials/kind.ts'
import { kindOf } from '../../credentials/kinds.ts'
import { HallpassError } from '../../errors.ts'
import { damagedCredential, type Sealed } from '../sealed-credential.ts'
import { nothingToSet, type PlacedValue } from './value-place.ts'

/** A value in the record of its credential, as it was set. The store has a stamp of the records. */
export function sealedValue(name: string, definition: Definition): PlacedValue {
  return {
    async read(sealed) {
      return sealed && { bound: sealed.hosts, secret: await sealedSecret(name, definition, sealed) }
    },
    parse: (text, now) => parseSecret(definition, text, now),
    refreshable: 'its kind knows no refreshing',
  }
}

/** The secret in a record; undefined for a kind without one. Throws `record-damaged`. */
export async function sealedSecret(name: string, { kind }: Definition, { secret }: Sealed): Promise<unknown> {
  const { z } = await import('zod')
  const parsed = kindOf(kind)?.secret?.schema(z).safeParse(secret)
  if (parsed?.success === false) throw damagedCredential(name)
  return parsed?.data
}

export function parseSecret({ kind }: Definition, text: string | undefined, now: number): unknown {
  const form = kindOf(kind)?.secret
  if (form === undefined) return nothingToSet(`a credential of the kind ${kind}`, text)
  if (text === undefined) throw new HallpassError('value-invalid', `the value must be ${form.wanted}`)
  return form.parse(text, now)
}
