import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { type AuthorizationServer, startAuthorizationServer } from '../support/authorization-server.ts'
import { BrowsingUser } from '../support/browsing-user.ts'
import { CommandLine, said } from '../support/command-line.ts'
import { LeakSearch } from '../support/leaks.ts'
import { oauth1Consumer, oauth1Token, startOAuth1Server } from '../support/oauth1-server.ts'
import { testRootPem } from '../support/origin.ts'
import { onTerminal } from './on-terminal.ts'

let server: AuthorizationServer
let cli: CommandLine

beforeEach(async () => {
  server = await startAuthorizationServer()
  cli = new CommandLine()
  await cli.run(['session', 'list'])
})
afterEach(async () => {
  await server[Symbol.asyncDispose]()
})

const browser = { BROWSER: `${process.execPath} ${join(import.meta.dirname, 'browser.ts')}` }
const at = (...more: string[]) => [
  '--issuer',
  server.issuer,
  '--client-id',
  'native',
  '--host',
  'api.example.com',
  ...more,
]
const login = (name: string, ...more: string[]) => ['token', 'login', name, ...more]
/** The server says no interval, so that a process polls after five seconds, and five more. */
const codeOf = (text: string) => /\b[A-Z]{4}-[A-Z]{4}\b/.exec(text)?.[0] ?? ''

describe('token login', () => {
  it('signs in with the browser of BROWSER, keeps the tokens, and needs no more than the name the next time', async () => {
    const log = join(cli.folder, 'visited')
    const first = await cli.run(login('work', ...at()), { env: { ...browser, BROWSER_LOG: log } })
    expect(first).toMatchObject({ status: 0, stdout: '' })
    expect(first.stderr).toMatch(
      /^hallpass: sign in at 127\.0\.0\.1:\d+ in the browser that opens; the page is\nhallpass: \nhallpass: {3}http:\/\/127\.0\.0\.1:\d+\/auth\?\S+\n/,
    )
    expect(first.stderr).toMatch(
      /hallpass: kept work for api\.example\.com, in the session default: expires in 1 h, refreshes 5 min before\nhallpass: hint: .*hallpass run -- curl https:\/\/api\.example\.com\/\n$/,
    )
    // The command line of the browser, which other users can read.
    expect(readFileSync(log, 'utf8')).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/[\w-]{22}\n$/)
    expect(first.stderr).toContain('&code_challenge_method=S256')
    const token = (await cli.run(['token', 'get', 'work'])).stdout.trim()
    expect(server.record.isAlive(token)).toBe(true)

    expect(await cli.run(login('work'), { env: browser })).toMatchObject({ status: 0 })
    expect((await cli.run(['token', 'get', 'work'])).stdout.trim()).not.toBe(token)
    expect(server.record.granted).toMatchObject({ authorization_code: 2 })
    expectNoLeak(first.stdout + first.stderr)
  })

  it('tells a program in JSON, a document a line', async () => {
    const { stdout } = await cli.run(login('work', '--json', ...at()), { env: browser })
    expect(documents(stdout)).toMatchObject([
      {
        schema: 'hallpass.token-login/1',
        event: 'visit',
        url: expect.stringContaining(`${server.issuer}/auth?`),
      },
      { schema: 'hallpass.token-login/1', event: 'done', name: 'work', refreshable: true, needs_login: null },
    ])
  })

  it('takes the URL that a browser elsewhere ended up at from stdin', async () => {
    const child = cli.spawn(login('work', '--no-browser', ...at()))
    const talk = await said(child, /paste the URL of that page here\n/, 'stderr')
    const url = /http\S+\/auth\?\S+/.exec(talk)?.[0] ?? ''
    const end = await new BrowsingUser().visit(url, undefined, /\/callback\?/)
    child.stdin?.write(`${end.url}\n`)
    expect(await once(child)).toBe(0)
  })

  it('says where to go when nothing can be opened', async () => {
    const child = cli.spawn(login('work', ...at()), { env: { BROWSER: 'false' } })
    const talk = await said(child, /no browser could be opened here: open the page yourself\n/, 'stderr')
    await new BrowsingUser().visit(/http\S+\/auth\?\S+/.exec(talk)?.[0] ?? '')
    expect(await once(child)).toBe(0)
  })

  it('without a terminal exits 2 naming what is missing', async () => {
    const cases: [string, string[], RegExp][] = [
      [
        'an issuer',
        [],
        /error: hallpass must ask, .*use --provider or --issuer\. The question: Who issues the tokens: github, /,
      ],
      [
        'which one',
        ['--provider', 'okta'],
        /error: hallpass must ask, .*use --issuer\. The question: Which Okta\? As DOMAIN\.okta\.com\.\n/,
      ],
      [
        'a client id',
        ['--provider', 'github'],
        /application at https:\/\/github\.com\/settings\/developers, with the redirect URI http:\/\/127\.0\.0\.1\/callback\n.*error: hallpass must ask, .*use --client-id\. The question: What is the client id\?\n/,
      ],
      [
        'hosts',
        ['--issuer', 'https://id.example.com', '--client-id', 'c'],
        /error: hallpass must ask, .*use --host\. The question: Which hosts are the tokens for\?/,
      ],
      [
        'a secret',
        ['--provider', 'google', '--client-id', 'c'],
        /error: the client secret is missing: use --client-secret and write it to stdin\n/,
      ],
      [
        'another flow',
        ['--provider', 'slack', '--client-id', 'c', '--device'],
        /error: Slack has no device flow; there is code\n.*hint: .*--flow code\n/,
      ],
      [
        'one flow',
        ['--flow', 'code', '--device'],
        /error: --device means --flow device and does not go with --flow code\n/,
      ],
      [
        'a provider that there is',
        ['--provider', 'githib', '--client-id', 'c'],
        /error: there is no provider "githib"\. For any other server, use --issuer URL\n/,
      ],
      [
        'https',
        ['--issuer', 'http://id.example.com', '--client-id', 'c', '--host', 'a.example'],
        /error: issuer: must be an https URL/,
      ],
    ]
    // One process after the other would take half a minute.
    const ends = await Promise.all(cases.map(([, flags]) => cli.run(login('work', ...flags))))
    for (const [at, [what, , stderr]] of cases.entries())
      expect({ what, ...ends[at] }).toMatchObject({
        what,
        status: 2,
        stdout: '',
        stderr: expect.stringMatching(stderr),
      })
    expect((await cli.run(['token', 'list'])).stdout).toBe('')
  })

  it('takes a client secret from stdin, never from the command line, and keeps it sealed', async () => {
    const { clientId, clientSecret } = server.clients.service
    const flags = [
      '--issuer',
      server.issuer,
      '--client-id',
      clientId,
      '--flow',
      'client-credentials',
      '--host',
      'api.example.com',
    ]
    expect(await cli.run(login('svc', ...flags, '--client-secret', clientSecret))).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('too many arguments'),
    })
    const first = await cli.run(login('svc', ...flags, '--client-secret'), { stdin: `${clientSecret}\n` })
    expect(first).toMatchObject({ status: 0, stdout: '' })
    const again = await cli.run(login('svc'))
    expect(again).toMatchObject({ status: 0 })
    expectNoLeak(first.stderr + again.stderr, { 'client secret': clientSecret })
  })

  it('warns of scopes that give more than most need', async () => {
    const { stderr } = await cli.run(
      login(
        'gh',
        '--provider',
        'github',
        '--scope',
        'repo',
        '--client-id',
        'c',
        '--flow',
        'client-credentials',
      ),
    )
    expect(stderr).toMatch(/^hallpass: warning: the scope repo writes to every repository, private ones too/)
  })

  it('does not take the place of a credential of another kind', async () => {
    await cli.run(['token', 'set', 'api', '--kind', 'bearer', '--host', 'a.example'], { stdin: 'the-token' })
    expect(await cli.run(login('api', ...at()), { env: browser })).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(
        /error: a login would replace "api", which is of the kind bearer\n.*hint: .*token rm api\n/,
      ),
    })
    expect((await cli.run(['token', 'get', 'api'])).stdout).toBe('the-token\n')
  })

  it('signs in for a credential of the configuration without any flags', async () => {
    const file = join(cli.home, 'config', 'config.yaml')
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(
      file,
      `credentials:\n  work: { kind: oauth2, issuer: "${server.issuer}", clientId: native, hosts: [api.example.com] }\n`,
    )
    expect(await cli.run(login('work', '--client-id', 'other'))).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('the configuration defines "work": change clientId there'),
    })
    expect(await cli.run(login('work'), { env: browser })).toMatchObject({ status: 0 })
    expect(server.record.isAlive((await cli.run(['token', 'get', 'work'])).stdout.trim())).toBe(true)
  })

  it('that is denied says so and keeps the old tokens', async () => {
    await cli.run(login('work', ...at()), { env: browser })
    const { stdout: token } = await cli.run(['token', 'get', 'work'])
    server.consent = 'deny'
    expect(await cli.run(login('work'), { env: browser })).toMatchObject({
      status: 1,
      stdout: '',
      stderr: expect.stringMatching(/error: the sign-in was denied: access_denied \(the user said no\)\n/),
    })
    expect((await cli.run(['token', 'get', 'work'])).stdout).toBe(token)
  })

  it('that is stopped by Ctrl-C is exit 130 and leaves nothing', async () => {
    const child = cli.spawn(login('work', '--no-browser', ...at()))
    await said(child, /\/auth\?/, 'stderr')
    const talk = said(child, /stopped; nothing was kept\n/, 'stderr')
    child.kill('SIGINT')
    await talk
    expect(await once(child)).toBe(130)
    expect((await cli.run(['token', 'list'])).stdout).toBe('')
    expect(existsSync(join(cli.home, 'sessions', 'default', 'credentials'))).toBe(false)
  })
})

describe('token login --flow oauth1 --no-browser', () => {
  const post = ['token', 'login', 'post', '--provider', 'x', '--flow', 'oauth1', '--no-browser']
  const first = [...post, '--client-id', oauth1Consumer.consumerKey, '--client-secret']
  const envOf = (port: number) => {
    const upstreamCa = join(cli.folder, 'root.pem')
    writeFileSync(upstreamCa, testRootPem())
    return { HALLPASS_RESOLVE: `api.x.com=127.0.0.1:${port}`, HALLPASS_UPSTREAM_CA: upstreamCa }
  }

  it('reads the secret and the PIN from two lines of stdin', async () => {
    await using x = await startOAuth1Server({ host: 'api.x.com', below: '/oauth' })
    const env = envOf(x.origin.port)
    const stdin = `${oauth1Consumer.consumerSecret}\n${x.pin}\n`
    const { status, stderr } = await cli.run(first, { env, stdin })
    expect([status, stderr]).toEqual([0, expect.stringContaining('kept post')])
    expect((await cli.run(['token', 'get', 'post'])).stdout).toContain(oauth1Token.tokenSecret)
  })

  it('without a PIN on stdin is exit 2, and says so', async () => {
    await using x = await startOAuth1Server({ host: 'api.x.com', below: '/oauth' })
    const stdin = `${oauth1Consumer.consumerSecret}\n`
    const { status, stderr } = await cli.run(first, { env: envOf(x.origin.port), stdin })
    expect([status, stderr]).toEqual([2, expect.stringContaining('the PIN is missing: stdin has ended')])
  })
})

it('token login takes the scopes as OAuth writes them', async () => {
  const scopes = ['--device', '--no-wait', '--scope', 'openid offline_access']
  expect(await cli.run(login('work', ...at(...scopes)))).toMatchObject({ status: 0 })
})

describe('token login --device', () => {
  it('is begun by one process and taken up by another', async () => {
    const begun = await cli.run(login('work', '--device', '--no-wait', ...at()))
    expect(begun).toMatchObject({ status: 0, stdout: '' })
    expect(begun.stderr).toMatch(
      /sign in on any device: open\n.*\n.*\/device\n.*\nhallpass: and enter the code\n.*\nhallpass: {3}[A-Z]{4}-[A-Z]{4}\n.*\nhallpass: the login is pending: .*\nhallpass: hint: .*hallpass token login work\n$/,
    )
    await new BrowsingUser().approveDevice(`${server.issuer}/device`, codeOf(begun.stderr))
    const { stdout, stderr, status } = await cli.run(login('work', '--json'))
    expect(status).toBe(0)
    expect(documents(stdout)).toMatchObject([
      {
        event: 'code',
        user_code: codeOf(begun.stderr),
        verification_uri: `${server.issuer}/device`,
        resumed: true,
        interval_seconds: 5,
      },
      { event: 'done', name: 'work', refreshable: true },
    ])
    expect(server.record.isAlive((await cli.run(['token', 'get', 'work'])).stdout.trim())).toBe(true)
    expectNoLeak(begun.stderr + stdout + stderr)
  })

  it('is listed with its code, its page and its end while it is pending', async () => {
    const begun = await cli.run(login('work', '--device', '--no-wait', ...at()))
    const code = codeOf(begun.stderr)
    const { tokens } = JSON.parse((await cli.run(['token', 'list', '--json'])).stdout)
    expect(tokens).toMatchObject([
      {
        name: 'work',
        pending: {
          user_code: code,
          verification_uri: `${server.issuer}/device`,
          verification_uri_complete: `${server.issuer}/device?user_code=${code}`,
          expires_at: expect.stringMatching(/^\d{4}-/),
        },
      },
    ])
    expect((await cli.run(['token', 'list'])).stdout).toContain(
      `a login is pending: enter ${code} at ${server.issuer}/device within `,
    )
  })

  it('that two processes wait for succeeds for both', async () => {
    const begun = await cli.run(login('work', '--device', '--no-wait', ...at()))
    const waiting = [cli.run(login('work')), cli.run(login('work'))]
    await new BrowsingUser().approveDevice(`${server.issuer}/device`, codeOf(begun.stderr))
    for (const { status, stderr } of await Promise.all(waiting))
      expect([status, stderr]).toEqual([0, expect.stringContaining('kept work')])
    expect(server.record.isAlive((await cli.run(['token', 'get', 'work'])).stdout.trim())).toBe(true)
  })

  it('survives Ctrl-C, and a kill, of who waits for it', async () => {
    const child = cli.spawn(login('work', '--device', ...at()))
    const code = codeOf(await said(child, /[A-Z]{4}-[A-Z]{4}\n/, 'stderr'))
    const talk = said(
      child,
      /stopped waiting; the same command resumes the login for another \d+ min\n/,
      'stderr',
    )
    child.kill('SIGINT')
    await talk
    expect(await once(child)).toBe(130)
    const second = cli.spawn(login('work'))
    expect(codeOf(await said(second, /[A-Z]{4}-[A-Z]{4}\n/, 'stderr'))).toBe(code)
    second.kill('SIGKILL')
    await new BrowsingUser().approveDevice(`${server.issuer}/device`, code)
    expect(await cli.run(login('work'))).toMatchObject({ status: 0 })
  })

  it('that is denied is over: exit 1, and the next one begins anew', async () => {
    const begun = await cli.run(login('work', '--device', '--no-wait', ...at()))
    await new BrowsingUser().denyDevice(`${server.issuer}/device`, codeOf(begun.stderr))
    expect(await cli.run(login('work'))).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('error: the sign-in was denied at the other device\n'),
    })
    const anew = await cli.run(login('work', '--no-wait'))
    expect(codeOf(anew.stderr)).not.toBe(codeOf(begun.stderr))
    expect(anew.stderr).toContain('sign in on any device')
  })

  it('for other scopes than the pending one begins anew', async () => {
    const begun = await cli.run(login('work', '--device', '--no-wait', ...at()))
    const other = await cli.run(login('work', '--no-wait', '--scope', 'openid'))
    expect(codeOf(other.stderr)).not.toBe(codeOf(begun.stderr))
  })

  it('does not put tokens of one server beside the definition of another', async () => {
    await cli.run(login('work', ...at()), { env: browser })
    const { stdout: token } = await cli.run(['token', 'get', 'work'])
    const elsewhere = await startAuthorizationServer()
    onTestFinished(() => elsewhere[Symbol.asyncDispose]())
    expect(
      await cli.run(
        login('work', '--issuer', elsewhere.issuer, '--client-id', 'native', '--device', '--no-wait'),
      ),
    ).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(
        /error: "work" has tokens of another server or client, .*\n.*hint: .*token rm work\n/,
      ),
    })
    expect((await cli.run(['token', 'get', 'work'])).stdout).toBe(token)
  })

  it('counts down on a terminal', async (context) => {
    const { status, screen } = await onTerminal(context, cli, login('work', '--device', ...at()), [
      { at: /waiting, 9:\d\d left/, keys: '\x03' },
    ])
    expect({ status, screen }).toMatchObject({
      status: 130,
      screen: expect.stringMatching(/\x1b\[Khallpass: stopped waiting; the same command/),
    })
  })
})

describe('token login on a terminal', () => {
  it('asks for the missing values, and hides the secret', async (context) => {
    const { clientId, clientSecret } = server.clients.service
    const { status, screen } = await onTerminal(context, cli, login('svc', '--flow', 'client-credentials'), [
      { at: /Who issues the tokens/, keys: `${server.issuer}\r` },
      { at: /client id/, keys: `${clientId}\r` },
      { at: /Which hosts/, keys: 'api.example.com\r' },
      { at: /the client secret/, keys: `${clientSecret}\r` },
    ])
    expect({ status, screen }).toMatchObject({
      status: 0,
      screen: expect.stringContaining('kept svc for api.example.com'),
    })
    expect(screen).not.toContain(clientSecret)
  })
})

function documents(stdout: string): unknown[] {
  return stdout.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]))
}

async function once(child: ReturnType<CommandLine['spawn']>): Promise<number | null> {
  if (child.exitCode !== null) return child.exitCode
  return await new Promise((resolve) => child.once('close', resolve))
}

/** Nothing of what the server gave out stands in what was printed, in a file, or in a command line. */
function expectNoLeak(printed: string, more: Readonly<Record<string, string>> = {}): void {
  const search = new LeakSearch({ ...server.record.secrets, ...more })
  expect(search.text('what was printed', printed).folder(cli.folder).leaks).toEqual([])
  expect(search.searched).toBeGreaterThan(3)
}
