import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'

function endOf(command: string) {
  const file = join(import.meta.dirname, 'end-with.ts')
  const script = `import { endWith } from '${file}'; endWith(${command})`
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
  })
  return { status, stderr }
}

test.each([0, 1, 8])('a command that is done ends with its status: %d', (status) => {
  expect(endOf(`Promise.resolve(${status})`)).toEqual({ status, stderr: '' })
})

test('a command that waits for what cannot come is a failure', () => {
  expect(endOf('new Promise(() => {})')).toEqual({
    status: 1,
    stderr: expect.stringMatching(/^hallpass: error: .* is not done/),
  })
})
