import type { Definition, Kind } from '../credentials/kind.ts'
import { type CredentialDefinition, kindNames, kindOf } from '../credentials/kinds.ts'
import { sourceKeys } from '../credentials/value-source.ts'
import { HallpassError } from '../errors.ts'
import { hostPatternSchema, type Zod } from '../rules/rule-schema.ts'
import type { Sealed } from './sealed-credential.ts'

/** The keys of a credential's definition, as text: everything that `token set` takes besides the value. */
export interface CredentialInput {
  readonly kind?: string | undefined
  readonly hosts?: readonly string[] | undefined
  readonly [option: string]: unknown
}

/** A credential's definition, made of the input, the record and the configuration. */
export interface MergedCredential {
  readonly kind: Kind
  readonly definition: Definition
  /** Whether the configuration has the definition. Then the record has none. */
  readonly configured: boolean
  /** The record before, if it is of the same kind. */
  readonly kept: Sealed | undefined
  readonly hosts: readonly string[] | undefined
  readonly options: Readonly<Record<string, unknown>>
  /** Whether the input has an option of the definition. */
  readonly changed: boolean
}

/**
 * Lays the input over the record. The configuration has the last word.
 * @param needsHosts no rule names the credential, so that without hosts nothing would ever attach it
 * @throws HallpassError `usage`
 */
export function mergeCredential(
  z: Zod,
  name: string,
  input: CredentialInput,
  {
    sealed,
    configured,
    needsHosts,
  }: {
    readonly sealed: Sealed | undefined
    readonly configured: CredentialDefinition | undefined
    readonly needsHosts: boolean
  },
): MergedCredential {
  const given = withoutUndefined(input)
  const kind = kindFor(name, given.kind ?? configured?.kind ?? sealed?.kind)
  if (configured !== undefined && configured.kind !== kind.kind) {
    throw new HallpassError(
      'usage',
      `the configuration says that "${name}" is of the kind ${configured.kind}`,
    )
  }
  const kept = sealed?.kind === kind.kind ? sealed : undefined
  const { kind: _, hosts: givenHosts, ...givenOptions } = given
  const hosts = givenHosts ?? kept?.hosts?.map(({ text }) => text)
  const options = configured ? givenOptions : { ...keptOptions(kept, givenOptions), ...givenOptions }
  if (configured !== undefined && Object.keys(options).length > 0) {
    const keys = Object.keys(options).join(', ')
    throw new HallpassError('usage', `the configuration defines "${name}": change ${keys} there`, {
      hint: 'hallpass config path',
    })
  }
  if (needsHosts && hosts === undefined && configured?.hosts === undefined) {
    throw new HallpassError('usage', `"${name}" needs hosts: name them with --host`, {
      hint: `hallpass token set ${name} --kind ${kind.kind} --host HOST`,
    })
  }
  const checked = configured
    ? z.array(hostPatternSchema(z)).min(1).optional().safeParse(hosts)
    : kind.options(z).safeParse({ kind: kind.kind, ...options, ...(hosts && { hosts }) })
  if (!checked.success) throw new HallpassError('usage', firstIssue(checked.error.issues))
  return {
    kind,
    // The configuration's, or the result of the schema of the kind.
    definition: configured ?? (checked.data as Definition),
    configured: configured !== undefined,
    kept,
    hosts,
    options,
    changed: Object.keys(givenOptions).length > 0,
  }
}

function kindFor(name: string, kindName: string | undefined): Kind {
  if (kindName === undefined) {
    throw new HallpassError('usage', `the kind of "${name}" is missing: name it with --kind`, {
      hint: `hallpass token set ${name} --kind bearer --host HOST`,
    })
  }
  const kind = kindOf(String(kindName))
  if (kind === undefined)
    throw new HallpassError('usage', `there is no such kind. The kinds are ${kindNames.join(', ')}`)
  return kind
}

function withoutUndefined(input: CredentialInput): CredentialInput {
  return Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined))
}

/** The options that name the source of tokens. When the input has one of them, none of the old ones stays. */
const serverOptions = [
  'provider',
  'issuer',
  'authorizationEndpoint',
  'tokenEndpoint',
  'deviceAuthorizationEndpoint',
  'tokenFile',
]

function keptOptions(kept: Sealed | undefined, given: Readonly<Record<string, unknown>>): object {
  const isGiven = (option: string) => option in given
  const replaced: readonly string[] = [
    ...(serverOptions.some(isGiven) ? serverOptions : []),
    ...(sourceKeys.some(isGiven) ? sourceKeys : []),
    // It belongs to a command.
    ...(isGiven('fromEnv') || isGiven('fromFile') ? ['ttl'] : []),
  ]
  const entries = Object.entries(kept?.options ?? {})
  return Object.fromEntries(entries.filter(([option]) => !replaced.includes(option)))
}

function firstIssue(
  issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[],
): string {
  const [issue] = issues
  const where = issue?.path.map(String).join('.') ?? ''
  return where === '' ? (issue?.message ?? 'not valid') : `${where}: ${issue?.message}`
}
