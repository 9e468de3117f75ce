import type { Home } from './home.ts'
import { type Protection, parseKeyFile } from './key-file.ts'
import { type KeySource, keySource, readKeySource } from './key-source.ts'

export interface KeyStatus extends KeySource {
  /** The protection of the data keys against somebody who has the key file. */
  readonly protector: Protection['kind']
  /** The kid of the key that seals. */
  readonly current: string
  /** `createdAt` is RFC 3339, and empty for a key from elsewhere. */
  readonly keys: readonly { readonly kid: string; readonly createdAt: string }[]
}

/** Reads the key file without a passphrase or a keyring. Undefined without a file; throws `key-invalid` or `state-unsafe`. */
export function keyStatus(home: Home, env: NodeJS.ProcessEnv): KeyStatus | undefined {
  const source = keySource(home, env)
  const text = readKeySource(source, home)
  if (text === undefined) return undefined
  const { protection, current, keys } = parseKeyFile(text, source.file)
  return {
    ...source,
    protector: protection.kind,
    current,
    keys: keys.map(({ kid, createdAt }) => ({ kid, createdAt })),
  }
}
