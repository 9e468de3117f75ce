import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'

/**
 * The environment of processes that a test file starts by the dozen. They share one compile cache, because compiling is two thirds
 * of the cost of a start. A process that will be killed calls `flushCompileCache` first.
 */
export const cachedEnvironment: NodeJS.ProcessEnv = {
  ...process.env,
  NODE_COMPILE_CACHE: mkdtempSync(join(tmpdir(), 'hallpass-compiled-')),
}
afterAll(() => rmSync(cachedEnvironment.NODE_COMPILE_CACHE ?? '', { recursive: true, force: true }))
