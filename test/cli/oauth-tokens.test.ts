import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { startAuthorizationServer } from '../support/authorization-server.ts'
import { type Step, story } from '../support/story.ts'

async function started(options: Parameters<typeof startAuthorizationServer>[0] = {}) {
  const server = await startAuthorizationServer(options)
  let open = true
  const close = async () => {
    if (open) await server[Symbol.asyncDispose]()
    open = false
  }
  onTestFinished(close)
  const set = (...more: string[]) => [
    ...['token', 'set', 'work', '--kind', 'oauth2', '--issuer', server.issuer],
    ...['--client-id', 'native', '--host', '127.0.0.1', ...more],
  ]
  return { server, close, set }
}

describe('tokens that are refreshed', () => {
  it('are stored, refreshed on request, listed with their life, and never shown', async () => {
    const { server, set } = await started()
    const given = await server.issue()
    await story(
      [given.access_token, given.refresh_token],
      [
        {
          run: set('--scope', 'read'),
          stdin: JSON.stringify(given),
          stderr: /kept work \(oauth2\) for 127.0.0.1.*: expires in \d+ (min|h), refreshes 5 min before\n$/,
        },
        { run: ['token', 'list'], stdout: /expires in \d+ (min|h), refreshes 5 min before\n$/ },
        {
          run: ['token', 'refresh', 'work'],
          stdout: '',
          stderr: /^hallpass: refreshed work: expires in \d+ (min|h)/,
        },
        { run: ['token', 'list'], stdout: /; refreshed once, last \d+ s ago\n$/ },
        {
          run: ['token', 'refresh', 'work', '--json'],
          stdout: { schema: 'hallpass.token-refresh/1', result: 'refreshed', name: 'work', refreshes: 2 },
        },
        {
          run: ['token', 'list', '--json'],
          stdout: {
            tokens: [
              {
                expires: expect.stringMatching(/^\d{4}-.*Z$/),
                refresh_at: expect.stringMatching(/^\d{4}-.*Z$/),
                refreshable: true,
                refreshes: 2,
                last: { at: expect.stringMatching(/Z$/), result: 'refreshed', reason: null, retry_at: null },
                needs_login: null,
              },
            ],
          },
        },
        {
          run: ['explain', server.resource],
          stdout: /header +authorization \(work, expires in \d+ (min|h), refreshes 5 min before\)/,
        },
        { run: ['run', '--', 'curl', '-s', server.resource], stdout: 'for ada' },
      ],
    )
    expect(server.record).toMatchObject({ reuses: 0 })
  })

  it('are printed fresh: a refresh token alone is enough, and a life that is over is lengthened', async () => {
    const { server, set } = await started()
    const given = await server.issue()
    const cli = await story(
      [given.access_token, given.refresh_token],
      [
        {
          run: set(),
          stdin: given.refresh_token,
          stderr: /no access token yet: the first request obtains it\n$/,
        },
        { run: ['token', 'get', 'work'], stdout: /^\S{20,}\n$/, stderr: '', reveals: true },
      ],
    )
    const first = (await cli.run(['token', 'get', 'work'])).stdout
    expect(server.record.isAlive(first.trim())).toBe(true)
    // The one that is there lives, and is printed again.
    expect((await cli.run(['token', 'get', 'work', '--json', '--reveal'])).stdout).toContain(first.trim())
  })

  it('that are used up need a login, and every command says which', async () => {
    const { server, set } = await started()
    const given = await server.issue()
    const command = 'npx hallpass token login work'
    const told = `the credential "work" of the session "default" needs a login: invalid_grant`
    const twoLines = new RegExp(`^hallpass: error: ${told}.*\nhallpass: hint: ${command}\n$`)
    const needed = { needs_login: expect.stringMatching(/^invalid_grant/), present: false }
    await story(
      [given.access_token, given.refresh_token],
      [
        { run: set(), stdin: given.refresh_token },
        { run: ['token', 'refresh', 'work'] },
        // Spent by now: the server revokes what it gave for it.
        { run: set(), stdin: given.refresh_token },
        { run: ['token', 'refresh', 'work'], status: 4, stdout: '', stderr: twoLines },
        { run: ['token', 'get', 'work'], status: 4, stdout: '', stderr: twoLines },
        {
          run: ['token', 'refresh', 'work', '--json'],
          status: 4,
          stdout: '',
          stderr: /^\{"error":\{"code":"needs-login",.*"exit":4\}\}\n$/,
        },
        { run: ['token', 'list'], stdout: new RegExp(`needs a login: invalid_grant.*: ${command}\n`) },
        { run: ['token', 'list', '--json'], stdout: { tokens: [needed] } },
        { run: ['status'], status: 1, stdout: new RegExp(`^login +work .*\\(${command}\\)$`, 'm') },
        {
          run: ['explain', server.resource],
          stdout: /withheld +work \(oauth2\): needs login: invalid_grant/,
        },
      ],
    )
  })

  it('without a refresh token need a login when they have expired', async () => {
    const { server, set } = await started()
    const given = await server.issue()
    await story(
      [given.access_token],
      [
        {
          run: set(),
          stdin: JSON.stringify({ access_token: given.access_token, token_type: 'Bearer', expires_in: 1 }),
        },
        {
          after: () => new Promise((resolve) => setTimeout(resolve, 1200)),
          run: ['token', 'get', 'work'],
          status: 4,
          stdout: '',
          stderr: /needs a login: it has expired, and there is no refresh token\n/,
        },
        { run: ['token', 'list'], stdout: /no refresh token: npx hallpass token login work\n/ },
        { run: ['status'], status: 1, stdout: /^login +work .*no refresh token/m },
      ],
    )
  })
})

describe('run', () => {
  const spent = async (...more: Step[]) => {
    const { server, set } = await started()
    const given = await server.issue()
    const session = ['--session', 'work']
    const setUp: Step[] = [
      { run: ['session', 'create', 'work'] },
      { run: [...set(), ...session], stdin: given.refresh_token },
      { run: ['token', 'refresh', 'work', ...session] },
      { run: [...set(), ...session], stdin: given.refresh_token },
    ]
    const curl = ['run', ...session, '--', 'curl', '-s', '-D-', server.resource]
    const untouched = ['run', ...session, '--', 'curl', '-s', `${server.issuer}/counters`, '--noproxy', '*']
    return await story(
      [given.access_token, given.refresh_token],
      [
        ...setUp,
        ...more,
        {
          run: [...curl, '--fail'],
          status: 22,
          stdout: /^HTTP\/1.1 401 [\s\S]*\nHallpass-Session: needs-login\r\n/,
          stderr:
            /^hallpass: error: the credential "work" of the session "work" needs a login\nhallpass: hint: npx hallpass token login work --session work\n$/,
        },
        // The child did not meet it.
        { run: untouched, stderr: '' },
      ],
    )
  }

  it('says behind its child, whose status stays, that a token the child met needs a login', () => spent())

  it('says it through a running proxy too, whose status lists it', async () => {
    const cli = await spent({ run: ['start', '--background'] })
    const { stdout } = await cli.run(['status', '--json'])
    expect(JSON.parse(stdout).needs_login).toEqual([
      { session: 'work', name: 'work', reason: expect.stringMatching(/^invalid_grant/) },
    ])
    expect((await cli.run(['status'])).stdout).toContain('(npx hallpass token login work --session work)')
  })
})

describe('while the token server is away', () => {
  it('a token that lives is printed, and refreshing exits 6', async () => {
    const { server, close, set } = await started()
    const given = await server.issue()
    const away = /could not be reached: .*; the next attempt is in \d+ s at the earliest\n/
    await story(
      [given.access_token, given.refresh_token],
      [
        { run: set(), stdin: JSON.stringify(given) },
        { after: close, run: ['token', 'refresh', 'work'], status: 6, stdout: '', stderr: away },
        { run: ['token', 'list'], stdout: /the last refresh failed \d+ s ago: .*could not be reached/ },
        { run: ['token', 'get', 'work'], stdout: `${given.access_token}\n`, reveals: true },
        { run: set(), stdin: given.refresh_token },
        { run: ['token', 'get', 'work'], status: 6, stdout: '', stderr: away },
      ],
    )
  })
})

describe('tokens of another tool', () => {
  it('are read from its file whenever that changes, and never refreshed', async () => {
    const { server } = await started()
    const [first, second] = [await server.issue(), await server.issue()]
    const folder = mkdtempSync(join(tmpdir(), 'hallpass-tool-'))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    const file = join(folder, 'token.json')
    const write = (content: unknown) => writeFileSync(file, JSON.stringify(content), { mode: 0o600 })
    write({ account: { ...first } })
    const owned = ['token', 'set', 'tool', '--kind', 'oauth2', '--host', '127.0.0.1']
    const tokens = [first, second].flatMap((given) => [given.access_token, given.refresh_token])
    await story(tokens, [
      { run: [...owned, '--file', file], status: 2, stderr: /--file names the tokens of another tool/ },
      { run: [...owned, '--read-only'], status: 2, stderr: /--read-only needs --file/ },
      {
        run: [...owned, '--read-only', '--file', file, '--path', '$.nothing'],
        status: 4,
        stderr: /contains no bearer token: nothing usable at \$\.nothing[\s\S]*hint: .*--path/,
      },
      { run: ['token', 'list'], stderr: /has no credentials/ },
      {
        run: [...owned, '--read-only', '--file', file],
        stderr: /expires in \d+ (min|h), not refreshed here\n$/,
      },
      { run: ['token', 'get', 'tool'], stdout: `${first.access_token}\n`, reveals: true },
      { run: ['token', 'refresh', 'tool'], status: 1, stdout: '', stderr: /"tool" cannot be refreshed: / },
      {
        after: () => write(second),
        run: ['token', 'get', 'tool'],
        stdout: `${second.access_token}\n`,
        reveals: true,
      },
      { run: ['run', '--', 'curl', '-s', server.resource], stdout: 'for ada' },
      {
        after: () => utimesSync(file, new Date('2026-01-01'), new Date('2026-01-01')),
        run: ['token', 'get', 'tool'],
        stdout: `${second.access_token}\n`,
        stderr: /warning: tool expired \d+ d ago, not refreshed here\n$/,
        reveals: true,
      },
      {
        after: () => rmSync(file),
        run: ['token', 'list'],
        stdout: /the file .* could not be read \(ENOENT\)/,
      },
    ])
    expect(server.record.tokenRequests).toBe(0)
  })
})
