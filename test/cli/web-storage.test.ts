import { describe, expect, it } from 'vitest'
import { CommandLine } from '../support/command-line.ts'
import { httpOrigin } from '../support/origin.ts'

const origin = 'https://app.example.com'
const set = ['token', 'set', 'page', '--kind', 'web-storage', '--origin', origin, '--key', 'auth']
const jwt = (exp: number) => `e30.${Buffer.from(JSON.stringify({ exp })).toString('base64url')}.signature`

async function withToken(exp: number): Promise<CommandLine> {
  const cli = new CommandLine()
  const localStorage = [{ name: 'auth', value: JSON.stringify({ access: { token: jwt(exp) } }) }]
  await cli.run(['import', '-'], {
    stdin: JSON.stringify({ cookies: [], origins: [{ origin, localStorage }] }),
  })
  await cli.run([...set, '--path', 'access.token', '--host', 'api.example.com'])
  return cli
}
const inSeconds = (seconds: number) => Math.floor(Date.now() / 1000) + seconds

describe('a credential of the kind web-storage', () => {
  it('takes no value, and says which key it reads, where, and when it expires', async () => {
    const cli = await withToken(inSeconds(7_230))
    const { stdout } = await cli.run(['explain', 'https://api.example.com/'])
    expect(stdout).toMatch(
      /header\s+authorization \(page, access\.token of auth in the web storage of https:\/\/app\.example\.com, expires in 2 h, not refreshed here\)/,
    )
    const { credentials } = JSON.parse(
      (await cli.run(['explain', 'https://api.example.com/', '--json'])).stdout,
    )
    expect(credentials.attached).toMatchObject([
      { name: 'page', read_from: 'access.token of auth in the web storage of https://app.example.com' },
    ])
    expect((await cli.run(['token', 'list'])).stdout).toMatch(
      /^page +web-storage +authorization +api\.example\.com .*expires in 2 h/,
    )
    const { stdout: value } = await cli.run(['token', 'get', 'page'])
    expect(value).toMatch(/^e30\.\w+\.signature\n$/)
    const again = await cli.run([...set, '--host', 'x.example.com', '--path', 'nowhere'])
    expect(again.stderr).toContain(
      'auth has no text at nowhere in the web storage of https://app.example.com',
    )
  })

  it('that has expired names the page to sign in at, wherever it is met', async () => {
    const cli = await withToken(inSeconds(-630))
    const sign = 'hallpass login https://app.example.com'
    expect((await cli.run(['explain', 'https://api.example.com/'])).stdout).toMatch(
      /withheld\s+page \(web-storage\): expired 10 min ago: npx hallpass login https:\/\/app\.example\.com/,
    )
    const list = await cli.run(['token', 'list'])
    expect(list.stdout).toContain(
      `needs a login: it has expired, and only its page makes the next one: npx ${sign}`,
    )
    for (const [args, status] of [
      [['token', 'get', 'page'], 4],
      [['token', 'refresh', 'page'], 2],
      [['token', 'login', 'page'], 2],
    ] as const) {
      const { stderr, status: is } = await cli.run(args)
      expect(is, stderr).toBe(status)
      expect(stderr).toContain(`hint: npx ${sign}\n`)
    }
    expect((await cli.run(['status'])).stdout).toContain(`${sign}`)
  })

  it('that has expired is reported after the child that used it, with the page to sign in at', async () => {
    await using site = await httpOrigin((_, response) => response.end('ok'))
    const cli = await withToken(inSeconds(-630))
    await cli.run([...set, '--path', 'access.token', '--host', '127.0.0.1'])
    const told =
      'hallpass: error: the credential "page" of the session "default" needs a login\n' +
      'hallpass: hint: npx hallpass login https://app.example.com\n'
    const curl = ['run', '--', 'curl', '-s', `http://127.0.0.1:${site.port}/`]
    expect(await cli.run(curl)).toMatchObject({ status: 0, stdout: 'ok', stderr: told })
    await cli.run(['start', '--background'])
    try {
      expect(await cli.run(curl)).toMatchObject({ status: 0, stdout: 'ok', stderr: told })
    } finally {
      await cli.run(['stop'])
    }
  })

  it.each([
    [['--kind', 'web-storage', '--key', 'auth'], 'needs --origin'],
    [['--kind', 'web-storage', '--origin', origin], 'needs --key'],
    [
      ['--kind', 'web-storage', '--origin', 'app.example.com', '--key', 'a'],
      '--origin: must be the origin of a page',
    ],
    [
      ['--kind', 'web-storage', '--origin', origin, '--key', 'a', '--path', 'a..b'],
      '--path: must be names joined by dots',
    ],
    [['--kind', 'web-storage', '--origin', origin, '--key', 'a', '--area', 'both'], '--area'],
    [['--kind', 'bearer', '--origin', origin], '--origin does not apply to the kind bearer'],
  ])('is told by flags: %j', async (flags, reason) => {
    const { status, stderr } = await new CommandLine().run([
      'token',
      'set',
      'page',
      ...flags,
      '--host',
      'a.test',
    ])
    expect(status).toBe(2)
    expect(stderr).toContain(reason)
  })
})
