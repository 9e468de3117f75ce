import { execFile } from 'node:child_process'
import { existsSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { HallpassError } from '../../errors.ts'
import { notStarted, type WindowProxy } from './window-proxy.ts'

const run = promisify(execFile)

/**
 * Puts our CA into the profile's certificate store, the only one that Firefox reads. An older CA of ours goes first.
 * @throws HallpassError `browser-missing` without certutil, the tool of NSS
 */
export async function trustIn(profile: string, caPem: string): Promise<void> {
  const database = `sql:${profile}`
  const nickname = 'hallpass'
  try {
    if (!existsSync(join(profile, 'cert9.db')))
      await run('certutil', ['-d', database, '-N', '--empty-password'])
    await run('certutil', ['-d', database, '-D', '-n', nickname]).catch(() => 'it was not there')
    await run('certutil', ['-d', database, '-A', '-n', nickname, '-t', 'C,,', '-i', caPem])
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw notStarted('certutil', error)
    throw new HallpassError(
      'browser-missing',
      'certutil is not installed: hallpass needs it to make Firefox trust its CA',
      {
        hint: 'apt install libnss3-tools',
        cause: error,
      },
    )
  }
}

/**
 * When hallpass is killed, its Firefox stays open, and a second Firefox on the profile would ask its user what to do.
 * @throws HallpassError `browser-failed`
 */
export function checkUnused(profile: string): void {
  const pid = holderOf(profile)
  if (pid === undefined) return
  throw new HallpassError(
    'browser-failed',
    `a Firefox of this session is still open (process ${pid}): close it first`,
  )
}

/** On Linux the profile's lock is a link to `ADDRESS:+PID`. Other systems do not tell. */
function holderOf(profile: string): number | undefined {
  try {
    const [, pid] = /:\+?(\d+)$/.exec(readlinkSync(join(profile, 'lock'))) ?? []
    if (pid === undefined) return undefined
    process.kill(Number(pid), 0)
    return Number(pid)
  } catch {
    return undefined // no lock, or the process has ended
  }
}

/** A service worker of the last window would answer for its site before we can fill it. The site's page registers it again. */
export function forgetWorkers(profile: string): void {
  rmSync(join(profile, 'serviceworker.txt'), { force: true })
}

/** Refuses connections. Nobody but root can listen there. */
const closedPort = 1

/** Sends everything that the profile does to our proxy; until `proxyPorts` are set, no connection succeeds. */
export function useProxy(profile: string, { host }: WindowProxy): void {
  const lines = Object.entries({ ...preferences(host), ...proxyPorts(closedPort) }).map(
    ([key, value]) => `user_pref(${JSON.stringify(key)}, ${JSON.stringify(value)});\n`,
  )
  writeFileSync(join(profile, 'user.js'), lines.join(''), { mode: 0o600 })
}

export function proxyPorts(port: number): Readonly<Record<string, number>> {
  return { 'network.proxy.http_port': port, 'network.proxy.ssl_port': port }
}

function preferences(host: string): Readonly<Record<string, string | number | boolean>> {
  return {
    // The debugger opens on the socket of our command line, and does not ask the user about it.
    'devtools.chrome.enabled': true,
    'devtools.debugger.remote-enabled': true,
    'devtools.debugger.prompt-connection': false,
    'network.proxy.type': 1,
    'network.proxy.http': host,
    'network.proxy.ssl': host,
    'network.proxy.no_proxies_on': '',
    'network.proxy.allow_hijacking_localhost': true,
    // Only the proxy looks names up. HTTP/3 would bypass it.
    'network.trr.mode': 5,
    'network.http.http3.enable': false,
    // The profile is not sealed: Firefox keeps no password, address or card in it, and does not ask.
    'signon.rememberSignons': false,
    'browser.formfill.enable': false,
    'extensions.formautofill.addresses.enabled': false,
    'extensions.formautofill.creditCards.enabled': false,
    'browser.shell.checkDefaultBrowser': false,
    'browser.startup.homepage_override.mstone': 'ignore',
    'browser.aboutwelcome.enabled': false,
    'datareporting.policy.dataSubmissionEnabled': false,
    'app.update.enabled': false,
    'network.captive-portal-service.enabled': false,
    'network.connectivity-service.enabled': false,
  }
}
