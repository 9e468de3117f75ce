import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { browsers, openBrowser } from '../../src/cli/open-browser.ts'

const url = 'https://id.example.com/auth?a=1&b=$(touch x);c'

describe('the browser for a sign-in page', () => {
  it.each<[string, NodeJS.ProcessEnv, NodeJS.Platform, string[][]]>([
    [
      'is that of BROWSER, with its words',
      { BROWSER: 'firefox -P work' },
      'linux',
      [['firefox', '-P', 'work']],
    ],
    ['is the first of several in BROWSER that works', { BROWSER: 'a:b %s' }, 'darwin', [['a'], ['b', '%s']]],
    ['is none with an empty BROWSER', { BROWSER: '', DISPLAY: ':0' }, 'linux', []],
    ['is the system’s on X', { DISPLAY: ':0' }, 'linux', [['xdg-open']]],
    ['is the system’s on Wayland', { WAYLAND_DISPLAY: 'wayland-0' }, 'linux', [['xdg-open']]],
    ['is none without a screen', {}, 'linux', []],
    ['is the system’s on macOS', {}, 'darwin', [['open']]],
    [
      'is the system’s on Windows, without a shell',
      {},
      'win32',
      [['rundll32', 'url.dll,FileProtocolHandler']],
    ],
  ])('%s', (_, env, platform, commands) => {
    expect(browsers(env, platform)).toEqual(commands)
  })

  it('is given the URL as one word that no shell reads, in place of %s or at the end', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'hallpass-browser-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const script = join(folder, 'browser.mjs')
    writeFileSync(
      script,
      `import { writeFileSync } from 'node:fs'\nwriteFileSync(process.argv[2], JSON.stringify(process.argv.slice(3)))`,
    )
    for (const [words, given] of [
      ['', [url]],
      [' --new-window=%s -x', [`--new-window=${url}`, '-x']],
    ] as const) {
      const out = join(folder, 'out')
      const BROWSER = `nothing-of-that-name:${process.execPath} ${script} ${out}${words}`
      expect(await openBrowser(url, { BROWSER, PATH: process.env.PATH })).toBe(true)
      expect(JSON.parse(readFileSync(out, 'utf8'))).toEqual(given)
    }
  })

  it('says when none took it', async () => {
    expect(await openBrowser(url, { BROWSER: 'nothing-of-that-name:false', PATH: process.env.PATH })).toBe(
      false,
    )
  })
})
