import { join } from 'node:path'
import { describe, expect, onTestFinished, vi } from 'vitest'
import { readCopied, rowsOf } from '../../src/browser/stores/copied-database.ts'
import { findProfile } from '../../src/browser/stores/profiles.ts'
import { needs, testWith } from '../support/installed.ts'
import { chromium, temporaryFolder } from './browsers.ts'
import { cookieSite } from './cookie-site.ts'
import { desktop } from './desktop.ts'
import { browserNamed, cookie, ofTheSite, onLinux, readBrowser, readUntil, shown } from './read-store.ts'

describe('the store of a real browser', () => {
  testWith(
    'chromium',
    '--version',
    '--no-sandbox',
  )('Chromium, with its key in the keyring of the desktop', async (context) => {
    needs(context, 'dbus-daemon')
    needs(context, 'gnome-keyring-daemon')
    // secret-tool has no --version.
    needs(context, 'sh', '-c', 'command -v secret-tool')
    await using site = await cookieSite()
    const home = temporaryFolder('keyring')
    const env = await desktop(home)
    const userData = join(home, '.config', 'chromium')
    const args = ['--password-store=gnome-libsecret']
    chromium(userData, `http://app.example.test:${site.port}/`, { args, env })
    await site.visited
    vi.stubEnv('DBUS_SESSION_BUS_ADDRESS', env.DBUS_SESSION_BUS_ADDRESS)
    onTestFinished(() => void vi.unstubAllEnvs())
    const profile = () => findProfile(browserNamed('chromium'), 'Default', onLinux(home))
    const reading = await readUntil(5, async () => readBrowser(await profile()))
    expect(shown(reading)).toEqual([cookie('brief', 'gone', {}), ...ofTheSite])
    const kinds = await readCopied((await profile()).cookies, (database) =>
      rowsOf(database, 'SELECT DISTINCT substr(encrypted_value, 1, 3) AS kind FROM cookies'),
    )
    expect(kinds.map(({ kind }) => Buffer.from(kind as Uint8Array).toString())).toEqual(['v11'])
    vi.stubEnv('PATH', '/nonexistent')
    const unasked = await readBrowser(await profile())
    expect(unasked.cookies).toEqual([])
    expect(unasked.skipped.map(({ reason }) => reason)).toEqual(
      Array(5).fill('the keyring cannot be asked: secret-tool is not installed'),
    )
  })
})
