import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { FileStore } from '../../src/store/file.ts'
import type { Home } from '../../src/store/home.ts'
import { KeyRing } from '../../src/store/keyring.ts'
import { temporaryHome } from '../support/temporary-home.ts'

/** No keyring of the machine is asked in tests. */
export const testEnv: NodeJS.ProcessEnv = { HALLPASS_NO_KEYRING: '1' }

/** An empty folder that goes with the test. */
export function scratchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'hallpass-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

export async function openStore(home: Home): Promise<{ store: FileStore; keys: KeyRing }> {
  const keys = await KeyRing.open(home, { env: testEnv, create: true })
  return { store: new FileStore(home, keys), keys }
}

/** A new home with the session `work` in it. */
export async function scratchStore(): Promise<{ home: Home; store: FileStore; keys: KeyRing }> {
  const home = temporaryHome()
  const opened = await openStore(home)
  await opened.store.writeSession({ name: 'work', createdAt: '2026-11-21T08:00:00.000Z' })
  return { home, ...opened }
}
