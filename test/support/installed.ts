import { spawnSync } from 'node:child_process'
import type { TestContext } from 'vitest'

/**
 * Skips the test, saying why, where a tool that it drives is not installed. With CI=true it goes on and fails: there a
 * missing tool is a hole in the tests.
 */
export function needs(context: TestContext, command: string, ...probe: readonly string[]): void {
  if (process.env.CI === 'true') return
  const { status } = spawnSync(command, probe.length > 0 ? probe : ['--version'], { stdio: 'ignore' })
  if (status !== 0) context.skip(`${[command, ...probe].join(' ')} does not work here`)
}
