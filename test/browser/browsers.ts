import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/** For root on a machine without a screen. The browser does not call its vendor. */
export const quietChromium = [
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

export function temporaryFolder(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), `hallpass-${name}-`))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }))
  return folder
}

/** A browser that ends with the test. */
function started(command: string, args: readonly string[], env: NodeJS.ProcessEnv): ChildProcess {
  const browser = spawn(command, args, { stdio: 'ignore', env, detached: true })
  onTestFinished(async () => {
    if (browser.exitCode !== null || browser.signalCode !== null || browser.pid === undefined) return
    const ended = once(browser, 'exit')
    // The whole group, with the processes of pages and of the GPU.
    process.kill(-browser.pid, 'SIGKILL')
    await ended
  })
  return browser
}

/** Puts a root into a store of NSS: `~/.pki/nssdb`, where Chromium looks on Linux, or a profile of Firefox. */
export function trustIn(folder: string, rootPem: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const database = `sql:${folder}`
  execFileSync('certutil', ['-d', database, '-N', '--empty-password'])
  execFileSync('certutil', ['-d', database, '-A', '-n', 'root of the test', '-t', 'C,,', '-i', rootPem])
}

/** A real Chromium without a window, on a profile of its own below `userData`. Every host below `test` leads to this machine. */
export function chromium(
  userData: string,
  url: string,
  options: { readonly args?: readonly string[]; readonly env?: NodeJS.ProcessEnv } = {},
): ChildProcess {
  const args = [
    ...quietChromium,
    '--headless=new',
    '--host-resolver-rules=MAP *.test 127.0.0.1',
    `--user-data-dir=${userData}`,
    ...(options.args ?? ['--password-store=basic']),
    url,
  ]
  return started('chromium', args, options.env ?? process.env)
}

/** A real Firefox without a window, as the default profile of `home`. */
export function firefox(
  home: string,
  url: string,
): { readonly browser: ChildProcess; readonly profile: string } {
  const root = join(home, '.mozilla', 'firefox')
  const profile = join(root, 'abcd.default-esr')
  mkdirSync(profile, { recursive: true })
  writeFileSync(
    join(root, 'profiles.ini'),
    '[General]\nStartWithLastProfile=1\n\n[Profile0]\nName=default-esr\nIsRelative=1\nPath=abcd.default-esr\n',
  )
  const prefs = {
    'network.dns.forceResolve': '127.0.0.1',
    'app.normandy.enabled': false,
    'browser.aboutConfig.showWarning': false,
    'browser.shell.checkDefaultBrowser': false,
    'browser.startup.homepage_override.mstone': 'ignore',
    'datareporting.policy.dataSubmissionEnabled': false,
    'toolkit.telemetry.reportingpolicy.firstRun': false,
    'network.captive-portal-service.enabled': false,
    'network.connectivity-service.enabled': false,
    'extensions.update.enabled': false,
    'services.settings.server': 'http://127.0.0.1:1',
    'browser.safebrowsing.malware.enabled': false,
    'browser.safebrowsing.phishing.enabled': false,
    'browser.region.network.url': '',
    'dom.security.https_first': false,
  }
  const lines = Object.entries(prefs).map(
    ([key, value]) => `user_pref(${JSON.stringify(key)}, ${JSON.stringify(value)});`,
  )
  writeFileSync(join(profile, 'user.js'), `${lines.join('\n')}\n`)
  const args = ['--headless', '--no-remote', '--profile', profile, url]
  const browser = started('firefox-esr', args, { ...process.env, HOME: home, MOZ_CRASHREPORTER_DISABLE: '1' })
  return { browser, profile }
}
