import type { Definition, Kind } from '../credentials/kind.ts'
import { isOAuth2 } from '../credentials/oauth2.ts'
import { HallpassError } from '../errors.ts'
import type { HostPattern } from '../rules/host-pattern.ts'
import { hostPatternSchema, type Zod } from '../rules/rule-schema.ts'

/** The record of a credential. */
export interface Sealed {
  readonly kind: string
  readonly hosts?: readonly HostPattern[] | undefined
  readonly options: Readonly<Record<string, unknown>>
  /** The authorization server of the tokens (`serverOf`), if the configuration has the definition. */
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

/** The definition that is sealed with a value; undefined when it is not valid. */
export function sealedDefinition(z: Zod, kind: Kind, { hosts, options }: Sealed): Definition | undefined {
  const texts = hosts?.map(({ text }) => text)
  return kind.options(z).safeParse({ kind: kind.kind, ...options, ...(texts && { hosts: texts }) }).data
}

/**
 * The authorization server that gets the refresh token of a definition; undefined for a kind without one. It is sealed with the
 * tokens. Otherwise an attacker who can write to the configuration, which is not sealed, could have them sent to another server.
 */
export function serverOf(definition: Definition): string | undefined {
  if (!isOAuth2(definition)) return undefined
  const { provider, issuer, tokenEndpoint } = definition
  return JSON.stringify({ provider, issuer, tokenEndpoint })
}

/** Whether the tokens in a record came from another authorization server than a definition names. */
export function isOfOtherServer(definition: Definition, { server, options }: Sealed): boolean {
  const { kind } = definition
  return (server ?? serverOf({ kind, ...options })) !== serverOf(definition)
}

export function missingCredential(name: string): HallpassError {
  return new HallpassError('credential-missing', `the session has no credential "${name}"`, {
    hint: 'hallpass token list',
  })
}

export function damagedCredential(name: string): HallpassError {
  return new HallpassError('record-damaged', `the record of the credential "${name}" is damaged`)
}
