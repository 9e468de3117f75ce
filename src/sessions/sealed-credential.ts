import type { Definition, Kind } from '../credentials/kind.ts'
import type { OAuth2Definition } from '../credentials/oauth2.ts'
import { HallpassError } from '../errors.ts'
import type { HostPattern } from '../rules/host-pattern.ts'
import { hostPatternSchema, type Zod } from '../rules/rule-schema.ts'
import { isOAuth2 } from './held-credential.ts'

/** The record of a credential. */
export interface Sealed {
  readonly kind: string
  readonly hosts?: readonly HostPattern[] | undefined
  readonly options: Readonly<Record<string, unknown>>
  /** The authorization server that the tokens are of, where the configuration has the definition: `serverOf`. */
  readonly server?: string | undefined
  readonly secret?: unknown
  readonly createdAt: string
  readonly updatedAt: string
}

export const sealedSchema = (z: Zod) =>
  z.strictObject({
    kind: z.string(),
    hosts: z.array(hostPatternSchema(z)).min(1).optional(),
    options: z.record(z.string(), z.unknown()),
    server: z.string().optional(),
    secret: z.unknown().optional(),
    createdAt: z.string(),
    updatedAt: z.string(),
  })

/** The definition that is sealed with a value; undefined when it is none. */
export function sealedDefinition(z: Zod, kind: Kind, { hosts, options }: Sealed): Definition | undefined {
  const texts = hosts?.map(({ text }) => text)
  return kind.options(z).safeParse({ kind: kind.kind, ...options, ...(texts && { hosts: texts }) }).data
}

/**
 * Who gets to see the refresh token of a definition. Sealed with the tokens: whoever can write to the configuration, which is
 * not sealed, could otherwise have them sent to a server of their own.
 */
export function serverOf({ provider, issuer, tokenEndpoint }: OAuth2Definition): string {
  return JSON.stringify({ provider, issuer, tokenEndpoint })
}

/** Whether the tokens in a record came from another authorization server than a definition names. */
export function isOfOtherServer(
  definition: Definition,
  { server, options }: Pick<Sealed, 'server' | 'options'>,
): boolean {
  if (!isOAuth2(definition)) return false
  return (server ?? serverOf({ kind: 'oauth2', ...options })) !== serverOf(definition)
}

export function missingCredential(name: string): HallpassError {
  return new HallpassError('credential-missing', `the session has no credential "${name}"`, {
    hint: 'hallpass token list',
  })
}

export function damagedCredential(name: string): HallpassError {
  return new HallpassError('record-damaged', `the record of the credential "${name}" is not one`)
}
