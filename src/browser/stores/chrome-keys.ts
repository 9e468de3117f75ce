import { execFile } from 'node:child_process'
import { createDecipheriv, pbkdf2Sync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

export type OpenedValue = { readonly plaintext: Buffer } | { readonly reason: string }

/** How one browser of Chrome's family names itself to the keyrings of systems. */
export interface SafeStorage {
  /** `application` in the Secret Service (Linux). */
  readonly application: string
  /** The item of the Keychain (macOS): `Chrome Safe Storage`. */
  readonly item: string
}

/** Opens what a browser of Chrome's family has encrypted, with the keys that this platform lets its user have. */
export class ChromeKeys {
  readonly #storage: SafeStorage
  readonly #userData: string
  readonly #platform: NodeJS.Platform
  readonly #made = new Map<string, Promise<Buffer | string>>()

  /** @param userData the folder above the profiles, which has `Local State` */
  constructor(storage: SafeStorage, userData: string, platform: NodeJS.Platform = process.platform) {
    this.#storage = storage
    this.#userData = userData
    this.#platform = platform
  }

  async open(sealed: Buffer): Promise<OpenedValue> {
    const version = sealed.toString('latin1', 0, 3)
    const data = sealed.subarray(3)
    // Bound to the browser's own program: that nothing else can read them is what they are for.
    if (version === 'v20')
      return { reason: 'bound to the browser itself (hallpass login reads it from the wire instead)' }
    if (version !== 'v10' && version !== 'v11') return { reason: 'encrypted in a way that is not known' }
    const key = await this.#key(version)
    if (typeof key === 'string') return { reason: key }
    try {
      return { plaintext: this.#platform === 'win32' ? openGcm(key, data) : openCbc(key, data) }
    } catch {
      return { reason: 'encrypted with another key than the one that the keyring has' }
    }
  }

  #key(version: 'v10' | 'v11'): Promise<Buffer | string> {
    let key = this.#made.get(version)
    if (key === undefined) {
      key = this.#make(version).catch((error: unknown) => failure(error))
      this.#made.set(version, key)
    }
    return key
  }

  async #make(version: 'v10' | 'v11'): Promise<Buffer | string> {
    switch (this.#platform) {
      case 'darwin':
        return derived(await fromKeychain(this.#storage.item), 1003)
      case 'win32':
        return await fromDataProtection(join(this.#userData, 'Local State'))
      default:
        // v10 is what Chrome falls back to without a keyring: a word that everybody knows.
        return version === 'v10'
          ? derived('peanuts', 1)
          : derived(await fromSecretService(this.#storage.application), 1)
    }
  }
}

/** PBKDF2 as Chrome's os_crypt has it on Linux (one round) and macOS (1003). */
function derived(password: string, rounds: number): Buffer {
  return pbkdf2Sync(password, 'saltysalt', rounds, 16, 'sha1')
}

function openCbc(key: Buffer, data: Buffer): Buffer {
  const decipher = createDecipheriv('aes-128-cbc', key, Buffer.alloc(16, ' '))
  return Buffer.concat([decipher.update(data), decipher.final()])
}

function openGcm(key: Buffer, data: Buffer): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', key, data.subarray(0, 12), { authTagLength: 16 })
  decipher.setAuthTag(data.subarray(-16))
  return Buffer.concat([decipher.update(data.subarray(12, -16)), decipher.final()])
}

/** libsecret's own tool asks in the way that Chrome does; a locked keyring asks its user. */
async function fromSecretService(application: string): Promise<string> {
  const { stdout } = await run('secret-tool', ['lookup', 'application', application], { timeout: 60_000 })
  return stdout.replace(/\n$/, '')
}

async function fromKeychain(item: string): Promise<string> {
  const { stdout } = await run('security', ['find-generic-password', '-w', '-s', item], { timeout: 60_000 })
  return stdout.replace(/\n$/, '')
}

/** The key of `v10` on Windows lies in `Local State`, protected for the user by DPAPI. */
async function fromDataProtection(localState: string): Promise<Buffer | string> {
  const { os_crypt: crypt } = JSON.parse(readFileSync(localState, 'utf8')) as {
    readonly os_crypt?: { readonly encrypted_key?: string }
  }
  const wrapped = Buffer.from(crypt?.encrypted_key ?? '', 'base64')
  if (wrapped.toString('latin1', 0, 5) !== 'DPAPI') return 'there is no key in Local State'
  const script =
    'Add-Type -AssemblyName System.Security; $in = [Convert]::FromBase64String([Console]::In.ReadLine()); ' +
    "[Convert]::ToBase64String([Security.Cryptography.ProtectedData]::Unprotect($in, $null, 'CurrentUser'))"
  const unprotecting = run('powershell', ['-NoProfile', '-NonInteractive', '-Command', script], {
    timeout: 60_000,
  })
  unprotecting.child.stdin?.end(`${wrapped.subarray(5).toString('base64')}\n`)
  const { stdout } = await unprotecting
  return Buffer.from(stdout.trim(), 'base64')
}

function failure(error: unknown): string {
  const { code, path } = error as { readonly code?: unknown; readonly path?: unknown }
  if (code === 'ENOENT') return `the keyring cannot be asked: ${String(path)} is not installed`
  return 'the keyring did not give the key'
}
