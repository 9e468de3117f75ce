import type { ZodType } from 'zod'
import type { Zod } from '../rules/rule-schema.ts'
import { type BasicDefinition, basic } from './basic.ts'
import { type BearerDefinition, bearer } from './bearer.ts'
import { type HeaderDefinition, header } from './header.ts'
import type { Kind } from './kind.ts'
import { type MirrorDefinition, mirror } from './mirror.ts'
import { type OAuth1Definition, oauth1 } from './oauth1.ts'
import { type OAuth2Definition, oauth2 } from './oauth2.ts'
import { type PlaceholderDefinition, placeholder } from './placeholder.ts'
import { type QueryDefinition, query } from './query.ts'
import { type SigV4Definition, sigv4 } from './sigv4.ts'
import { type WebStorageDefinition, webStorage } from './web-storage.ts'

/** The one list of credential kinds. */
export const kinds: readonly Kind[] = [
  bearer,
  basic,
  header,
  query,
  mirror,
  webStorage,
  oauth2,
  oauth1,
  sigv4,
  placeholder,
]

export type CredentialDefinition =
  | BearerDefinition
  | BasicDefinition
  | HeaderDefinition
  | QueryDefinition
  | MirrorDefinition
  | WebStorageDefinition
  | OAuth2Definition
  | OAuth1Definition
  | SigV4Definition
  | PlaceholderDefinition

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
