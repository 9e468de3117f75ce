import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { browsers } from './browsers.ts'
import { foldersAt } from './place.ts'
import { findProfile } from './profiles.ts'

let home: string
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'hallpass-test-'))
})
afterEach(() => rmSync(home, { recursive: true }))

/** A profile of Firefox, used at this second. */
function firefoxAt(root: string, name: string, usedAt: number): string {
  const folder = join(home, root)
  mkdirSync(join(folder, name), { recursive: true })
  writeFileSync(join(folder, 'profiles.ini'), `[Profile0]\nName=${name}\nIsRelative=1\nPath=${name}\n`)
  return used(join(folder, name, 'cookies.sqlite'), usedAt)
}

function chromeAt(root: string, usedAt: number): string {
  mkdirSync(join(home, root, 'Default'), { recursive: true })
  return used(join(home, root, 'Default', 'Cookies'), usedAt)
}

function used(file: string, usedAt: number): string {
  writeFileSync(file, '')
  utimesSync(file, usedAt, usedAt)
  return file
}

const find = async (name: string, env: NodeJS.ProcessEnv = {}, profile?: string) => {
  const browser = browsers.find((each) => each.name === name)
  if (browser === undefined) throw new Error(`no ${name}`)
  return (await findProfile(browser, profile, { env: { HOME: home, ...env }, platform: 'linux' })).cookies
}

describe('the profile in use', () => {
  it('of Firefox is below ~/.mozilla where that exists, else below XDG_CONFIG_HOME, else below ~/.config', async () => {
    const env = { XDG_CONFIG_HOME: join(home, 'moved') }
    const usual = firefoxAt('.config/mozilla/firefox', 'usual', 3)
    expect(await find('firefox', env)).toBe(usual)
    const moved = firefoxAt('moved/mozilla/firefox', 'moved', 2)
    expect(await find('firefox', env)).toBe(moved)
    expect(await find('firefox')).toBe(usual)
    const old = firefoxAt('.mozilla/firefox', 'old', 1)
    expect(await find('firefox', env)).toBe(old)
    expect(await find('firefox', env, 'usual')).toBe(usual)
  })

  it('is the last one used of the system, of snap and of flatpak', async () => {
    firefoxAt('.mozilla/firefox', 'system', 1)
    firefoxAt('snap/firefox/common/.mozilla/firefox', 'snap', 2)
    const flatpak = firefoxAt('.var/app/org.mozilla.firefox/config/mozilla/firefox', 'flatpak', 3)
    expect(await find('firefox')).toBe(flatpak)
    firefoxAt('.var/app/org.mozilla.firefox/.mozilla/firefox', 'older', 1)
    expect(await find('firefox')).toBe(join(home, 'snap/firefox/common/.mozilla/firefox/snap/cookies.sqlite'))
  })

  it('of Chrome is below CHROME_CONFIG_HOME, else XDG_CONFIG_HOME, else ~/.config', async () => {
    const own = join(home, 'own')
    const env = { XDG_CONFIG_HOME: join(home, 'moved'), CHROME_CONFIG_HOME: own }
    const usual = chromeAt('.config/google-chrome', 3)
    expect(await find('chrome', env)).toBe(usual)
    const moved = chromeAt('moved/google-chrome', 2)
    expect(await find('chrome', env)).toBe(moved)
    const chosen = chromeAt('own/google-chrome', 1)
    expect(await find('chrome', env)).toBe(chosen)
  })

  it.each(['', 'relative/path', './x'])('XDG_CONFIG_HOME=%j counts as unset', async (folder) => {
    const usual = chromeAt('.config/chromium', 1)
    expect(await find('chromium', { XDG_CONFIG_HOME: folder })).toBe(usual)
  })
})

describe('a folder of Windows', () => {
  const local = (env: NodeJS.ProcessEnv) =>
    foldersAt(['localData', 'Google/Chrome'], { env, platform: 'win32' })

  it('is below LOCALAPPDATA, and without it below the home folder', () => {
    const env = { HOME: 'C:\\Users\\ada', LOCALAPPDATA: 'D:\\Local' }
    expect(local(env)).toEqual([
      'D:\\Local\\Google\\Chrome',
      'C:\\Users\\ada\\AppData\\Local\\Google\\Chrome',
    ])
    expect(local({ HOME: 'C:\\Users\\ada' })).toEqual(['C:\\Users\\ada\\AppData\\Local\\Google\\Chrome'])
  })
})
