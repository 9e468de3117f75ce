import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { temporaryHome } from '../support/temporary-home.ts'
import { type Opened, openStore } from './open-store.ts'

/** An empty folder that goes with the test. */
export function scratchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'hallpass-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** A new home with the session `work` in it. */
export async function scratchStore(): Promise<Opened> {
  const opened = await openStore(temporaryHome())
  await opened.store.addSession({ name: 'work', id: 'one', createdAt: '2026-11-21T08:00:00.000Z' })
  return opened
}
