import type { Reading } from '../../formats/format.ts'
import { readChrome } from './chrome.ts'
import { ChromeKeys } from './chrome-keys.ts'
import { readFirefox } from './firefox.ts'
import type { Profile } from './profiles.ts'

/** What a profile holds, as a file of any other format is read. Nothing of the profile is changed. */
export async function readBrowser({ browser, cookies, root }: Profile): Promise<Reading> {
  if (browser.storage === undefined) return await readFirefox(cookies)
  return await readChrome(cookies, new ChromeKeys(browser.storage, root))
}
