import { argon2, createSecretKey, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import type { Secret } from '../secret.ts'
import { keyBytes } from './key-file.ts'

/** The parameters of Argon2id (RFC 9106), which makes a key from a passphrase. */
export interface Derivation {
  /** Base64. */
  readonly salt: string
  readonly memoryKiB: number
  readonly passes: number
  readonly lanes: number
}

/** RFC 9106 section 4, second recommended option (64 MiB, 3 passes, 4 lanes): about half a second. */
export const argon2id = { memoryKiB: 64 * 1024, passes: 3, lanes: 4 }
export const saltBytes = 16

export async function passphraseKey(
  passphrase: Secret,
  { salt, memoryKiB, passes, lanes }: Derivation,
): Promise<KeyObject> {
  const key = await promisify(argon2)('argon2id', {
    // NFKC: another keyboard or system can type the same letters as other code points.
    message: Buffer.from(passphrase.reveal().normalize('NFKC')),
    nonce: Buffer.from(salt, 'base64'),
    memory: memoryKiB,
    passes,
    parallelism: lanes,
    tagLength: keyBytes,
  })
  return createSecretKey(key)
}
