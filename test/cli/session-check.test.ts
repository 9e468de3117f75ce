import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { CommandLine } from '../support/command-line.ts'
import { testWith } from '../support/installed.ts'
import { httpOrigin } from '../support/origin.ts'

/** An origin with a page for users alone, and a session whose cookie is `sid=value`. */
async function world(value: string, probe: (url: string) => object) {
  const cli = new CommandLine()
  const origin = await httpOrigin(({ headers, url }, response) => {
    if (url === '/broken') response.writeHead(503).end()
    else if (headers.cookie === 'sid=live') response.end('{"user":{"id":7}}')
    else response.end('<form>sign in</form>')
  })
  const url = `http://127.0.0.1:${origin.port}/`
  const file = join(cli.home, 'config', 'config.yaml')
  await cli.run(['session', 'list'])
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, JSON.stringify({ health: { '127.0.0.1': probe(url) } }), { mode: 0o600 })
  const have = (next: string) => cli.run(['cookie', 'set', url, 'sid', '--http-only'], { stdin: next })
  await have(value)
  return { cli, url, have, [Symbol.asyncDispose]: () => origin[Symbol.asyncDispose]() }
}

const forUsers = (url: string) => ({
  url: `${url}me`,
  expect: { status: 200, notRedirectTo: '/login', jsonPath: 'user.id' },
})

test('session check says of each site whether its login is alive, and keeps it', async () => {
  await using w = await world('dead', forUsers)
  const { cli, url, have } = w
  const host = new URL(url).host
  const reason = `${host} answered its probe with 200, without a value at user.id`
  expect(await cli.run(['session', 'check'])).toMatchObject({
    status: 4,
    stdout: `127.0.0.1  dead  ${reason}\n`,
    stderr: `hallpass: hint: npx hallpass login ${url}\n`,
  })
  expect((await cli.run(['status'])).stdout).toContain(
    `the login at 127.0.0.1 of the session "default" has ended: ${reason}  (npx hallpass login ${url})`,
  )
  expect((await cli.run(['session', 'show'])).stdout).toMatch(/^ {2}its login has ended: .* \(.* ago\)$/m)

  await have('live')
  expect(JSON.parse((await cli.run(['status', '--json'])).stdout).site_logins).toEqual([])
  const alive = await cli.run(['session', 'check', '127.0.0.1', '--json'])
  expect(alive.status).toBe(0)
  expect(JSON.parse(alive.stdout)).toEqual({
    schema: 'hallpass.session-check/1',
    session: 'default',
    sites: [
      {
        site: '127.0.0.1',
        state: 'ok',
        since: expect.any(String),
        reason: null,
        url: null,
        credential: null,
        verified_at: expect.any(String),
        checked_at: expect.any(String),
        last_used_at: null,
        outcome: 'alive',
        detail: null,
      },
    ],
  })
  const shown = JSON.parse((await cli.run(['session', 'show', '--json'])).stdout)
  expect(shown.sites).toMatchObject([
    { site: '127.0.0.1', state: 'ok', last_captured_at: expect.any(String) },
  ])
})

test('a site that is broken, or a command that is not there, leaves the state as it was', async () => {
  await using w = await world('dead', (url) => ({ url: `${url}broken` }))
  expect(await w.cli.run(['session', 'check'])).toMatchObject({
    status: 6,
    stdout: `127.0.0.1  unknown  ${new URL(w.url).host} answered its probe with 503\n`,
  })
  await using c = await world('dead', () => ({ command: '/no/such/command' }))
  expect(await c.cli.run(['session', 'check'])).toMatchObject({
    status: 6,
    stdout: '127.0.0.1  unknown  /no/such/command was not found\n',
  })
  expect(JSON.parse((await c.cli.run(['status', '--json'])).stdout).site_logins).toEqual([])
})

test('a command decides by its exit status, and is told the session', async () => {
  await using w = await world('dead', () => ({ command: `sh -c 'test "$HALLPASS_SESSION" = work'` }))
  await w.cli.run(['session', 'create', 'work'])
  await w.cli.run(['cookie', 'set', w.url, 'sid', '--session', 'work'], { stdin: 'x' })
  expect((await w.cli.run(['session', 'check', '--session', 'work'])).status).toBe(0)
  expect(await w.cli.run(['session', 'check'])).toMatchObject({
    status: 4,
    stdout: '127.0.0.1  dead  sh ended with exit status 1\n',
  })
})

test('without a probe there is nothing to check', async () => {
  const cli = new CommandLine()
  await cli.run(['session', 'list'])
  expect(await cli.run(['session', 'check'])).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('has nothing at any site that health: has a probe for'),
  })
})

test('a person can say how it is', async () => {
  await using w = await world('dead', forUsers)
  const { cli, url } = w
  expect((await cli.run(['session', 'mark', '127.0.0.1', 'needs-login'])).stderr).toBe(
    'hallpass: marked 127.0.0.1 of the session "default": needs-login\n',
  )
  expect((await cli.run(['status'])).stdout).toContain(
    'the login at 127.0.0.1 of the session "default" has ended: it was marked by hand  (npx hallpass login https://127.0.0.1/)',
  )
  const marked = await cli.run(['session', 'mark', url.slice(7, 16), 'ok', '--json'])
  expect(JSON.parse(marked.stdout)).toMatchObject({
    schema: 'hallpass.session-mark/1',
    site: '127.0.0.1',
    state: 'ok',
  })
  expect((await cli.run(['session', 'mark', 'elsewhere.test', 'ok'])).status).toBe(4)
  expect((await cli.run(['session', 'mark', '127.0.0.1', 'maybe'])).status).toBe(2)
})

testWith('curl').each(['with a running proxy', 'with a proxy of its own'])(
  'a sign makes hallpass ask, and the end of run says what it found, %s',
  async (way) => {
    await using w = await world('dead', (url) => ({ url: `${url}me`, expect: { bodyContains: 'user' } }))
    const { cli, url } = w
    const shut = await httpOrigin((_, response) => response.writeHead(401).end())
    await using _shut = shut
    const other = `http://127.0.0.1:${shut.port}/`
    if (way === 'with a running proxy') await cli.run(['start', '--background'])
    const { stderr, status } = await cli.run(['run', '--', 'curl', '-s', '--noproxy', '', other])
    expect(status).toBe(0)
    expect(stderr).toBe(
      `hallpass: error: the login at 127.0.0.1 of this session has ended: ${new URL(url).host} answered its probe with 200, without the text of bodyContains\n` +
        `hallpass: hint: npx hallpass login ${url}\n`,
    )
  },
)
