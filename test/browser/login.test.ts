import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, type TestContext, test } from 'vitest'
import { CommandLine, ended } from '../support/command-line.ts'
import { needs, testWith } from '../support/installed.ts'
import { type TestOrigin, testRootPem } from '../support/origin.ts'
import { chromium as chromiumBrowser, temporaryFolder, trustIn } from './browsers.ts'
import { screen } from './screen.ts'
import { signInSite } from './sign-in-site.ts'

/** A state folder whose configuration leads both domains to the site. */
async function signedUp(
  context: TestContext,
  site: TestOrigin,
): Promise<{ cli: CommandLine; env: NodeJS.ProcessEnv }> {
  needs(context, 'sh', '-c', 'command -v Xvfb certutil')
  const cli = new CommandLine()
  const root = join(cli.folder, 'root.pem')
  writeFileSync(root, testRootPem())
  // What a public authority is to everybody: the other domain shows its own certificate.
  await cli.run(['session', 'list'])
  trustIn(join(cli.folder, '.pki', 'nssdb'), root)
  trustIn(join(cli.home, 'browser', 'default', 'firefox'), root)
  const at = `127.0.0.1:${site.port}`
  return {
    cli,
    env: {
      DISPLAY: await screen(),
      HALLPASS_UPSTREAM_CA: root,
      HALLPASS_RESOLVE: `app.site.test=${at},sso.other.test=${at}`,
    },
  }
}

const chromium = testWith('chromium', '--version', '--no-sandbox')
const each = [
  { browser: 'chromium', run: chromium },
  { browser: 'firefox', run: testWith('firefox-esr') },
]

describe.each(each)('login, in a window of real $browser', ({ browser, run }) => {
  run(
    'keeps what the site sets, over the wire and by script, and nothing of the other',
    { timeout: 120_000 },
    async (context) => {
      await using site = await signInSite()
      const { cli, env } = await signedUp(context, site)
      const args = [
        'login',
        'https://app.site.test/login',
        '--browser',
        browser,
        '--until',
        'url=https://app.site.test/home*',
      ]
      const { stderr, status } = await cli.run(args, { env })
      expect(status, stderr).toBe(0)
      expect(stderr).toMatch(/captured 3 cookies \(the earliest expires in 59 min\), 2 keys of web storage/)
      const me = await cli.run(['run', '--quiet', '--', 'curl', '-sS', 'https://app.site.test/me'], { env })
      expect(me.stdout).toContain('sid=HTTPONLYSECRET')
      expect(me.stdout).toContain('brief=SESSIONCOOKIE')
      expect(me.stdout).toContain('theme=BYSCRIPT')
      const listed = JSON.parse((await cli.run(['cookie', 'list', '--json'])).stdout)
      expect(listed.cookies.map(({ name }: { name: string }) => name).sort()).toEqual([
        'brief',
        'sid',
        'theme',
      ])
      expect(readdirSync(join(cli.home, 'sessions', 'default', 'sites'))).toEqual(['site.test'])
    },
  )

  run(
    'ends when its user closes the window, with what was in it last',
    { timeout: 120_000 },
    async (context) => {
      await using site = await signInSite()
      const { cli, env } = await signedUp(context, site)
      const login = cli.spawn(['login', 'https://app.site.test/login', '--browser', browser], { env })
      const end = ended(login)
      await requested(site, /GET \/home /)
      await sleep(1_500)
      process.kill(browserOf(cli))
      const { status, stderr } = await end
      expect(status, stderr).toBe(0)
      expect(stderr).toMatch(/captured 3 cookies .*, 2 keys of web storage/)
    },
  )

  run(
    'given up by Ctrl-C it leaves nothing half-written and no browser',
    { timeout: 120_000 },
    async (context) => {
      await using site = await signInSite()
      const { cli, env } = await signedUp(context, site)
      const login = cli.spawn(['login', 'https://app.site.test/login', '--browser', browser], { env })
      const end = ended(login)
      await requested(site, /GET \/home /)
      login.kill('SIGINT')
      const { status, stderr } = await end
      expect(status, stderr).toBe(130)
      expect(stderr).not.toContain('captured')
      expect(() => browserOf(cli)).toThrow()
      // What came over the wire was kept before the page saw it.
      expect((await cli.run(['cookie', 'list', '--json'])).stdout).toContain('"sid"')
    },
  )
})

describe.each(each)('open, a window of real $browser with the session in it', ({ browser, run }) => {
  run(
    'has its cookies and its web storage, and brings back what changes',
    { timeout: 120_000 },
    async (context) => {
      await using site = await signInSite()
      const { cli, env } = await signedUp(context, site)
      const state = {
        cookies: [
          {
            name: 'sid',
            value: 'FROMJAR',
            domain: 'app.site.test',
            path: '/',
            httpOnly: true,
            secure: true,
            expires: Date.now() / 1000 + 7200,
          },
          { name: 'old', value: 'GOES', domain: '.site.test', path: '/', secure: true },
        ],
        origins: [{ origin: 'https://app.site.test', localStorage: [{ name: 'auth', value: 'STORED' }] }],
      }
      await cli.run(['import', '-'], { env, stdin: JSON.stringify(state) })
      const open = cli.spawn(['open', 'https://app.site.test/used', '--browser', browser], { env })
      const end = ended(open)
      await requested(site, /GET \/saw\?/)
      const [, seen = ''] = /GET \/saw\?(\S+) /.exec(site.received) ?? []
      expect(decodeURIComponent(seen)).toBe('STORED')
      expect(/GET \/used[\s\S]*?\r\n\r\n/.exec(site.received)?.[0]).toMatch(
        /cookie: (sid=FROMJAR; old=GOES|old=GOES; sid=FROMJAR)\r/i,
      )
      await sleep(1_500)
      process.kill(browserOf(cli))
      const { status, stderr } = await end
      expect(status, stderr).toBe(0)
      const { cookies } = JSON.parse((await cli.run(['cookie', 'list', '--json'])).stdout)
      expect(cookies.map(({ name }: { name: string }) => name).sort()).toEqual(['sid', 'used'])
      const exported = await cli.run(['export', '--format', 'storage-state', '--reveal'])
      expect(JSON.parse(exported.stdout).origins).toEqual([
        { origin: 'https://app.site.test', localStorage: [{ name: 'auth', value: 'CHANGED' }] },
      ])
    },
  )
})

describe('login', () => {
  test('says what is missing: a screen, a browser', async () => {
    const cli = new CommandLine()
    const none = await cli.run(['login', 'app.site.test', '--browser', '/nonexistent/chrome'])
    expect(none).toMatchObject({
      status: 1,
      stderr:
        'hallpass: error: there is no /nonexistent/chrome\nhallpass: hint: npx hallpass login --browser PATH URL\n',
    })
    const blind = await cli.run(['login', 'app.site.test', '--browser', process.execPath])
    expect(blind.status).toBe(1)
    expect(blind.stderr).toContain(
      'there is no screen for a window (DISPLAY and WAYLAND_DISPLAY are not set)',
    )
    expect((await cli.run(['login', 'app.site.test', '--until', 'soon'])).status).toBe(2)
  })
})

describe('login --attach', () => {
  chromium('takes over from a browser that its user started', { timeout: 120_000 }, async (context) => {
    await using site = await signInSite()
    const { cli, env } = await signedUp(context, site)
    const args = [
      '--remote-debugging-port=0',
      '--host-resolver-rules=MAP *.test 127.0.0.1',
      '--password-store=basic',
    ]
    const userData = temporaryFolder('attached')
    const at = `https://app.site.test:${site.port}`
    chromiumBrowser(userData, `${at}/home`, { args, env: { ...process.env, HOME: cli.folder } })
    const endpoint = await debuggingEndpoint(userData)
    const login = ['login', `${at}/home`, '--attach', endpoint, '--until', 'cookie=theme']
    const { status, stderr } = await cli.run(login, { env })
    expect(status, stderr).toBe(0)
    expect(stderr).toMatch(/captured 1 cookie .*, 2 keys of web storage/)
    const { stderr: nobody } = await cli.run(['login', at, '--attach', '127.0.0.1:1'], { env })
    expect(nobody).toContain('hallpass: error: no browser answers on 127.0.0.1:1')
  })
})

/** The browser that a command has opened on the profile in its state folder. */
function browserOf(cli: CommandLine): number {
  const profile = join(cli.home, 'browser', 'default')
  const found = readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false
    const words = readIfThere(join('/proc', pid, 'cmdline')).split('\0')
    const ofPage = words.some((word) => word.startsWith('--type=') || word === '-contentproc')
    return !ofPage && words.some((word) => word.replace('--user-data-dir=', '').startsWith(profile))
  })
  const [pid] = found
  if (pid === undefined) throw new Error('there is no browser')
  return Number(pid)
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, 'latin1')
  } catch {
    return ''
  }
}

async function debuggingEndpoint(userData: string): Promise<string> {
  for (let attempt = 0; attempt < 300; attempt++) {
    const [port] = readIfThere(join(userData, 'DevToolsActivePort')).split('\n')
    if (port) return `127.0.0.1:${port}`
    await sleep(100)
  }
  throw new Error('the browser offers no debugging')
}

async function requested(site: TestOrigin, what: RegExp): Promise<void> {
  for (let attempt = 0; attempt < 600 && !what.test(site.received); attempt++) await sleep(100)
}
