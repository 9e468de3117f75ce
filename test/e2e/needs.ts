import { spawnSync } from 'node:child_process'
import { test } from 'vitest'

const found = new Map<string, boolean>()

/** Whether the command runs; looked for once. */
function works(command: string, args: readonly string[]): boolean {
  const key = [command, ...args].join(' ')
  const known = found.get(key)
  if (known !== undefined) return known
  const result = spawnSync(command, args, { stdio: 'ignore', timeout: 20_000 }).status === 0
  found.set(key, result)
  return result
}

/**
 * A test that needs a program. Where that is missing, a user's machine says so and skips it; with CI=true the test runs, and fails.
 */
export function testWith(
  command: string,
  args: readonly string[] = ['--version'],
): typeof test | typeof test.skip {
  if (works(command, args)) return test
  if (process.env.CI === 'true') return test
  process.stderr.write(`not installed, its tests are skipped: ${command} ${args.join(' ')}\n`)
  return test.skip
}
