import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { chromium as playwright } from 'playwright-core'
import { describe, expect, type TestContext, test } from 'vitest'
import { findExecutable } from '../../src/browser/window/find-executable.ts'
import { onTerminal } from '../cli/on-terminal.ts'
import { CommandLine, ended } from '../support/command-line.ts'
import { needs, testWith } from '../support/installed.ts'
import { httpOrigin, type TestOrigin, testRootPem } from '../support/origin.ts'
import { chromium as chromiumBrowser, quietChromium, temporaryFolder, trustIn } from './browsers.ts'
import { screen } from './screen.ts'
import { signInSite } from './sign-in-site.ts'

/** A state folder whose configuration leads all domains to the site, and a screen for windows. */
async function signedUp(context: TestContext, site: TestOrigin): Promise<CommandLine> {
  needs(context, 'sh', '-c', 'command -v Xvfb certutil')
  const cli = new CommandLine()
  const root = join(cli.folder, 'root.pem')
  writeFileSync(root, testRootPem())
  // The other domain shows its own certificate: here its root plays a public authority.
  await cli.run(['session', 'list'])
  trustIn(join(cli.folder, '.pki', 'nssdb'), root)
  trustIn(join(cli.home, 'browser', 'default', 'firefox'), root)
  const at = `127.0.0.1:${site.port}`
  Object.assign(cli.env, {
    DISPLAY: await screen(),
    HALLPASS_UPSTREAM_CA: root,
    HALLPASS_RESOLVE: `app.site.test=${at},evil.site.test=${at},sso.other.test=${at}`,
  })
  return cli
}

const chromium = testWith('chromium', '--version', '--no-sandbox')
const each = [
  { browser: 'chromium', run: chromium },
  { browser: 'firefox', run: testWith('firefox-esr') },
]
const signIn = 'https://app.site.test/login'

describe.each(each)('a window of real $browser', ({ browser, run }) => {
  run('ends what hallpass knew of a dead login', async (context) => {
    await using site = await signInSite()
    const cli = await signedUp(context, site)
    await cli.run(['cookie', 'set', 'https://app.site.test/', 'old', '--http-only'], { stdin: 'dead' })
    await cli.run(['session', 'mark', 'site.test', 'needs-login'])
    const logins = async () => JSON.parse((await cli.run(['status', '--json'])).stdout).site_logins
    expect(await logins()).toMatchObject([{ site: 'site.test', state: 'needs-login' }])
    const until = 'url=https://app.site.test/home*'
    const { status, stderr } = await cli.run(['login', signIn, '--browser', browser, '--until', until])
    expect(status, stderr).toBe(0)
    expect(await logins()).toEqual([])
  })

  run(
    'signs every tool in, with cookies of responses and of scripts, and opens again with the state of the session',
    async (context) => {
      await using site = await signInSite()
      const cli = await signedUp(context, site)
      const login = ['login', signIn, '--browser', browser, '--until', 'url=https://app.site.test/home*']
      const { stderr, stdout, status } = await cli.run([...login, '--json'])
      expect(status, stderr).toBe(0)
      expect(JSON.parse(stdout)).toMatchObject({
        schema: 'hallpass.login/1',
        session: 'default',
        cookies: 4,
        earliest_expiry: expect.stringMatching(/Z$/),
        storage: { origins: 2, keys: 5 },
        sites: ['site.test'],
        skipped: [
          {
            where: 'https://app.site.test',
            reason:
              "a database with keys or files that cannot leave the browser: it stays only in the window's profile",
            what: 'storage',
          },
        ],
      })
      expect(readdirSync(join(cli.home, 'sessions', 'default', 'sites'))).toEqual(['site.test'])

      const page = [
        '--kind',
        'web-storage',
        '--origin',
        'https://app.site.test',
        '--key',
        'auth',
        '--path',
        'access',
      ]
      const set = await cli.run(['token', 'set', 'page', ...page, '--host', 'app.site.test'])
      expect(set.status, set.stderr).toBe(0)
      const inDatabase = [
        '--area',
        'database',
        '--path',
        'stores.0.records.0.value.access',
        '--header',
        'X-Database',
      ]
      const found = [...page.slice(0, 4), '--key', 'accounts', ...inDatabase]
      await cli.run(['token', 'set', 'database', ...found, '--host', 'app.site.test'])
      const { stdout: me } = await cli.run([
        'run',
        '--quiet',
        '--',
        'curl',
        '-sS',
        'https://app.site.test/me',
      ])
      for (const cookie of [
        'sid=HTTPONLYSECRET',
        'brief=SESSIONCOOKIE',
        'theme=BYSCRIPT',
        'chips=OWNPARTITION',
      ])
        expect(me).toContain(cookie)
      expect(me).toContain('authorization: Bearer LOCALTOKEN')
      expect(me).toContain('x-database: DATABASETOKEN')
      if (browser === 'chromium') await meetsInPlaywright(cli, site)

      const state = {
        cookies: [
          { name: 'sid', value: 'FROMJAR', domain: 'app.site.test', path: '/', httpOnly: true, secure: true },
          { name: 'old', value: 'GOES', domain: '.site.test', path: '/', secure: true },
        ],
        origins: [storedAs('STORED')],
      }
      await cli.run(['import', '-', '--replace'], { stdin: JSON.stringify(state) })
      const open = cli.spawn(['open', 'https://app.site.test/used', '--browser', browser])
      const end = ended(open)
      await requested(site, /GET \/saw\?/)
      const [, seen = ''] = /GET \/saw\?(\S+) /.exec(site.received) ?? []
      expect(decodeURIComponent(seen)).toBe('[["auth"],["STORED"],"STORED"]')
      // No cookie that the profile has kept since the login.
      expect(/GET \/used[\s\S]*?\r\n\r\n/.exec(site.received)?.[0]).toMatch(
        /cookie: (sid=FROMJAR; old=GOES|old=GOES; sid=FROMJAR)\r/i,
      )
      await requested(site, /GET \/change-is-read /)
      process.kill(browserOf(cli))
      const opened = await end
      expect(opened.status, opened.stderr).toBe(0)
      const { cookies } = JSON.parse((await cli.run(['cookie', 'list', '--json'])).stdout)
      expect(cookies.map(({ name }: { name: string }) => name).sort()).toEqual(['sid', 'used'])
      expect((await exported(cli)).origins).toEqual([storedAs('CHANGED')])

      await cli.run(['storage', 'rm', 'app.site.test', '--yes'])
      site.received = ''
      const again = cli.spawn(['open', 'https://app.site.test/used', '--browser', browser])
      const endAgain = ended(again)
      await requested(site, /GET \/saw\?/)
      again.kill('SIGINT')
      await endAgain
      expect(decodeURIComponent(/GET \/saw\?(\S+) /.exec(site.received)?.[1] ?? '')).toMatch(/^\[\[\],\[\],/)
    },
  )

  run(
    'ends when its user closes it and keeps the last state, also when the key was rotated; a session has one window at a time, and its profile goes with it',
    async (context) => {
      await using site = await signInSite()
      const cli = await signedUp(context, site)
      const login = cli.spawn(['login', signIn, '--browser', browser, '--until', 'closed'])
      const end = ended(login)
      await requested(site, /GET \/home /)
      const second = await cli.run(['open', 'app.site.test', '--browser', browser])
      expect(second.status).toBe(1)
      expect(second.stderr).toContain('the session "default" already has a window open')
      const rotation = await cli.run(['key', 'rotate'])
      expect(rotation.status, rotation.stderr).toBe(0)
      await requested(site, /GET \/home-is-read /)
      process.kill(browserOf(cli))
      const { status, stderr } = await end
      expect(status, stderr).toBe(0)
      expect(stderr).toMatch(
        /captured 4 cookies \(the earliest expires in (59 min|1 h)\), 5 keys of web storage/,
      )
      expect(stderr).toContain('skipped 1: a database with keys or files that cannot leave the browser')
      expect(existsSync(join(cli.home, 'browser', 'default', browser))).toBe(true)
      await cli.run(['session', 'rm', 'default', '--yes'])
      expect(existsSync(join(cli.home, 'browser', 'default'))).toBe(false)
      expect(readdirSync(join(cli.home, 'sessions'))).toEqual([])
    },
  )

  run('goes with its session', async (context) => {
    await using site = await signInSite()
    const cli = await signedUp(context, site)
    await cli.run(['session', 'create', 'work'])
    // A public root, as in the profile of the other session.
    trustIn(join(cli.home, 'browser', 'work', 'firefox'), join(cli.folder, 'root.pem'))
    const login = cli.spawn(['login', signIn, '--browser', browser, '--session', 'work'])
    const end = ended(login)
    await requested(site, /GET \/home /)
    const { status, stderr } = await cli.run(['session', 'rm', 'work', '--yes'])
    expect(status, stderr).toBe(0)
    expect(await end).toMatchObject({
      status: 4,
      stderr: expect.stringContaining('there is no session "work"'),
    })
    expect(existsSync(join(cli.home, 'browser', 'work'))).toBe(false)
  })

  run('brings its changes back, and leaves the rest of the session alone', async (context) => {
    await using site = await signInSite()
    const cli = await signedUp(context, site)
    await cli.shell(`hallpass import - --format set-cookie https://app.site.test/ << 'END'
Set-Cookie: sid=OLD; Secure; HttpOnly; Max-Age=3600
Set-Cookie: theme=dark; Secure
Set-Cookie: chips=OWN; Secure; Path=/; SameSite=None; Partitioned
Set-Cookie: other=OLD; Secure
END
        printf 'Set-Cookie: bytes=gr\\374n; Secure' | hallpass import - --format set-cookie https://app.site.test/`)
    const open = cli.spawn(['open', 'https://app.site.test/changes', '--browser', browser])
    const end = ended(open)
    await requested(site, /GET \/changes /)
    // Another tool sets a cookie meanwhile.
    await cli.run(['cookie', 'set', 'https://app.site.test/', 'other', '--secure'], { stdin: 'NEW' })
    await requested(site, /GET \/rotated /)
    process.kill(browserOf(cli), 'SIGKILL')
    const { status, stderr } = await end
    expect(status, stderr).toBe(0)
    expect(stderr).toContain('removed 1 cookie that the window removed')
    expect(stderr).toContain(
      'skipped 1: the browser refuses it: it stays only in the session (bytes of app.site.test)',
    )
    expect(/GET \/changes[\s\S]*?\r\n\r\n/.exec(site.received)?.[0]).toContain('chips=OWN')
    const kept = await cli.run(['cookie', 'list', '--json', '--reveal'])
    const { cookies } = JSON.parse(kept.stdout)
    expect(
      cookies.map((each: { name: string; value: string }) => `${each.name}=${each.value}`).sort(),
    ).toEqual(['bytes=gr\u00fcn', 'chips=OWN', 'other=NEW', 'sid=ROTATED'])
  })

  run('leaves nothing half-written and no browser after Ctrl-C', async (context) => {
    await using site = await signInSite()
    const cli = await signedUp(context, site)
    const login = cli.spawn(['login', signIn, '--browser', browser])
    const end = ended(login)
    await requested(site, /GET \/home /)
    await requested(site, /GET \/home-is-read /)
    login.kill('SIGINT')
    const { status, stderr } = await end
    expect(status, stderr).toBe(130)
    expect(stderr).not.toContain('captured')
    expect(() => browserOf(cli)).toThrow()
    // The proxy kept the cookies of responses before the page saw them.
    const { stdout: cookies } = await cli.run(['cookie', 'list', '--json'])
    expect(cookies).toContain('"sid"')
    expect(cookies).not.toContain('"theme"')
    expect((await cli.run(['storage', 'list'])).stdout).toBe('')

    const waiting = cli.spawn(['login', 'https://app.site.test/never', '--browser', browser])
    const endWaiting = ended(waiting)
    await requested(site, /GET \/never /)
    waiting.kill('SIGHUP')
    expect((await endWaiting).status).toBe(130)
    expect(() => browserOf(cli)).toThrow()
  })
})

chromium('login shows its progress on a terminal, and ends with Enter', async (context) => {
  await using site = await signInSite()
  const cli = await signedUp(context, site)
  const done = {
    at: /4 cookies and 5 keys of web storage so far; waiting for the window to be closed, or Enter here/,
    keys: '\r',
  }
  const { status, screen } = await onTerminal(
    context,
    cli,
    ['login', signIn, '--browser', 'chromium'],
    [done],
  )
  expect(status, screen).toBe(0)
  expect(screen).toMatch(/\r\x1b\[Khallpass: captured 4 cookies/)
})

testWith('firefox-esr')('login names a Firefox that a killed login left open', async (context) => {
  await using site = await signInSite()
  const cli = await signedUp(context, site)
  const login = cli.spawn(['login', signIn, '--browser', 'firefox'])
  const end = ended(login)
  await requested(site, /GET \/home /)
  login.kill('SIGKILL')
  await end
  const left = browserOf(cli)
  const again = await cli.run(['login', signIn, '--browser', 'firefox'])
  process.kill(left, 'SIGKILL')
  expect(again).toMatchObject({
    status: 1,
    stderr: expect.stringContaining(
      `a Firefox of this session is still open (process ${left}): close it first\n`,
    ),
  })
})

describe('login', () => {
  test('gives up a Firefox that does not start', async (context) => {
    needs(context, 'sh', '-c', 'command -v certutil')
    const cli = new CommandLine()
    const program = join(cli.folder, 'firefox')
    writeFileSync(program, '#!/bin/sh\necho started > "$0.pid"\nexec sleep 600\n', { mode: 0o700 })
    cli.env.DISPLAY = ':none'
    const login = cli.spawn(['login', 'app.site.test', '--browser', program])
    const end = ended(login)
    for (let attempt = 0; attempt < 300 && !existsSync(`${program}.pid`); attempt++) await sleep(100)
    login.kill('SIGTERM')
    expect((await end).status).toBe(130)
  })

  test('names what is missing: a screen, a browser', async () => {
    const cli = new CommandLine()
    const screen = { env: { DISPLAY: ':none' } }
    const none = await cli.run(['login', 'app.site.test', '--browser', '/nonexistent/chrome'], screen)
    expect(none).toMatchObject({
      status: 1,
      stderr:
        'hallpass: error: there is no /nonexistent/chrome\nhallpass: hint: npx hallpass login --browser PATH URL\n',
    })
    for (const command of ['login', 'open']) {
      const blind = await cli.run([
        command,
        'app.site.test',
        '--session',
        'nope',
        '--browser',
        '/nonexistent',
      ])
      expect(blind).toMatchObject({ status: 1, stdout: '' })
      expect(blind.stderr).toMatch(
        /^hallpass: error: there is no screen for a window \(DISPLAY and WAYLAND_DISPLAY are not set\)/,
      )
      for (const way of ['import', 'token login NAME --device', 'xvfb-run'])
        expect(blind.stderr).toContain(way)
      expect(existsSync(cli.home)).toBe(false)
    }
    expect((await cli.run(['login', 'app.site.test', '--until', 'soon'])).status).toBe(2)
  })
})

describe('login with a session that does not exist', () => {
  const words = ['login', 'app.site.test', '--session', 'work', '--browser', process.execPath]

  test('gives the command that makes it, before anything is opened', async () => {
    const cli = new CommandLine()
    cli.env.DISPLAY = ':none'
    await cli.run(['session', 'list'])
    expect(await cli.run(words)).toMatchObject({
      status: 4,
      stdout: '',
      stderr:
        'hallpass: error: there is no session "work"\nhallpass: hint: npx hallpass session create work\n',
    })
  })

  test('offers on a terminal to make it', async (context) => {
    const cli = new CommandLine()
    cli.env.DISPLAY = ':none'
    const no = await onTerminal(context, cli, words, [{ at: /Create it\?/, keys: 'n' }])
    expect(no.status).toBe(1)
    expect(no.screen).not.toContain('opening')
    expect(await cli.run(['session', 'show', 'work'])).toMatchObject({ status: 4 })
    const yes = await onTerminal(context, cli, words, [{ at: /Create it\?/, keys: 'y' }])
    expect(yes.screen).toContain('opening a browser window')
    expect(await cli.run(['session', 'show', 'work'])).toMatchObject({ status: 0 })
  })
})

describe('login --attach', () => {
  chromium('takes over from a browser that the user started', async (context) => {
    await using site = await signInSite()
    const cli = await signedUp(context, site)
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
    const { status, stderr } = await cli.run(login)
    expect(status, stderr).toBe(0)
    expect(stderr).toMatch(/captured 1 cookie .*, 5 keys of web storage/)
    expect(stderr).toContain(`hallpass run -- curl ${at}/\n`)
    const { stderr: nobody } = await cli.run(['login', at, '--attach', '127.0.0.1:1'])
    expect(nobody).toContain('hallpass: error: no browser answers on 127.0.0.1:1')
  })

  test('bears with an endpoint that is not a browser', async () => {
    const cli = new CommandLine()
    await using endless = await httpOrigin((_, response) => {
      const more = () => {
        while (response.write('x'.repeat(65_536)));
      }
      response.on('drain', more)
      more()
    })
    const login = ['login', 'app.site.test', '--attach']
    const unending = await cli.run([...login, `127.0.0.1:${endless.port}`])
    expect(unending.status).toBe(1)
    expect(unending.stderr).toContain('its answer is not that of a browser\n')
    await using silent = await httpOrigin(() => {})
    const waiting = cli.spawn([...login, `127.0.0.1:${silent.port}`])
    const end = ended(waiting)
    await requested(silent, /GET \/json\/version /)
    waiting.kill('SIGINT')
    expect((await end).status).toBe(130)
    const { status, stderr } = await cli.run([...login, 'http://127.0.0.1:9222'])
    expect({ status, stderr }).toEqual({
      status: 2,
      stderr: expect.stringContaining('--attach must be HOST:PORT, such as 127.0.0.1:9222'),
    })
  })
})

/** Exports the session into a context of Playwright's: a page there is signed in, by cookie and by storage. */
async function meetsInPlaywright(cli: CommandLine, site: TestOrigin): Promise<void> {
  const storageState = join(cli.folder, 'state.json')
  await cli.run(['export', '--format', 'playwright', '--out', storageState, '--reveal', 'app.site.test'])
  const browser = await playwright.launch({
    executablePath: findExecutable('chromium', process.env),
    args: [...quietChromium, `--host-resolver-rules=MAP app.site.test 127.0.0.1:${site.port}`],
  })
  try {
    const context = await browser.newContext({ storageState, ignoreHTTPSErrors: true })
    const page = await context.newPage()
    await page.goto('https://app.site.test/who')
    expect(await page.innerText('body')).toMatch(/sid=HTTPONLYSECRET\s+\{"access":"LOCALTOKEN"\}/)
    expect(await context.cookies()).toContainEqual(
      expect.objectContaining({ name: 'chips', partitionKey: 'https://site.test' }),
    )
  } finally {
    await browser.close()
  }
}

/** The storage of the site's page: the same token in both places. */
function storedAs(token: string) {
  const records = [{ key: 'ada', value: { access: token } }]
  return {
    origin: 'https://app.site.test',
    localStorage: [{ name: 'auth', value: token }],
    indexedDB: [
      {
        name: 'accounts',
        version: 1,
        stores: [{ name: 'tokens', autoIncrement: false, records, indexes: [] }],
      },
    ],
  }
}

async function exported(cli: CommandLine) {
  const { stdout } = await cli.run(['export', '--format', 'storage-state', '--reveal', 'app.site.test'])
  return JSON.parse(stdout)
}

/** The process of the browser that a command opened on the profile in its state folder. */
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
