import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { type Home, homePaths, prepareHome } from '../../src/store/home.ts'

/** An empty state folder that goes with the test. */
export function temporaryHome(): Home {
  const root = mkdtempSync(join(tmpdir(), 'hallpass-home-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  const home = homePaths(root)
  prepareHome(home)
  return home
}
