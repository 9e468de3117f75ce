import type { SealedPart } from '../credentials/credential.ts'
import type { Definition, Kind } from '../credentials/kind.ts'
import { type CredentialDefinition, kindOf } from '../credentials/kinds.ts'
import type { OAuth2Definition, OAuth2Value } from '../credentials/oauth2.ts'
import { HallpassError, messageOf } from '../errors.ts'
import type { TokenRecord } from '../oauth/refresher.ts'
import type { Json, RecordId, Store } from '../store/store.ts'
import { type HeldCredential, heldOf, isOAuth2 } from './held-credential.ts'
import { type CredentialInput, type MergedCredential, mergeCredential } from './merge-credential.ts'
import {
  damagedCredential,
  isOfOtherServer,
  missingCredential,
  type Sealed,
  sealedDefinition,
  sealedSchema,
  serverOf,
} from './sealed-credential.ts'
import { SealedTokens } from './sealed-tokens.ts'
import { isWebStorage, StoredTokens } from './stored-tokens.ts'
import { TokenFile } from './token-file.ts'

export type { CredentialInput } from './merge-credential.ts'

/** How an oauth2 credential is refreshed. */
export interface Refreshable {
  readonly definition: OAuth2Definition
  readonly record: TokenRecord
}

/**
 * Makes the secret of a record.
 * @param before what is sealed now, if it is of the same kind and can be read
 * @param changed whether the definition is given anew with it
 */
type MakeSecret = (kind: Kind, definition: Definition, before: unknown, changed: boolean) => unknown

/** The credentials of one session: what is sealed, together with what the configuration defines. */
export class SessionCredentials {
  readonly #store: Store
  readonly #session: string
  readonly #definitions: ReadonlyMap<string, CredentialDefinition>
  readonly #now: () => number
  /** Counts what changes in memory alone. */
  #generation = 0
  /** By name. */
  readonly #tokens = new Map<string, SealedTokens>()
  /** Files of other tools that credentials are read from, by path. */
  readonly #tokenFiles = new Map<string, TokenFile>()
  readonly #stored: StoredTokens
  #cached: { readonly stamp: string; readonly held: Promise<readonly HeldCredential[]> } | undefined

  constructor(
    store: Store,
    session: string,
    definitions: ReadonlyMap<string, CredentialDefinition>,
    now: () => number,
  ) {
    this.#store = store
    this.#session = session
    this.#definitions = definitions
    this.#now = now
    this.#stored = new StoredTokens(store, session)
  }

  /** Differs whenever a credential does. */
  stamp(): string {
    const stamp = this.#store.credentialsStamp(this.#session)
    if (this.#generation === 0 && this.#tokenFiles.size === 0 && !this.#stored.areRead) return stamp
    const files = [...this.#tokenFiles.values()].map((file) => file.stamp())
    return [stamp, this.#generation, ...files, ...this.#stored.stamps()].join()
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
    if (held === undefined) throw missingCredential(name)
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
    options: { readonly needsHosts: boolean },
  ): Promise<void> {
    await this.#put(name, input, options, (kind, definition, before, changed) => {
      const given = this.#parseSecret(kind, definition, secretText)
      const form = kind.secret
      // What was kept beside the old value belongs to the old definition: another server must not be shown it.
      if (given === undefined || before === undefined || changed || form?.over === undefined) return given
      return form.over(before, given)
    })
  }

  /** Sets what a login brings: `change` makes it of what is there. */
  async setTokens(
    name: string,
    input: CredentialInput | undefined,
    change: (before: OAuth2Value | undefined) => OAuth2Value,
    options: { readonly needsHosts: boolean },
  ): Promise<void> {
    await this.#put(name, input, options, (kind, _, before) => {
      if (kind.kind !== 'oauth2') throw new HallpassError('usage', `"${name}" is not of the kind oauth2`)
      return change(before === undefined ? undefined : this.#tokensOf(name).over(before as OAuth2Value))
    })
  }

  /** What is kept of an oauth2 credential; undefined without a value, or with one of another server. Throws `credential-missing`. */
  async tokens(name: string): Promise<OAuth2Value | undefined> {
    const { definition } = await this.get(name)
    if (!isOAuth2(definition)) throw new HallpassError('usage', `"${name}" is not of the kind oauth2`)
    return await this.#tokensOf(name).of(definition).read()
  }

  /** How a credential is refreshed, or why it is not. Throws `credential-missing`. */
  async refreshable(name: string): Promise<Refreshable | string> {
    const { definition, problem, credential } = await this.get(name)
    if (problem !== undefined) throw problem
    if (!isOAuth2(definition)) return 'its kind knows no refreshing'
    if (definition.tokenFile !== undefined) return 'it is left to the tool that owns its tokens'
    const { refreshable, needsLogin } = credential?.freshness ?? {}
    if (refreshable === false && needsLogin !== undefined) return needsLogin
    return { definition, record: this.#tokensOf(name).of(definition) }
  }

  /** One more attempt to save what could not be saved. */
  async flush(): Promise<void> {
    await Promise.all([...this.#tokens.values()].map((tokens) => tokens.flush()))
  }

  /** What a credential would be with this input. Nothing is kept. Throws as `set` does. */
  async definitionFor(
    name: string,
    input: CredentialInput,
    options: { readonly needsHosts: boolean },
  ): Promise<Definition> {
    return (await this.#merge(name, input, options)).definition
  }

  async #put(
    name: string,
    input: CredentialInput | undefined,
    needs: { readonly needsHosts: boolean },
    makeSecret: MakeSecret,
  ): Promise<void> {
    const { z } = await import('zod')
    const { kind, definition, configured, kept, hosts, options, changed } = await this.#merge(
      name,
      input,
      needs,
    )
    const at = new Date(this.#now()).toISOString()
    await this.#store.update(this.#id(name), (value) => {
      const before = value === undefined ? undefined : sealedSchema(z).safeParse(value).data
      // Tokens of one authorization server must not come to lie beside the definition of another, which would be shown them.
      const usable = before?.kind === kind.kind && !isOfOtherServer(definition, before)
      const same = usable ? kind.secret?.schema(z).safeParse(before.secret).data : undefined
      const secret = makeSecret(kind, definition, same, changed)
      const record = {
        kind: kind.kind,
        ...(hosts && { hosts: [...hosts] }),
        options,
        ...(configured && isOAuth2(definition) && { server: serverOf(definition) }),
        ...(secret !== undefined && { secret }),
        createdAt: kept?.createdAt ?? at,
        updatedAt: at,
      }
      return record as unknown as Json
    })
  }

  /** What is given, over what is sealed and within what the configuration says. */
  async #merge(
    name: string,
    input: CredentialInput | undefined,
    { needsHosts }: { readonly needsHosts: boolean },
  ): Promise<MergedCredential> {
    const { z } = await import('zod')
    const before = await this.#store.read(this.#id(name))
    const sealed = before === undefined ? undefined : sealedSchema(z).safeParse(before.value).data
    const configured = this.#definitions.get(name)
    return mergeCredential(z, name, input ?? {}, { sealed, configured, needsHosts })
  }

  async remove(name: string): Promise<void> {
    const id = this.#id(name)
    let there = false
    await this.#store.update(id, (value) => {
      there = value !== undefined
      return undefined
    })
    if (!there) throw missingCredential(name)
  }

  #parseSecret(kind: Kind, definition: Definition, text: string | undefined): unknown {
    const owned = isOAuth2(definition) && definition.tokenFile !== undefined
    if (kind.secret === undefined || owned) {
      if (text !== undefined && text !== '') {
        const what = owned ? 'credential that is read from a file' : `credential of the kind ${kind.kind}`
        throw new HallpassError('usage', `a ${what} has no value of its own`)
      }
      return undefined
    }
    if (text === undefined) throw new HallpassError('value-invalid', `${kind.secret.wanted} is wanted`)
    return kind.secret.parse(text, this.#now())
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
      const read = await this.#readElsewhere(name, configured, undefined)
      return read ?? heldOf(name, configured, undefined, undefined)
    } catch (problem) {
      return { ...heldOf(name, configured, messageOf(problem), undefined), problem }
    }
  }

  async #combine(
    name: string,
    configured: CredentialDefinition | undefined,
    value: Json,
  ): Promise<HeldCredential> {
    const { z } = await import('zod')
    const parsed = sealedSchema(z).safeParse(value)
    if (!parsed.success) throw damagedCredential(name)
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
    const definition = configured ?? sealedDefinition(z, kind, sealed)
    if (definition === undefined) throw damagedCredential(name)
    const both = configured !== undefined
    const read = await this.#readElsewhere(name, definition, sealed, both)
    if (read !== undefined) return read
    const secret = kind.secret?.schema(z).safeParse(sealed.secret)
    if (secret?.success === false) throw damagedCredential(name)
    const part: SealedPart = { bound: sealed.hosts, secret: this.#current(name, definition, secret?.data) }
    const held = heldOf(name, definition, part, sealed, both)
    return isOfOtherServer(definition, sealed) ? withoutRefreshing(held, otherServer) : held
  }

  /** One whose value a page or another tool keeps; undefined for one that has its own. */
  async #readElsewhere(
    name: string,
    definition: Definition,
    sealed: Sealed | undefined,
    both = false,
  ): Promise<HeldCredential | undefined> {
    try {
      const part = isWebStorage(definition)
        ? await this.#stored.read(definition, sealed)
        : this.#fromFile(definition, sealed)
      return part === undefined ? undefined : heldOf(name, definition, part, sealed, both)
    } catch (problem) {
      return { ...heldOf(name, definition, messageOf(problem), sealed, both), problem }
    }
  }

  /** What tokens there are by way of the file of another tool; undefined for a credential without such a file. */
  #fromFile(definition: Definition, sealed: Sealed | undefined): SealedPart | string | undefined {
    if (!isOAuth2(definition) || definition.tokenFile === undefined) return undefined
    const path = definition.tokenFile
    const file = this.#tokenFiles.get(path) ?? new TokenFile(path)
    this.#tokenFiles.set(path, file)
    try {
      return { bound: sealed?.hosts, secret: { tokens: file.read(), refreshes: 0 } satisfies OAuth2Value }
    } catch (error) {
      if (error instanceof HallpassError) return error.message
      throw error
    }
  }

  /** A sealed value, or what holds over it. */
  #current(name: string, definition: Definition, secret: unknown): unknown {
    return isOAuth2(definition) ? this.#tokensOf(name).over(secret as OAuth2Value) : secret
  }

  #tokensOf(name: string): SealedTokens {
    const known = this.#tokens.get(name)
    if (known !== undefined) return known
    const changed = () => void this.#generation++
    const tokens = new SealedTokens(this.#store, this.#id(name), { now: this.#now, changed })
    this.#tokens.set(name, tokens)
    return tokens
  }

  #id(name: string): RecordId {
    return { kind: 'credential', session: this.#session, name }
  }
}

const otherServer = 'the configuration names another authorization server than its tokens came from'

function withoutRefreshing(held: HeldCredential, needsLogin: string): HeldCredential {
  const { credential } = held
  if (credential?.freshness === undefined) return held
  const { dueAt: _, ...freshness } = credential.freshness
  return {
    ...held,
    credential: { ...credential, freshness: { ...freshness, refreshable: false, needsLogin } },
  }
}
