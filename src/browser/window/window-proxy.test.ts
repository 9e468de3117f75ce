import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { temporaryHome } from '../../../test/support/temporary-home.ts'
import { openHallpass } from '../../index.ts'
import { profileFolder } from './window-proxy.ts'

it('marks the profiles, which are not sealed, for backup programs to skip, and nothing else', async () => {
  const home = temporaryHome()
  const hallpass = await openHallpass({ home: home.root, env: { HALLPASS_NO_KEYRING: '1' } })
  expect(profileFolder(hallpass, 'chromium')).toBe(join(home.browser, 'default', 'chromium'))
  const tag = join(home.browser, 'CACHEDIR.TAG')
  expect(readFileSync(tag, 'utf8')).toMatch(/^Signature: 8a477f597d28d172789f06886806bc55\n/)
  expect(statSync(tag).mode & 0o777).toBe(0o600)
  for (const folder of [home.root, home.sessions])
    expect(existsSync(join(folder, 'CACHEDIR.TAG'))).toBe(false)
})
