import type { ZodType } from 'zod'
import type { Zod } from '../rules/rule-schema.ts'
import { basic } from './basic.ts'
import { bearer } from './bearer.ts'
import { header } from './header.ts'
import type { Kind } from './kind.ts'
import { mirror } from './mirror.ts'
import { oauth1 } from './oauth1.ts'
import { oauth2 } from './oauth2.ts'
import { placeholder } from './placeholder.ts'
import { query } from './query.ts'
import { sigv4 } from './sigv4.ts'
import { webStorage } from './web-storage.ts'

/** The one list of credential kinds. Flags, help, completion and the schema of the configuration come from it. */
const list = [bearer, basic, header, query, mirror, webStorage, oauth2, oauth1, sigv4, placeholder] as const

export const kinds: readonly Kind[] = list

export type CredentialDefinition = DefinitionOf<(typeof list)[number]>

type DefinitionOf<K> = K extends Kind<infer D, infer _> ? D : never

export const kindNames: readonly string[] = kinds.map(({ kind }) => kind)

export function kindOf(name: string): Kind | undefined {
  return kinds.find(({ kind }) => kind === name)
}

/** A definition as the configuration or the flags of `token set` give it; unknown keys are errors. */
export function credentialDefinitionSchema(z: Zod): ZodType<CredentialDefinition> {
  const [first, ...others] = kinds.map((kind) => kind.options(z))
  if (first === undefined) throw new Error('there are no kinds')
  // Each is a strict object with a literal `kind`, which the type of the list no longer says.
  return z.discriminatedUnion('kind', [first as never, ...(others as never[])])
}
