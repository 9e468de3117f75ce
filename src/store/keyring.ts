import { randomBytes } from 'node:crypto'
import { dirname } from 'node:path'
import { HallpassError } from '../errors.ts'
import type { Secret } from '../secret.ts'
import { notRead, notSaved } from './disk-errors.ts'
import type { Home } from './home.ts'
import { type DataKey, formatKeyFile, newDataKey, type Protection, storeKey } from './key-file.ts'
import { type KeySource, keySource, statKeySource } from './key-source.ts'
import { type LoadedKeys, loadKeys, unlockedFor } from './loaded-keys.ts'
import { withLock } from './lock.ts'
import { openKeyring, workingKeyring } from './os-keyring.ts'
import {
  newKeyringProtection,
  newPassphraseProtection,
  type Unlocked,
  type UnlockOptions,
} from './protectors.ts'
import { keyLock } from './record-path.ts'
import { makeFolders, replaceFile } from './replace-file.ts'
import {
  associatedData,
  damaged,
  decrypt,
  describe,
  encrypt,
  formatEnvelope,
  nonceBytes,
  parseEnvelope,
  type SealId,
} from './seal.ts'
import { sealedFiles } from './sealed-files.ts'
import { isRacy, stampOf } from './stamp.ts'

export interface KeyRingOptions extends UnlockOptions {
  /** Makes a key if there is neither a key nor a sealed record. */
  readonly create: boolean
}

/** The protections that `protect` can set. */
export type NewProtection =
  | { readonly kind: 'file' }
  | { readonly kind: 'keyring' }
  | { readonly kind: 'passphrase'; readonly passphrase: Secret }

interface KeyChange {
  readonly unlocked?: Unlocked
  readonly current: string
  readonly keys: readonly DataKey[]
}

/** The data keys of a state folder. One seals, and all of them open. */
export class KeyRing {
  /** Whether this call of `open` made the key. */
  readonly created: boolean
  readonly #home: Home
  readonly #source: KeySource
  readonly #options: UnlockOptions
  #loaded: LoadedKeys

  private constructor(
    home: Home,
    source: KeySource,
    options: UnlockOptions,
    loaded: LoadedKeys,
    created: boolean,
  ) {
    this.created = created
    this.#home = home
    this.#source = source
    this.#options = options
    this.#loaded = loaded
  }

  /** After `prepareHome`. Throws `key-missing`, `key-invalid`, `key-locked` or `state-unsafe`. */
  static async open(home: Home, options: KeyRingOptions): Promise<KeyRing> {
    const source = keySource(home, options.env)
    try {
      let loaded = await loadKeys(source, home, options)
      let created = false
      if (loaded === undefined && options.create && source.variable === undefined) {
        created = await createKeyFile(home, source, options)
        loaded = await loadKeys(source, home, options)
      }
      if (loaded === undefined) throw missing(source)
      return new KeyRing(home, source, options, loaded, created)
    } catch (error) {
      throw notRead(source.file, error)
    }
  }

  get protector(): Protection['kind'] | 'external' {
    return this.#source.variable === undefined ? this.#loaded.file.protection.kind : 'external'
  }

  /** The kid of the key that seals. */
  get current(): string {
    return this.#loaded.current.kid
  }

  get kids(): readonly string[] {
    return [...this.#loaded.keys.keys()]
  }

  /** Seals with the current key. Call it in the record's lock and after `reread()`, or a `key rotate` at the same time can miss the record. */
  seal(id: SealId, plaintext: Uint8Array): string {
    const { kid, key } = this.#loaded.current
    return formatEnvelope({ kid, ...encrypt(key, randomBytes(nonceBytes), associatedData(id), plaintext) })
  }

  /** Throws `record-damaged`, `record-foreign-key` or `record-newer`. The message names `where`. */
  open(id: SealId, sealed: string, where: string = describe(id)): Buffer {
    const envelope = parseEnvelope(sealed, where)
    const known = this.#loaded.keys.get(envelope.kid)
    if (known === undefined) {
      throw new HallpassError(
        'record-foreign-key',
        `${where} was sealed with the key ${envelope.kid}, which ${this.#source.file} does not list`,
        { hint: 'hallpass key status' },
      )
    }
    const plaintext = decrypt(known.key, envelope, associatedData(id))
    if (plaintext === undefined) throw damaged(where)
    return plaintext
  }

  /**
   * Reads the key file again if another process changed it; else it costs one stat. Throws `key-missing` if the file is gone:
   * nobody could open a record that is sealed with a key in memory alone after the next start.
   */
  async reread(): Promise<void> {
    const stat = statKeySource(this.#source)
    if (stat !== undefined && stampOf(stat) === this.#loaded.stamp && !isRacy(stat)) return
    // Without the prompt: this runs during a request.
    await this.#reload({ env: this.#options.env })
  }

  /** Wraps the data keys anew. The keys do not change, so running processes go on. */
  async protect(next: NewProtection): Promise<void> {
    await this.#rewrite(async (keys, current) => ({
      unlocked: await newUnlocked(next, this.#options.env),
      current,
      keys,
    }))
  }

  /** Adds a key and makes it current. `rotateKey` then reseals the old records. */
  async addKey(): Promise<void> {
    const fresh = newDataKey(Date.now())
    await this.#rewrite(async (keys) => ({ current: fresh.kid, keys: [...keys, fresh] }))
  }

  /** Removes keys that seal nothing any more, never the current one. */
  async dropKeys(kids: ReadonlySet<string>): Promise<void> {
    await this.#rewrite(async (keys, current) => ({
      current,
      keys: keys.filter(({ kid }) => kid === current || !kids.has(kid)),
    }))
  }

  async #reload(options: UnlockOptions): Promise<void> {
    const loaded = await loadKeys(this.#source, this.#home, options, this.#loaded)
    if (loaded === undefined) throw missing(this.#source)
    this.#loaded = loaded
  }

  async #rewrite(change: (keys: readonly DataKey[], current: string) => Promise<KeyChange>): Promise<void> {
    const { file, variable } = this.#source
    if (variable !== undefined) {
      throw new HallpassError(
        'failed',
        `the key comes from ${variable} (${file}): change it where it was made`,
      )
    }
    const write = async () => {
      await this.#reload(this.#options)
      const { file: before, keys, current, unlocked: known } = this.#loaded
      const unlocked = await unlockedFor(before.protection, this.#source, this.#options, known)
      const next = await change([...keys.values()], current.kid)
      await writeKeyFile(this.#home, this.#source, { unlocked, ...next })
      this.#loaded = { ...this.#loaded, unlocked: next.unlocked ?? unlocked }
      await this.#reload(this.#options)
      if (next.unlocked !== undefined) await forget(before.protection)
    }
    await withLock(keyLock(this.#home), write).catch((error: unknown) => {
      throw notSaved(file, error)
    })
  }
}

/** False if another process was first. */
async function createKeyFile(home: Home, source: KeySource, options: UnlockOptions): Promise<boolean> {
  const create = async () => {
    if (statKeySource(source) !== undefined) return false
    // A new key would hide that the old one is gone, until each old record fails.
    if (!sealedFiles(home).next().done) throw missing(source)
    const keyring = await workingKeyring(options.env)
    const unlocked = keyring ? await newKeyringProtection(keyring) : modeOnly
    const key = newDataKey(Date.now())
    await writeKeyFile(home, source, { unlocked, current: key.kid, keys: [key] })
    return true
  }
  return withLock(keyLock(home), create).catch((error: unknown) => {
    throw notSaved(source.file, error)
  })
}

const modeOnly: Unlocked = { protection: { kind: 'file' }, wrapping: undefined }

async function newUnlocked(next: NewProtection, env: NodeJS.ProcessEnv): Promise<Unlocked> {
  if (next.kind === 'file') return modeOnly
  if (next.kind === 'passphrase') return newPassphraseProtection(next.passphrase)
  const keyring = await workingKeyring(env)
  if (keyring) return newKeyringProtection(keyring)
  throw new HallpassError('failed', 'this system has no keyring that keeps a secret', {
    hint: 'hallpass key protect passphrase',
  })
}

async function writeKeyFile(home: Home, source: KeySource, change: Required<KeyChange>): Promise<void> {
  const { protection, wrapping } = change.unlocked
  const keys = change.keys.map((key) => storeKey(key, wrapping))
  await makeFolders(home.root, dirname(source.file))
  await replaceFile(source.file, formatKeyFile({ protection, current: change.current, keys }))
}

/** Deletes the old wrapping key. It is useless now, so a failure is no error. */
async function forget(protection: Protection): Promise<void> {
  if (protection.kind !== 'keyring') return
  await openKeyring()
    .then((keyring) => keyring.delete(protection.account))
    .catch(() => undefined)
}

function missing({ file, variable }: KeySource): HallpassError {
  const from = variable === undefined ? '' : ` (${variable})`
  return new HallpassError('key-missing', `the key ${file}${from} does not exist`, {
    hint: 'hallpass key status',
  })
}
