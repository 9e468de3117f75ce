import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'

const service = 'hallpass'
/** A locked keyring shows a dialog first. Nobody types for longer than this, and without a screen nobody types. */
const answerMs = 60_000
const probeMs = 5_000

/** The keyring of the operating system: macOS Keychain, Windows Credential Manager, Secret Service. */
export interface OsKeyring {
  get(account: string): Promise<Uint8Array | undefined>
  set(account: string, secret: Uint8Array): Promise<void>
  delete(account: string): Promise<void>
}

/** The keyring, if it keeps a secret. It writes, reads and deletes one to find out: in containers a keyring forgets. */
export async function workingKeyring(env: NodeJS.ProcessEnv): Promise<OsKeyring | undefined> {
  if (!mayHaveKeyring(env)) return undefined
  try {
    const keyring = await openKeyring(probeMs)
    const account = `probe-${randomBytes(8).toString('hex')}`
    const secret = randomBytes(32)
    await keyring.set(account, secret)
    const kept = await keyring.get(account)
    await keyring.delete(account)
    return kept !== undefined && secret.equals(kept) ? openKeyring(answerMs) : undefined
  } catch {
    return undefined // each failure means the same: there is no reliable keyring
  }
}

/** Throws without the optional package, or on a platform without a keyring. */
export async function openKeyring(limitMs: number = answerMs): Promise<OsKeyring> {
  const { AsyncEntry } = await import('@napi-rs/keyring')
  // Pinned. Without Secret Service the package would use the kernel's keyring, which forgets at the next boot.
  const entry = (account: string) => new AsyncEntry(service, account, { linux: { store: 'secret-service' } })
  return {
    async get(account) {
      const secret = await within(limitMs, (signal) => entry(account).getSecret(signal))
      return secret ? Uint8Array.from(secret) : undefined
    },
    async set(account, secret) {
      await within(limitMs, (signal) => entry(account).setSecret(secret, signal))
    },
    async delete(account) {
      await within(limitMs, (signal) => entry(account).deleteCredential(signal))
    },
  }
}

function mayHaveKeyring(env: NodeJS.ProcessEnv): boolean {
  if (env.HALLPASS_NO_KEYRING || env.CI) return false
  if (process.platform !== 'linux') return true
  if (env.DBUS_SESSION_BUS_ADDRESS) return true
  return env.XDG_RUNTIME_DIR !== undefined && existsSync(join(env.XDG_RUNTIME_DIR, 'bus'))
}

/** The signal cannot stop a call that waits for a dialog, so this ends the wait. */
async function within<T>(limitMs: number, call: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController()
  const { promise, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => {
    controller.abort()
    reject(new Error(`the keyring did not answer within ${limitMs / 1000} s`))
  }, limitMs)
  try {
    return await Promise.race([call(controller.signal), promise])
  } finally {
    clearTimeout(timer)
  }
}
