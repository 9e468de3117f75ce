import { type Credential, credentialOf, type SealedPart } from '../credentials/credential.ts'
import type { Definition, Kind } from '../credentials/kind.ts'
import { type CredentialDefinition, kindNames, kindOf } from '../credentials/kinds.ts'
import { HallpassError } from '../errors.ts'
import type { HostPattern } from '../rules/host-pattern.ts'
import { hostPatternSchema, type Zod } from '../rules/rule-schema.ts'
import type { Json, RecordId, Store } from '../store/store.ts'

/** What `token set` is told about a credential besides its value: the keys of its definition, as text. */
export interface CredentialInput {
  readonly kind?: string | undefined
  readonly hosts?: readonly string[] | undefined
  readonly [option: string]: unknown
}

/** A credential with its parts, for those who administer it. */
export interface HeldCredential {
  readonly name: string
  readonly kind: string
  readonly hosts: readonly string[]
  /** Nothing of it is secret. undefined when it could not be read. */
  readonly definition: Definition | undefined
  readonly origin: 'session' | 'configuration' | 'both'
  /** undefined when what is sealed could not be used. */
  readonly credential: Credential | undefined
  /** As `token set` took it; undefined without a value. It holds the secret. */
  readonly print: (() => string) | undefined
  /** RFC 3339; undefined without a sealed record. */
  readonly updatedAt: string | undefined
  readonly problem: unknown
}

interface Sealed {
  readonly kind: string
  readonly hosts?: readonly HostPattern[] | undefined
  readonly options: Readonly<Record<string, unknown>>
  readonly secret?: unknown
  readonly createdAt: string
  readonly updatedAt: string
}

const sealedSchema = (z: Zod) =>
  z.strictObject({
    kind: z.string(),
    hosts: z.array(hostPatternSchema(z)).min(1).optional(),
    options: z.record(z.string(), z.unknown()),
    secret: z.unknown().optional(),
    createdAt: z.string(),
    updatedAt: z.string(),
  })

/** The credentials of one session: what is sealed, together with what the configuration defines. */
export class SessionCredentials {
  readonly #store: Store
  readonly #session: string
  readonly #definitions: ReadonlyMap<string, CredentialDefinition>
  #cached: { readonly stamp: string; readonly held: Promise<readonly HeldCredential[]> } | undefined

  constructor(store: Store, session: string, definitions: ReadonlyMap<string, CredentialDefinition>) {
    this.#store = store
    this.#session = session
    this.#definitions = definitions
  }

  /** Differs whenever a credential does. */
  stamp(): string {
    return this.#store.credentialsStamp(this.#session)
  }

  /** Sorted by name. One that is damaged does not keep the others from being used. */
  list(): Promise<readonly HeldCredential[]> {
    const stamp = this.stamp()
    if (this.#cached?.stamp === stamp) return this.#cached.held
    const held = this.#readAll()
    const entry = { stamp, held }
    this.#cached = entry
    // A failed reading must be tried again, not remembered.
    held.catch(() => {
      if (this.#cached === entry) this.#cached = undefined
    })
    return held
  }

  async get(name: string): Promise<HeldCredential> {
    const held = (await this.list()).find((credential) => credential.name === name)
    if (held === undefined) throw missing(name)
    return held
  }

  /**
   * Sets a value. Without an input the definition that there is stays and only the value changes.
   * @param secretText what was typed or piped; undefined for a kind without a value of its own
   * @param options.needsHosts without hosts nothing would ever attach it
   */
  async set(
    name: string,
    input: CredentialInput | undefined,
    secretText: string | undefined,
    { now, needsHosts }: { readonly now: number; readonly needsHosts: boolean },
  ): Promise<void> {
    const { z } = await import('zod')
    const configured = this.#definitions.get(name)
    const given = withoutUndefined(input ?? {})
    const at = new Date(now).toISOString()
    const id = this.#id(name)
    const before = await this.#store.read(id)
    const held = before === undefined ? undefined : sealedSchema(z).safeParse(before.value).data
    const kindName = given.kind ?? configured?.kind ?? held?.kind
    if (kindName === undefined) {
      throw new HallpassError('usage', `what kind of credential is "${name}"? --kind says it`, {
        hint: `hallpass token set ${name} --kind bearer --host HOST`,
      })
    }
    const kind = kindOf(String(kindName))
    if (kind === undefined)
      throw new HallpassError('usage', `there is no kind of that name; there are ${kindNames.join(', ')}`)
    if (configured !== undefined && configured.kind !== kind.kind) {
      throw new HallpassError(
        'usage',
        `the configuration says that "${name}" is of the kind ${configured.kind}`,
      )
    }

    const kept = held?.kind === kind.kind ? held : undefined
    const { kind: _, hosts: givenHosts, ...givenOptions } = given
    const hosts = givenHosts ?? kept?.hosts?.map(({ text }) => text)
    const options = configured ? givenOptions : { ...kept?.options, ...givenOptions }
    if (configured !== undefined && Object.keys(options).length > 0) {
      const keys = Object.keys(options).join(', ')
      throw new HallpassError('usage', `"${name}" is defined in the configuration; change ${keys} there`, {
        hint: 'hallpass config path',
      })
    }
    if (needsHosts && hosts === undefined && configured?.hosts === undefined) {
      throw new HallpassError('usage', `for which hosts is "${name}"? --host says it`, {
        hint: `hallpass token set ${name} --kind ${kind.kind} --host HOST`,
      })
    }
    const checked = configured
      ? z.array(hostPatternSchema(z)).min(1).optional().safeParse(hosts)
      : kind.options(z).safeParse({ kind: kind.kind, ...options, ...(hosts && { hosts }) })
    if (!checked.success) throw new HallpassError('usage', firstIssue(checked.error.issues))

    const secret = this.#parseSecret(kind, secretText, now)
    const record = {
      kind: kind.kind,
      ...(hosts && { hosts: [...(hosts as readonly string[])] }),
      options,
      ...(secret !== undefined && { secret }),
      createdAt: kept?.createdAt ?? at,
      updatedAt: at,
    }
    await this.#store.update(id, () => record as unknown as Json)
  }

  async remove(name: string): Promise<void> {
    const id = this.#id(name)
    let there = false
    await this.#store.update(id, (value) => {
      there = value !== undefined
      return undefined
    })
    if (!there) throw missing(name)
  }

  #parseSecret(kind: Kind, text: string | undefined, now: number): unknown {
    if (kind.secret === undefined) {
      if (text !== undefined && text !== '')
        throw new HallpassError('usage', `a credential of the kind ${kind.kind} has no value of its own`)
      return undefined
    }
    if (text === undefined) throw new HallpassError('value-invalid', `${kind.secret.wanted} is wanted`)
    return kind.secret.parse(text, now)
  }

  async #readAll(): Promise<readonly HeldCredential[]> {
    const sealed = await this.#store.names(this.#session, 'credential')
    const names = [...new Set([...sealed, ...this.#definitions.keys()])].sort()
    const held = await Promise.all(names.map((name) => this.#readOne(name)))
    return held.filter((credential) => credential !== undefined)
  }

  async #readOne(name: string): Promise<HeldCredential | undefined> {
    const configured = this.#definitions.get(name)
    try {
      const record = await this.#store.read(this.#id(name))
      if (record !== undefined) return await this.#combine(name, configured, record.value)
      if (configured === undefined) return undefined // removed since the names were read
      return heldOf(name, configured, undefined, undefined)
    } catch (problem) {
      const reason = problem instanceof Error ? problem.message : String(problem)
      return { ...heldOf(name, configured, reason, undefined), problem }
    }
  }

  async #combine(
    name: string,
    configured: CredentialDefinition | undefined,
    value: Json,
  ): Promise<HeldCredential> {
    const { z } = await import('zod')
    const parsed = sealedSchema(z).safeParse(value)
    if (!parsed.success) throw damaged(name)
    const sealed: Sealed = parsed.data
    const kind = kindOf(sealed.kind)
    if (kind === undefined) {
      throw new HallpassError(
        'record-newer',
        `the credential "${name}" is of a kind that this hallpass does not know`,
      )
    }
    if (configured !== undefined && configured.kind !== sealed.kind) {
      const reason = `its value was set for the kind ${sealed.kind}, the configuration says ${configured.kind}: hallpass token set ${name}`
      return heldOf(name, configured, reason, sealed)
    }
    const definition = configured ?? definitionOf(z, kind, sealed)
    const secret = kind.secret?.schema(z).safeParse(sealed.secret)
    if (definition === undefined || secret?.success === false) throw damaged(name)
    const part: SealedPart = { bound: sealed.hosts, secret: secret?.data }
    return heldOf(name, definition, part, sealed, configured !== undefined)
  }

  #id(name: string): RecordId {
    return { kind: 'credential', session: this.#session, name }
  }
}

function definitionOf(z: Zod, kind: Kind, { hosts, options }: Sealed): Definition | undefined {
  const texts = hosts?.map(({ text }) => text)
  return kind.options(z).safeParse({ kind: kind.kind, ...options, ...(texts && { hosts: texts }) }).data
}

function heldOf(
  name: string,
  definition: Definition | undefined,
  part: SealedPart | string | undefined,
  sealed: Sealed | undefined,
  both = definition !== undefined && sealed !== undefined,
): HeldCredential {
  const kind = definition === undefined ? undefined : kindOf(definition.kind)
  const form = kind?.secret
  const usable = typeof part === 'object' ? part : undefined
  return {
    name,
    kind: kind?.kind ?? 'unknown',
    hosts: (definition?.hosts ?? usable?.bound ?? []).map(({ text }) => text),
    definition,
    origin: both ? 'both' : sealed === undefined ? 'configuration' : 'session',
    credential: definition && kind ? credentialOf(name, definition, kind, part) : undefined,
    print: form && usable ? () => form.print(usable.secret) : undefined,
    updatedAt: sealed?.updatedAt,
    problem: undefined,
  }
}

function withoutUndefined(input: CredentialInput): CredentialInput {
  return Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined))
}

function firstIssue(
  issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[],
): string {
  const [issue] = issues
  const where = issue?.path.map(String).join('.') ?? ''
  return where === '' ? (issue?.message ?? 'not valid') : `${where}: ${issue?.message}`
}

function missing(name: string): HallpassError {
  return new HallpassError('credential-missing', `the session has no credential "${name}"`, {
    hint: 'hallpass token list',
  })
}

function damaged(name: string): HallpassError {
  return new HallpassError('record-damaged', `the record of the credential "${name}" is not one`)
}
