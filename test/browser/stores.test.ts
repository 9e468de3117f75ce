import { once } from 'node:events'
import { readdirSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { findProfile } from '../../src/browser/stores/profiles.ts'
import { testWith } from '../support/installed.ts'
import { chromium, firefox, temporaryFolder } from './browsers.ts'
import { cookieSite } from './cookie-site.ts'
import {
  altered,
  browserNamed,
  cookie,
  ofTheSite,
  onLinux,
  readBrowser,
  readUntil,
  shown,
} from './read-store.ts'

describe('the store of a real browser, read while it runs', () => {
  testWith(
    'chromium',
    '--version',
    '--no-sandbox',
  )('Chromium', async () => {
    await using site = await cookieSite()
    const home = temporaryFolder('chromium')
    const userData = join(home, '.config', 'chromium')
    const browser = chromium(userData, `http://app.example.test:${site.port}/`)
    await site.visited
    const read = async () =>
      readBrowser(await findProfile(browserNamed('chromium'), undefined, onLinux(home)))
    const reading = await readUntil(5, read)
    // It keeps those of a session too, for when it opens its last windows again.
    expect(shown(reading)).toEqual([cookie('brief', 'gone', {}), ...ofTheSite])
    expect(reading.skipped).toEqual([])
    expect(browser.exitCode).toBeNull()

    const profile = await findProfile(browserNamed('chromium'), undefined, onLinux(home))
    const reasons = async (change: string) =>
      (await readBrowser(altered(profile, change))).skipped.map(({ where, reason }) => `${where}: ${reason}`)
    const sid = (change: string) => reasons(`UPDATE cookies SET ${change} WHERE name = 'sid'`)
    const where = 'cookie 1 (sid of app.example.test)'
    expect(await sid("encrypted_value = CAST('v20' || zeroblob(64) AS BLOB)")).toEqual([
      `${where}: bound to the browser itself (hallpass login reads it from the wire instead)`,
    ])
    expect(await sid("encrypted_value = CAST('v99' || zeroblob(64) AS BLOB)")).toEqual([
      `${where}: encrypted in a way that is not known`,
    ])
    expect(await sid("encrypted_value = CAST('v10' || zeroblob(64) AS BLOB)")).toEqual([
      `${where}: encrypted with another key than the one that the keyring has`,
    ])
    // A value moved to another host would sign in there.
    expect(await sid("host_key = 'bank.test'")).toEqual([
      'cookie 1 (sid of bank.test): a value that belongs to another host',
    ])
    expect(await sid("top_frame_site_key = 'https://embedder.test'")).toEqual([
      `${where}: it is in the partition of another site; hallpass keeps only cookies in the partition of their own site`,
    ])
    expect(await sid("has_cross_site_ancestor = 0, top_frame_site_key = 'https://example.test'")).toEqual([])
    expect(await reasons("UPDATE meta SET value = '23' WHERE key = 'version'")).toEqual([])
    const damaged = altered(profile, 'SELECT 1')
    truncateSync(damaged.cookies, 4096)
    await expect(readBrowser(damaged)).rejects.toMatchObject({ code: 'profile-unreadable' })
    await expect(readBrowser(altered(profile, 'DROP TABLE cookies'))).rejects.toMatchObject({
      code: 'profile-unreadable',
    })
    expect(readdirSync(tmpdir()).filter((name) => name.startsWith('hallpass-profile-'))).toEqual([])
  })

  testWith('firefox-esr')('Firefox', async () => {
    await using site = await cookieSite()
    const home = temporaryFolder('firefox')
    const { browser } = firefox(home, `http://app.example.test:${site.port}/`)
    await site.visited
    const read = async () => readBrowser(await findProfile(browserNamed('firefox'), undefined, onLinux(home)))
    const reading = await readUntil(4, read)
    expect(shown(reading)).toEqual(ofTheSite)
    expect(reading.skipped).toEqual([])
    expect(browser.exitCode).toBeNull()

    const profile = await findProfile(browserNamed('firefox'), undefined, onLinux(home))
    const reasons = async (attributes: string) => {
      const change = `UPDATE moz_cookies SET originAttributes = '${attributes}' WHERE name = 'sid'`
      return (await readBrowser(altered(profile, change))).skipped.map(({ reason }) => reason)
    }
    expect(await reasons('^userContextId=2')).toEqual([
      'it is in the container 2: choose it with --container',
    ])
    expect(await reasons('^privateBrowsingId=1')).toEqual(['of a private window'])
    expect(await reasons('^partitionKey=%28http%2Cembedder.test%29')).toEqual([
      'it is in the partition of another site; hallpass keeps only cookies in the partition of their own site',
    ])
    expect(await reasons('^partitionKey=%28http%2Cexample.test%29')).toEqual([])
    browser.kill()
    await once(browser, 'exit')
    expect(shown(await readBrowser(profile))).toEqual(ofTheSite)
  })
})
