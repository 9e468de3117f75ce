import { describe, expect } from 'vitest'
import { CommandLine } from '../support/command-line.ts'
import { testWith } from '../support/installed.ts'
import { httpOrigin } from '../support/origin.ts'

/** An origin that knows the cookie `sid=live`, and a session whose cookie it does not know. */
async function world(session = 'default') {
  const cli = new CommandLine()
  const origin = await httpOrigin(({ headers, url }, response) => {
    if (headers.cookie === 'sid=live') response.end('ok')
    else if (url === '/api') response.writeHead(401).end('who?')
    else response.writeHead(302, { location: '/login' }).end()
  })
  const url = `http://127.0.0.1:${origin.port}/`
  await cli.run(['session', 'list'])
  if (session !== 'default') await cli.run(['session', 'create', session])
  const have = (value: string) =>
    cli.run(['cookie', 'set', url, 'sid', '--http-only', '--session', session], { stdin: value })
  await have('dead')
  return { cli, url, have, [Symbol.asyncDispose]: () => origin[Symbol.asyncDispose]() }
}

const curl = ['--', 'curl', '-s', '-o', '/dev/null', '-w', '%header{hallpass-session}', '--noproxy', '']

describe.each(['with a running proxy', 'with a proxy of its own'] as const)('a dead login, %s', (way) => {
  testWith('curl')('is told at the end of run, and in status until there is a new one', async () => {
    await using w = await world()
    const { cli, url } = w
    if (way === 'with a running proxy') await cli.run(['start', '--background'])
    const reason = `${new URL(url).host} answered 401 with the cookies`
    const { stdout, stderr, status } = await cli.run(['run', ...curl, `${url}api`])
    expect({ stdout, status }).toEqual({ stdout: 'suspect', status: 0 })
    expect(stderr).toBe(
      `hallpass: warning: ${reason} of this session: perhaps its login has ended\nhallpass: hint: npx hallpass login ${url}\n`,
    )
    expect((await cli.run(['run', '--quiet', ...curl, `${url}api`])).stderr).toBe('')

    const told = await cli.run(['status'])
    expect(told.stdout).toContain(
      `${reason} of the session "default": perhaps its login has ended  (npx hallpass login ${url})\n`,
    )
    const { site_logins } = JSON.parse((await cli.run(['status', '--json'])).stdout)
    expect(site_logins).toEqual([
      {
        session: 'default',
        site: '127.0.0.1',
        state: 'suspect',
        since: expect.stringMatching(/^\d{4}-.*Z$/),
        ends_at: null,
        reason,
        url,
        credential: null,
      },
    ])

    await w.have('live')
    expect((await cli.run(['run', ...curl, `${url}api`])).stderr).toBe('')
    expect(JSON.parse((await cli.run(['status', '--json'])).stdout).site_logins).toEqual([])
  })
})

testWith('curl')('a dead login of another session names that session, in status and in run', async () => {
  await using w = await world('work')
  const { stderr } = await w.cli.run(['run', '--session', 'work', ...curl, w.url])
  expect(stderr).toBe(
    `hallpass: warning: ${new URL(w.url).host} answered 302 to /login with the cookies of this session: perhaps its login has ended\n` +
      `hallpass: hint: npx hallpass login ${w.url} --session work\n`,
  )
  const { stdout } = await w.cli.run(['status'])
  expect(stdout).toContain(`(npx hallpass login ${w.url} --session work)`)
})

testWith('curl')('a dead key is told with the command that sets another', async () => {
  await using w = await world()
  const { cli, url } = w
  await cli.run(['cookie', 'rm', '127.0.0.1', '--yes'])
  const set = ['token', 'set', 'api', '--kind', 'header', '--header', 'x-key', '--host', '127.0.0.1']
  await cli.run(set, { stdin: 'old' })
  const { stderr } = await cli.run(['run', ...curl, `${url}api`])
  expect(stderr).toBe(
    `hallpass: warning: ${new URL(url).host} answered 401 with the credential api of this session: perhaps its login has ended\n` +
      'hallpass: hint: npx hallpass token set api\n',
  )
  await cli.run(set, { stdin: 'new' })
  expect(JSON.parse((await cli.run(['status', '--json'])).stdout).site_logins).toEqual([])
})

testWith('curl')(
  'a login that ends soon is told, with the command to type, until it is renewed',
  async () => {
    await using w = await world()
    const { cli, url } = w
    const set = (seconds: number) =>
      cli.run(['cookie', 'set', url, 'sid', '--http-only', '--max-age', String(seconds)], { stdin: 'live' })
    const call = { env: { HALLPASS_WARN_DAYS: '1' } }
    const logins = async () => JSON.parse((await cli.run(['status', '--json'], call)).stdout).site_logins
    const day = 86_400
    // A second later it has lived for longer than the time of the warning is.
    await set(day + 1)
    let told = await logins()
    while (told.length === 0) told = await logins()
    expect(told).toEqual([
      {
        session: 'default',
        site: '127.0.0.1',
        state: 'ending',
        since: null,
        ends_at: expect.stringMatching(/^\d{4}-.*Z$/),
        reason: 'the cookie sid expires',
        url: 'https://127.0.0.1/',
        credential: null,
      },
    ])
    const text = (whose: string) => `the login at 127.0.0.1 of ${whose} ends in 1 d, with the cookie sid`
    expect((await cli.run(['status'], call)).stdout).toContain(
      `${text('the session "default"')}  (npx hallpass login https://127.0.0.1/)`,
    )
    expect((await cli.run(['run', ...curl, url], call)).stderr).toBe(
      `hallpass: warning: ${text('this session')}\nhallpass: hint: npx hallpass login https://127.0.0.1/\n`,
    )
    expect((await cli.run(['run', ...curl, 'http://localhost:1/'], call)).stderr).not.toContain('ends in')
    await set(30 * day)
    expect(await logins()).toEqual([])
  },
)
