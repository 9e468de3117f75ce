import { FileStore } from '../../src/store/file.ts'
import type { Home } from '../../src/store/home.ts'
import { KeyRing } from '../../src/store/keyring.ts'

/** No keyring of the machine is asked in tests. */
export const testEnv: NodeJS.ProcessEnv = { HALLPASS_NO_KEYRING: '1' }

/** What has been opened afresh, so that it knows only what is on disk. */
export interface Opened {
  readonly home: Home
  readonly keys: KeyRing
  readonly store: FileStore
}

export async function openStore(home: Home): Promise<Opened> {
  const keys = await KeyRing.open(home, { env: testEnv, create: true })
  return { home, keys, store: new FileStore(home, keys) }
}
