import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const soak = join(import.meta.dirname, '..', 'bench', 'soak.ts')

it('many destinations and rotating cookies neither fill the memory nor keep another client out', async () => {
  const line = ['--disable-warning=ExperimentalWarning', soak, '--minutes', '0.3', '--json']
  const { stdout } = await promisify(execFile)(process.execPath, line)
  const { otherRequests, destinations, peakMiB, liveGrowthMiB } = JSON.parse(stdout)
  expect(destinations).toBeGreaterThan(10)
  expect(otherRequests).toBeGreaterThan(1)
  // Otherwise it has not been judged.
  expect(liveGrowthMiB).toBeTypeOf('number')
  // NaN on systems that do not say how much memory another process takes.
  if (process.platform === 'linux') expect(peakMiB).toBeGreaterThan(32)
}, 600_000)
