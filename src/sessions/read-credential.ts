import type { Definition } from '../credentials/kind.ts'
import { type CredentialDefinition, kindOf } from '../credentials/kinds.ts'
import { HallpassError } from '../errors.ts'
import type { Json } from '../store/store.ts'
import { type HeldCredential, heldOf } from './held-credential.ts'
import { damagedCredential, type Sealed, sealedDefinition, sealedSchema } from './sealed-credential.ts'
import type { PlacedValue } from './values/value-place.ts'

/**
 * Reads a credential as it is now, with its value or with its problem.
 * @param placed finds the place of its value
 * @returns undefined without a record and without a definition in the configuration
 */
export async function readCredential(
  name: string,
  configured: CredentialDefinition | undefined,
  readRecord: () => Promise<Json | undefined>,
  placed: (definition: Definition) => PlacedValue,
): Promise<HeldCredential | undefined> {
  try {
    const record = await readRecord()
    const sealed = record === undefined ? undefined : await parseSealed(name, record)
    if (sealed !== undefined && configured !== undefined && configured.kind !== sealed.kind) {
      const reason = `its value is for the kind ${sealed.kind}, and the configuration says ${configured.kind}: hallpass token set ${name}`
      return heldOf(name, configured, reason, sealed)
    }
    const definition = configured ?? (sealed && (await definitionIn(name, sealed)))
    if (definition === undefined) return undefined
    const both = configured !== undefined && sealed !== undefined
    return heldOf(name, definition, await placed(definition).read(sealed), sealed, both)
  } catch (problem) {
    return heldOf(name, configured, { problem }, undefined)
  }
}

async function parseSealed(name: string, record: Json): Promise<Sealed> {
  const { z } = await import('zod')
  const parsed = sealedSchema(z).safeParse(record)
  if (!parsed.success) throw damagedCredential(name)
  if (kindOf(parsed.data.kind) !== undefined) return parsed.data
  throw new HallpassError(
    'record-newer',
    `the credential "${name}" is of a kind that this hallpass does not know`,
  )
}

async function definitionIn(name: string, sealed: Sealed): Promise<Definition> {
  const { z } = await import('zod')
  const kind = kindOf(sealed.kind)
  const definition = kind && sealedDefinition(z, kind, sealed)
  if (definition === undefined) throw damagedCredential(name)
  return definition
}
