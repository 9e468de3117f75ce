import { spawnSync } from 'node:child_process'
import { type TestContext, test } from 'vitest'

const found = new Map<string, boolean>()

/** Whether a program runs; looked for once. */
export function isInstalled(command: string, ...probe: readonly string[]): boolean {
  const args = probe.length > 0 ? probe : ['--version']
  const key = [command, ...args].join(' ')
  const known = found.get(key)
  if (known !== undefined) return known
  const works = spawnSync(command, args, { stdio: 'ignore', timeout: 20_000 }).status === 0
  found.set(key, works)
  return works
}

/** With CI=true a test goes on without its tool, and fails: there a missing tool is a hole in the tests. */
function mayRun(command: string, probe: readonly string[]): boolean {
  return process.env.CI === 'true' || isInstalled(command, ...probe)
}

/** Skips the test, saying why, where a tool that it drives is not installed. */
export function needs(context: TestContext, command: string, ...probe: readonly string[]): void {
  if (!mayRun(command, probe)) context.skip(`${[command, ...probe].join(' ')} does not work here`)
}

/** The same for tests that are made in a loop or by `each`. */
export function testWith(command: string, ...probe: readonly string[]): typeof test | typeof test.skip {
  if (mayRun(command, probe)) return test
  process.stderr.write(`not installed, its tests are skipped: ${[command, ...probe].join(' ')}\n`)
  return test.skip
}
