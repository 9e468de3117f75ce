import { canonicalHost, hostMatches } from '../cookies/site.ts'
import type { Definition, Kind } from '../credentials/kind.ts'
import type { CredentialDefinition } from '../credentials/kinds.ts'
import { parseHostPattern } from '../rules/host-pattern.ts'
import type { RuleSet } from '../rules/rule.ts'
import { Secret } from '../secret.ts'
import type { Json, RecordId, Records } from '../store/store.ts'
import { type CredentialSummary, summaryOf } from './credential-summary.ts'
import type { HeldCredential } from './held-credential.ts'
import { type CredentialInput, type MergedCredential, mergeCredential } from './merge-credential.ts'
import { readCredential } from './read-credential.ts'
import type { RecordGuard } from './record-guard.ts'
import { isOfOtherServer, missingCredential, sealedSchema, serverOf } from './sealed-credential.ts'
import type { SessionHealth } from './session-health.ts'
import { sealedValue } from './values/sealed-value.ts'
import type { PlacedValue, Refreshable, ValuePlace } from './values/value-place.ts'

/** The parts of the configuration that define credentials and say where they go. */
export interface CredentialsConfig extends Pick<RuleSet, 'rules'> {
  readonly credentials?: ReadonlyMap<string, CredentialDefinition>
  /** Changes with each change of the configuration; undefined when it never changes. */
  readonly generation?: number
  /** Takes up a configuration that has changed; undefined when it has not. */
  readonly takeUp?: () => Promise<void> | undefined
}

export interface SessionCredentialsParts {
  readonly store: Records
  readonly session: string
  readonly config: CredentialsConfig
  readonly places: readonly ValuePlace[]
  readonly now: () => number
  readonly health: SessionHealth
}

/** The arguments from which the secret of a record is made. */
export interface Reseal {
  readonly kind: Kind
  readonly definition: Definition
  /** The secret that is sealed now, if it is of the same kind and server and can be read. */
  readonly before: unknown
  /** Whether the input changes the definition. */
  readonly changed: boolean
}

const noDefinitions: ReadonlyMap<string, CredentialDefinition> = new Map()

/** The credentials of one session: its sealed ones, together with those that the configuration defines. */
export class SessionCredentials {
  readonly #store: Records
  readonly #session: string
  readonly #config: CredentialsConfig
  readonly #places: readonly ValuePlace[]
  readonly #now: () => number
  readonly #health: SessionHealth
  #cached: { readonly stamp: string; readonly held: Promise<readonly HeldCredential[]> } | undefined

  /** @internal */
  constructor({ store, session, config, places, now, health }: SessionCredentialsParts) {
    this.#store = store
    this.#session = session
    this.#config = config
    this.#places = places
    this.#now = now
    this.#health = health
  }

  /** Sorted by name, without values. */
  async list(): Promise<readonly CredentialSummary[]> {
    return (await this.held()).map(summaryOf)
  }

  /** One credential with its value. Throws `credential-missing`. */
  async get(name: string): Promise<CredentialSummary & { readonly value: Secret | undefined }> {
    const held = await this.find(name)
    if (held.problem !== undefined) throw held.problem
    return { ...summaryOf(held), value: held.print && new Secret(held.print()) }
  }

  /**
   * Sets a value and, unless the configuration has it, the definition. Without an input the definition stays as it is.
   * @param secretText Unicode, as typed or piped; undefined for a kind without a value of its own
   * @throws HallpassError `usage`, `value-invalid`
   */
  async set(name: string, input: CredentialInput | undefined, secretText: string | undefined): Promise<void> {
    await this.setUnless(undefined, name, input, secretText)
  }

  /**
   * As `set`, unless the guard refuses.
   * @internal
   */
  async setUnless(
    guard: RecordGuard | undefined,
    name: string,
    input: CredentialInput | undefined,
    secretText: string | undefined,
  ): Promise<void> {
    const secretOf = ({ kind, definition, before, changed }: Reseal) => {
      const given = this.#valueOf(name, definition).parse(secretText, this.#now())
      const form = kind.secret
      // The parts beside the old value belong to the old definition. Another server must not see them.
      if (given === undefined || before === undefined || changed || form?.over === undefined) return given
      return form.over(before, given)
    }
    await this.reseal(name, input, secretOf, guard)
    await this.#health.credentialRenewed(name)
  }

  /** Throws `credential-missing`. */
  async remove(name: string): Promise<void> {
    await this.removeUnless(undefined, name)
  }

  /**
   * As `remove`, unless the guard refuses.
   * @internal
   */
  async removeUnless(guard: RecordGuard | undefined, name: string): Promise<void> {
    let there = false
    await this.#store.update(this.#id(name), (value) => {
      guard?.(value)
      there = value !== undefined
      return undefined
    })
    if (!there) throw missingCredential(name)
    await this.#health.credentialRenewed(name)
  }

  /** Removes the stored credentials that go to a site, and to no host outside it. Returns their names. */
  async clear(site: string): Promise<readonly string[]> {
    const host = canonicalHost(site)
    const within = (text: string) => {
      const pattern = parseHostPattern(text)
      return pattern.kind !== 'any' && hostMatches(pattern.host, host)
    }
    const names = (await this.list())
      .filter(({ origin, hosts }) => origin !== 'configuration' && hosts.length > 0 && hosts.every(within))
      .map(({ name }) => name)
    for (const name of names) await this.remove(name)
    return names
  }

  /**
   * Whether a rule names the credential, so that it needs no hosts of its own.
   * @internal
   */
  isRuled(name: string): boolean {
    return this.#config.rules.some(({ credential }) => credential === name)
  }

  /**
   * Changes with every credential, and with the configuration: a plan does not outlive the rules that made it.
   * @internal
   */
  stamp(): string {
    let stamp = this.#store.credentialsStamp(this.#session)
    if (this.#config.generation !== undefined) stamp += `,${this.#config.generation}`
    for (const place of this.#places) {
      const own = place.stamp()
      if (own !== '') stamp += `,${own}`
    }
    return stamp
  }

  /**
   * All credentials, with their values. The others can be used beside a damaged one.
   * @internal
   */
  held(): Promise<readonly HeldCredential[]> {
    const stamp = this.stamp()
    if (this.#cached?.stamp === stamp) return this.#cached.held
    const held = this.#readAll()
    const entry = { stamp, held }
    this.#cached = entry
    // The next caller reads again after a failure.
    held.catch(() => {
      if (this.#cached === entry) this.#cached = undefined
    })
    return held
  }

  /** @internal */
  async find(name: string): Promise<HeldCredential> {
    const held = (await this.held()).find((credential) => credential.name === name)
    if (held === undefined) throw missingCredential(name)
    return held
  }

  /**
   * How a credential is refreshed, or the reason why it is not. Throws `credential-missing`.
   * @internal
   */
  async refreshable(name: string): Promise<Refreshable | string> {
    const { definition, problem, credential } = await this.find(name)
    if (problem !== undefined || definition === undefined) throw problem
    const { refreshable, needsLogin } = credential?.freshness ?? {}
    if (refreshable === false && needsLogin !== undefined) return needsLogin
    return this.#valueOf(name, definition).refreshable
  }

  /**
   * The definition that a credential would have with this input. Nothing is kept. Throws as `set` does.
   * @internal
   */
  async definitionFor(name: string, input: CredentialInput): Promise<Definition> {
    return (await this.#merge(name, input)).definition
  }

  /**
   * Writes the record of a credential. Throws as `set` does.
   * @internal
   */
  async reseal(
    name: string,
    input: CredentialInput | undefined,
    secretOf: (reseal: Reseal) => unknown,
    guard?: RecordGuard,
  ): Promise<void> {
    const { z } = await import('zod')
    const merged = await this.#merge(name, input)
    const { kind, definition, configured, kept, hosts, options, changed } = merged
    const at = new Date(this.#now()).toISOString()
    await this.#store.update(this.#id(name), (value) => {
      guard?.(value)
      const before = value === undefined ? undefined : sealedSchema(z).safeParse(value).data
      // Never keep the tokens of one authorization server beside the definition of another: it would see them.
      const usable = before?.kind === kind.kind && !isOfOtherServer(definition, before)
      const same = usable ? kind.secret?.schema(z).safeParse(before.secret).data : undefined
      const secret = secretOf({ kind, definition, before: same, changed })
      const server = configured ? serverOf(definition) : undefined
      const record = {
        kind: kind.kind,
        ...(hosts && { hosts: [...hosts] }),
        options,
        ...(server !== undefined && { server }),
        ...(secret !== undefined && { secret }),
        createdAt: kept?.createdAt ?? at,
        updatedAt: at,
      }
      return record as unknown as Json
    })
  }

  /** The input, over the sealed definition and within the configured one. */
  async #merge(name: string, input: CredentialInput = {}): Promise<MergedCredential> {
    const { z } = await import('zod')
    const before = await this.#store.read(this.#id(name))
    const sealed = before === undefined ? undefined : sealedSchema(z).safeParse(before.value).data
    const configured = this.#definitions.get(name)
    return mergeCredential(z, name, input, { sealed, configured, needsHosts: !this.isRuled(name) })
  }

  get #definitions(): ReadonlyMap<string, CredentialDefinition> {
    return this.#config.credentials ?? noDefinitions
  }

  async #readAll(): Promise<readonly HeldCredential[]> {
    const sealed = await this.#store.names(this.#session, 'credential')
    const names = [...new Set([...sealed, ...this.#definitions.keys()])].sort()
    const held = await Promise.all(names.map((name) => this.#readOne(name)))
    return held.filter((credential) => credential !== undefined)
  }

  #readOne(name: string): Promise<HeldCredential | undefined> {
    const readRecord = async () => (await this.#store.read(this.#id(name)))?.value
    return readCredential(name, this.#definitions.get(name), readRecord, (definition) =>
      this.#valueOf(name, definition),
    )
  }

  #valueOf(name: string, definition: Definition): PlacedValue {
    for (const place of this.#places) {
      const value = place.of(name, definition)
      if (value !== undefined) return value
    }
    return sealedValue(name, definition)
  }

  #id(name: string): RecordId {
    return { kind: 'credential', session: this.#session, name }
  }
}
