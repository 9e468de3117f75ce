import { join } from 'node:path'
import { expect } from 'vitest'
import { isInstalled, testWith } from '../support/installed.ts'
import { execute, repository } from './world.ts'

const testWithWget = isInstalled('curl') ? testWith('wget') : testWith('curl')

testWithWget('the picture in the README shows what the commands print', async () => {
  const script = join(repository, 'scripts', 'picture.ts')
  const check = await execute(process.execPath, [script, '--check'], { env: process.env })
  expect(check).toMatchObject({ status: 0, stderr: '' })
})
