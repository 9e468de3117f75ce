import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openHallpass } from '../../src/index.ts'
import { CommandLine } from '../support/command-line.ts'
import { testWith } from '../support/installed.ts'
import { cookieUrl, cookieValue, expectReadable, filledHome, tokenValue } from './filled-home.ts'
import { onTerminal } from './on-terminal.ts'

const sessionsOf = (cli: CommandLine) => readdirSync(join(cli.home, 'sessions')).sort()

test('a hint stays in the session and the state folder that were named', async () => {
  const cli = new CommandLine()
  const elsewhere = ['--home', join(cli.folder, 'elsewhere')]
  await cli.run(['session', 'create', 'work', ...elsewhere])
  const refused = await cli.run(['token', 'get', 'api', '--session', 'work', ...elsewhere])
  const command = /hint: .*hallpass (.*)\n$/.exec(refused.stderr)?.[1]?.split(' ')
  expect(command).toEqual(['token', 'list', '--session', 'work', ...elsewhere])
  expect(await cli.run(command ?? [])).toMatchObject({ status: 0 })
})

test('the sealed client token of an older version disturbs nothing, and goes with its session', async () => {
  const cli = await filledHome()
  const file = join(cli.home, 'sessions', 'default', 'client.json.enc')
  writeFileSync(file, 'sealed with a key that is gone', { mode: 0o600 })
  expect(await cli.run(['key', 'rotate'])).toMatchObject({ status: 0 })
  const doctor = await cli.run(['doctor', '--json'])
  expect(doctor.stdout).not.toContain('client.json.enc')
  expect(doctor.stdout).toMatch(/\d sealed files open/)
  expect(await cli.run(['session', 'rm', 'default', '--yes'])).toMatchObject({ status: 0 })
  expect(existsSync(file)).toBe(false)
})

describe('session list', () => {
  test('has the default session from the first command, which lists the files that it made', async () => {
    const cli = new CommandLine()
    const { stdout, stderr, status } = await cli.run(['session', 'list'])
    expect(status).toBe(0)
    expect(stdout).toMatch(
      /^default {2}0 sites {2}0 credentials {2}made .* ago {2}never used {2}no expiry\n$/,
    )
    expect(stderr).toMatch(/^(hallpass: made \/\S+, .*\n){3}$/)
  })

  test('counts the records of each session, also of damaged ones', async () => {
    const cli = await filledHome()
    await cli.run(['session', 'create', 'work', '--ttl', '2h'])
    const record = join(cli.home, 'sessions', 'default', 'credentials', 'api.json.enc')
    writeFileSync(record, 'rubbish')
    const { stdout, stderr } = await cli.run(['session', 'list', '--json'])
    expect(stderr).toBe('')
    expect(JSON.parse(stdout)).toMatchObject({
      schema: 'hallpass.sessions/1',
      sessions: [
        { name: 'default', sites: 1, credentials: 1, expires_at: null, last_used_at: null },
        { name: 'work', sites: 0, credentials: 0, expires_at: expect.stringMatching(/Z$/) },
      ],
    })
    expect(readFileSync(record, 'utf8')).toBe('rubbish')
  })
})

test('session list shows the others beside a damaged session, and says how to remove it', async () => {
  const cli = await filledHome()
  await cli.run(['session', 'create', 'work'])
  const file = join(cli.home, 'sessions', 'work', 'session.json')
  writeFileSync(file, '{')
  const { stdout, stderr, status } = await cli.run(['session', 'list'])
  expect(status).toBe(8)
  expect(stdout).toMatch(/^default {2}1 site .*\nwork {5}damaged\n$/)
  expect(stderr).toContain(`warning: ${file} is damaged`)
  expect(stderr).toMatch(/hint: .*hallpass session rm work\n$/)
  const json = await cli.run(['session', 'list', '--json'])
  expect(json.status).toBe(8)
  expect(JSON.parse(json.stdout)).toMatchObject({
    sessions: [{ name: 'default' }],
    damaged: [{ name: 'work', problem: expect.stringContaining(file) }],
  })
  expect(await cli.run(['session', 'create', 'more'])).toMatchObject({ status: 0 })
  expect(await cli.run(['session', 'rm', 'work', '--yes'])).toMatchObject({ status: 0 })
  expect(await cli.run(['session', 'list'])).toMatchObject({ status: 0 })
})

test('session list says that there are more sessions than a lowered maxSessions allows', async () => {
  const cli = await filledHome()
  await cli.run(['session', 'create'])
  const env = { HALLPASS_MAX_SESSIONS: '1' }
  const { stdout, stderr, status } = await cli.run(['session', 'list', '--json'], { env })
  expect(status).toBe(0)
  expect(JSON.parse(stdout).sessions).toHaveLength(2)
  expect(stderr).toContain('warning: there are 2 sessions, and maxSessions is 1: ')
})

describe('session show', () => {
  test('lists cookies and credentials by name and never a value', async () => {
    const cli = await filledHome()
    const { stdout, stderr, status } = await cli.run(['session', 'show'])
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 })
    expect(stdout).toMatch(/^hosts {6}api\.example\.com, app\.example\.com$/m)
    expect(stdout).toMatch(/^cookies of example\.com\n {2}sid {2}app\.example\.com {2}expires in 1 d$/m)
    expect(stdout).toMatch(/^credentials\n {2}api {2}bearer {2}api\.example\.com {2}authorization$/m)
    const json = await cli.run(['session', 'show', '--json'])
    expect(JSON.parse(json.stdout)).toMatchObject({
      schema: 'hallpass.session/1',
      name: 'default',
      hosts: ['api.example.com', 'app.example.com'],
      sites: [
        {
          site: 'example.com',
          cookies: [
            {
              name: 'sid',
              present: true,
              http_only: true,
              fingerprint: expect.stringMatching(/^[0-9a-f]{4}$/),
            },
          ],
        },
      ],
      credentials: [{ name: 'api', kind: 'bearer', present: true }],
    })
    for (const text of [stdout, json.stdout]) {
      expect(text).not.toContain(cookieValue)
      expect(text).not.toContain(tokenValue)
    }
  })

  test('shows names that an origin chose without letting them drive the terminal', async () => {
    const cli = await filledHome()
    const hallpass = await openHallpass({ home: cli.home, env: cli.env })
    await hallpass.saveCookies(cookieUrl, ['\u009b2Jname=1'])
    const { stdout } = await cli.run(['session', 'show'])
    expect(stdout).toContain('\\x9b2Jname')
    expect(stdout).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f]/)
  })

  test.each([
    ['an operand', ['session', 'show', 'work']],
    ['--session', ['session', 'show', '--session', 'work']],
  ])('shows the session that %s names', async (_, args) => {
    const cli = await filledHome()
    await cli.run(['session', 'create', 'work'])
    const { stdout } = await cli.run(args)
    expect(stdout).toMatch(/^session {4}work$/m)
    expect(stdout).toMatch(/^hosts {6}none$/m)
  })

  test('fails naming the file of a record that is damaged, and leaves it', async () => {
    const cli = await filledHome()
    const file = join(cli.home, 'sessions', 'default', 'sites', 'example.com', 'cookies.json.enc')
    writeFileSync(file, 'rubbish')
    const { stdout, stderr, status } = await cli.run(['session', 'show'])
    expect({ stdout, status }).toEqual({ stdout: '', status: 1 })
    expect(stderr).toContain(file)
    expect(stderr).toMatch(/hint: .*hallpass doctor\n$/)
    expect(readFileSync(file, 'utf8')).toBe('rubbish')
  })

  test.each([
    ['a session that is not there', 'gone', 4, 'no session "gone"'],
    ['a name that is a path', '../x', 2, 'cannot be the name of a session'],
  ])('fails for %s', async (_, name, exit, message) => {
    const cli = await filledHome()
    const { stdout, stderr, status } = await cli.run(['session', 'show', name])
    expect({ stdout, status }).toEqual({ stdout: '', status: exit })
    expect(stderr).toContain(message)
    const json = await cli.run(['session', 'show', name, '--json'])
    expect(json.stdout).toBe('')
    expect(JSON.parse(json.stderr).error).toMatchObject({ exit, message: expect.stringContaining(message) })
  })
})

describe('session create', () => {
  test('prints the name alone on stdout, and says that it stays', async () => {
    const cli = await filledHome()
    const { stdout, stderr, status } = await cli.run(['session', 'create', 'work'])
    expect({ stdout, status }).toEqual({ stdout: 'work\n', status: 0 })
    expect(stderr).toContain('stays until you remove it')
    expect(stderr).toMatch(/hint: .*hallpass run --session work /)
  })

  test('keeps what it is told about the browser and its owner, and show and list say it', async () => {
    const cli = await filledHome()
    const words = '--user-agent Example/1.0 --viewport 1280x800 --locale de-ch --time-zone Europe/Zurich'
    const fields = ['--field', 'owner=ada', 'note=a=b']
    const made = await cli.run(['session', 'create', 'work', ...words.split(' '), ...fields, '--json'])
    const traits = {
      user_agent: 'Example/1.0',
      viewport: { width: 1280, height: 800 },
      locale: 'de-CH',
      time_zone: 'Europe/Zurich',
      metadata: { owner: 'ada', note: 'a=b' },
    }
    expect(JSON.parse(made.stdout)).toMatchObject(traits)
    const [shown, listed] = [
      await cli.run(['session', 'show', 'work', '--json']),
      await cli.run(['session', 'list', '--json']),
    ]
    expect(JSON.parse(shown.stdout)).toMatchObject(traits)
    const none = { user_agent: null, viewport: null, locale: null, time_zone: null, metadata: {} }
    expect(JSON.parse(listed.stdout).sessions).toMatchObject([none, traits])
    const { stdout } = await cli.run(['session', 'show', 'work'])
    expect(stdout).toContain(
      'user agent  Example/1.0\nviewport    1280x800\nlocale      de-CH\ntime zone   Europe/Zurich\nfield       owner=ada\nfield       note=a=b\n',
    )
  })

  test('without a name makes a temporary one, says for how long, and takes part in a script', async () => {
    const cli = await filledHome()
    const { stdout, stderr } = await cli.shell(
      'name=$(hallpass session create) && hallpass --session "$name" session show',
    )
    expect(stdout).toMatch(/^session {4}sess_[0-9a-f]{32}$/m)
    expect(stdout).toMatch(/^expires {4}in /m)
    expect(stderr).toMatch(/it expires in 1 d \(\S+Z\), unless it is used; --ttl sets another time/)
  })

  test('is gone when its time is over', async () => {
    const cli = await filledHome()
    const { stdout } = await cli.run(['session', 'create', '--ttl', '1s', '--json'])
    const { schema, name, expires_at } = JSON.parse(stdout)
    expect(schema).toBe('hallpass.session-create/1')
    await new Promise((resolve) => setTimeout(resolve, Date.parse(expires_at) - Date.now()))
    const { status } = await cli.run(['session', 'show', name])
    expect(status).toBe(4)
    expect(sessionsOf(cli)).toEqual(['default'])
  })

  test.each([
    ['a name that is taken', ['default'], 'there is a session "default" already'],
    ['a name of the temporary ones', ['sess_mine'], 'are for temporary sessions'],
    ['a name with a capital', ['Work'], 'lower-case'],
    ['a name that is a path', ['../x'], 'cannot be the name'],
    ['a name that reaches a prototype', ['__proto__'], 'cannot be the name'],
    ['a time that is none', ['work', '--ttl', 'soon'], '--ttl must be a number with s, m, h or d'],
    ['no time at all', ['work', '--ttl', '0s'], 'whole number of seconds'],
    ['a viewport that is none', ['work', '--viewport', 'large'], '--viewport must be WIDTHxHEIGHT in pixels'],
    ['a viewport of nothing', ['work', '--viewport', '0x0'], 'the viewport must have'],
    ['a locale that is none', ['work', '--locale', 'de_CH'], 'the locale must be one BCP 47 tag'],
    ['a time zone that is none', ['work', '--time-zone', 'Mars'], 'the time zone must be a name'],
    ['a user agent of two lines', ['work', '--user-agent', 'a\nb'], 'the user agent must be'],
    ['a field without a value', ['work', '--field', 'owner'], '--field must be KEY=VALUE'],
    ['too long a field', ['work', '--field', `a=${'x'.repeat(17_000)}`], 'at most 16 KiB as JSON'],
    ['a time beyond all', ['work', '--ttl', '99999d'], 'ten years at most'],
  ])('makes nothing for %s', async (_, args, message) => {
    const cli = await filledHome()
    const { stdout, stderr, status } = await cli.run(['session', 'create', ...args])
    expect({ stdout, status }).toEqual({ stdout: '', status: 2 })
    expect(stderr).toContain(message)
    expect(sessionsOf(cli)).toEqual(['default'])
  })
})

describe('the life of a session', () => {
  const made = async (cli: CommandLine, ...args: string[]) =>
    JSON.parse((await cli.run(['session', 'create', ...args, '--json'])).stdout)

  test('is extended, and renewed by a touch', async () => {
    const cli = await filledHome()
    const { expires_at } = await made(cli, 'work', '--ttl', '2h')
    const extended = await cli.run(['session', 'extend', 'work', '--by', '2h', '--json'])
    const later = new Date(Date.parse(expires_at) + 7_200_000).toISOString()
    expect(JSON.parse(extended.stdout)).toMatchObject({
      schema: 'hallpass.session-extend/1',
      name: 'work',
      expires_at: later,
      ttl_seconds: 7200,
      renew: true,
    })
    expect(extended.stderr).toContain('the session "work" expires in 4 h')
    const touched = await cli.run(['session', 'touch', '--session', 'work', '--json'])
    expect(JSON.parse(touched.stdout)).toMatchObject({
      schema: 'hallpass.session-touch/1',
      expires_at: later,
      last_used_at: expect.stringMatching(/Z$/),
    })
    const kept = await cli.run(['session', 'extend', '--by', '2h'])
    expect(kept).toMatchObject({ status: 2, stdout: '' })
    expect(kept.stderr).toContain('the session "default" does not expire')
  })

  test('is renewed by a touch only without --no-renew', async () => {
    const cli = await filledHome()
    const { expires_at, renew } = await made(cli, 'work', '--ttl', '2h', '--no-renew')
    expect(renew).toBe(false)
    const { stdout } = await cli.run(['session', 'touch', 'work', '--json'])
    expect(JSON.parse(stdout)).toMatchObject({ expires_at, last_used_at: expect.any(String) })
  })

  test('comes from the environment for a temporary session', async () => {
    const cli = await filledHome()
    const env = { HALLPASS_SESSION_TTL: '30m', HALLPASS_SESSION_RENEWAL: 'false' }
    const { stdout, stderr } = await cli.run(['session', 'create', '--json'], { env })
    expect(JSON.parse(stdout)).toMatchObject({ ttl_seconds: 1800, renew: false })
    expect(stderr).toMatch(/it expires in 30 min \(\S+Z\); --ttl sets another time/)
  })

  test('ends with prune, which says what it removed', async () => {
    const cli = await filledHome()
    const profile = join(cli.home, 'browser', 'work', 'chromium')
    const { expires_at } = await made(cli, 'work', '--ttl', '1s')
    await cli.run(['cookie', 'set', cookieUrl, 'sid', '--session', 'work'], { stdin: 'other' })
    mkdirSync(profile, { recursive: true, mode: 0o700 })
    await new Promise((resolve) => setTimeout(resolve, Date.parse(expires_at) + 1_100 - Date.now()))
    const { stdout, stderr, status } = await cli.run(['session', 'prune'])
    expect({ stdout, status }).toEqual({
      stdout: expect.stringMatching(/^work {2}expired \d+ s ago\n$/),
      status: 0,
    })
    expect(stderr).toContain('removed 1 session')
    expect(sessionsOf(cli)).toEqual(['default'])
    expect(existsSync(profile)).toBe(false)
    expect(await cli.run(['session', 'prune'])).toMatchObject({ status: 0, stdout: '' })
    await expectReadable(cli)
  })

  test('ends with the sweep of a running proxy, with its records and its browser profile', async () => {
    const cli = await filledHome()
    const profile = join(cli.home, 'browser', 'work', 'chromium')
    await made(cli, 'work', '--ttl', '1s')
    mkdirSync(profile, { recursive: true, mode: 0o700 })
    const env = { HALLPASS_SESSION_SWEEP: '1s' }
    expect(await cli.run(['start', '--background'], { env })).toMatchObject({ status: 0 })
    const logged = async () => (await cli.run(['logs'])).stdout
    await expect.poll(logged, { timeout: 60_000 }).toContain('removed the expired session "work"')
    expect(sessionsOf(cli)).toEqual(['default'])
    expect(existsSync(profile)).toBe(false)
  })
})

describe('session clone', () => {
  test('copies everything but refresh tokens, and says which login the clone needs', async () => {
    const cli = await filledHome()
    const oauth2 =
      '--kind oauth2 --token-endpoint https://id.example.com/token --client-id c --host gh.example.com'
    const tokens = {
      access_token: 'access',
      refresh_token: 'refresh-5e1f',
      token_type: 'Bearer',
      expires_in: 3600,
    }
    const set = await cli.run(['token', 'set', 'gh', ...oauth2.split(' ')], { stdin: JSON.stringify(tokens) })
    expect(set).toMatchObject({ status: 0 })
    const { stdout, stderr, status } = await cli.run(['session', 'clone', 'default', 'copy'])
    expect({ stdout, status }).toEqual({ stdout: 'copy\n', status: 0 })
    expect(stderr).toContain('the refresh token of "gh" stays with "default"')
    expect(stderr).toMatch(/hint: .*hallpass token login gh --session copy\n$/)
    const copied = async (...args: string[]) => (await cli.run([...args, '--session', 'copy'])).stdout.trim()
    expect(await copied('cookie', 'get', cookieUrl, 'sid')).toBe(cookieValue)
    expect(await copied('token', 'get', 'api')).toBe(tokenValue)
    expect(await copied('token', 'get', 'gh')).toBe('access')
    await expectReadable(cli)
    const json = JSON.parse((await cli.run(['session', 'clone', 'default', '--json'])).stdout)
    expect(json).toMatchObject({
      schema: 'hallpass.session-clone/1',
      name: expect.stringMatching(/^sess_/),
      from: 'default',
      needs_own_login: ['gh'],
    })
  })
})

describe('session rm', () => {
  test('removes a session with everything in it', async () => {
    const cli = await filledHome()
    await cli.run(['session', 'create', 'work'])
    await cli.run(['cookie', 'set', cookieUrl, 'sid', '--session', 'work'], { stdin: 'other' })
    const { stdout, stderr, status } = await cli.run(['session', 'rm', 'work', '--yes'])
    expect({ stdout, status }).toEqual({ stdout: '', status: 0 })
    expect(stderr).toContain('removed the session "work": cookies of 1 site, 0 credentials')
    expect(sessionsOf(cli)).toEqual(['default'])
    await expectReadable(cli)
  })

  test('empties the default one, which stays', async () => {
    const cli = await filledHome()
    const { stdout, stderr } = await cli.run(['session', 'rm', 'default', '--yes', '--json'])
    expect(JSON.parse(stdout)).toEqual({
      schema: 'hallpass.session-rm/1',
      name: 'default',
      emptied: true,
      sites: 1,
      credentials: 1,
    })
    expect(stderr).toContain('emptied the session "default"')
    const { sessions } = JSON.parse((await cli.run(['session', 'list', '--json'])).stdout)
    expect(sessions).toMatchObject([{ name: 'default', sites: 0, credentials: 0 }])
  })

  test.each([
    ['without a terminal', ['session', 'rm', 'default'], 2, '--yes'],
    ['with --no-input', ['session', 'rm', 'default', '--no-input'], 2, '--yes'],
    ['a session that is not there', ['session', 'rm', 'gone', '--yes'], 4, 'no session "gone"'],
    ['no name', ['session', 'rm', '--yes'], 2, 'name'],
  ])('removes nothing: %s', async (_, args, exit, message) => {
    const cli = await filledHome()
    const { stdout, stderr, status } = await cli.run(args)
    expect({ stdout, status }).toEqual({ stdout: '', status: exit })
    expect(stderr).toContain(message)
    await expectReadable(cli)
  })

  test.for([
    ['y removes', 'y', 0, 0],
    ['n leaves', 'n', 1, 1],
    ['Return leaves', '\r', 1, 1],
    ['Ctrl-C leaves', '\u0003', 130, 1],
  ] as const)('asks on a terminal: %s it', async ([, keys, exit, sites], context) => {
    const cli = await filledHome()
    const { status, screen } = await onTerminal(
      context,
      cli,
      ['session', 'rm', 'default'],
      [{ at: /Empty the session "default" \(cookies of 1 site, 1 credential\)\?/, keys }],
    )
    expect({ status, screen }).toMatchObject({ status: exit })
    const { sessions } = JSON.parse((await cli.run(['session', 'list', '--json'])).stdout)
    expect(sessions).toMatchObject([{ sites }])
  })
})

test('status names the session of a needed login that is not the one of the caller', async () => {
  const cli = new CommandLine()
  const oauth2 = ['--kind', 'oauth2', '--token-endpoint', 'https://id.example.com/token', '--client-id', 'c']
  const expired = JSON.stringify({ access_token: 'a', token_type: 'Bearer', expires_at: 1_700_000_000 })
  const set = ['token', 'set', 'gh', ...oauth2, '--host', 'api.example.com']
  expect(await cli.run(set, { stdin: expired })).toMatchObject({ status: 0 })
  await cli.run(['session', 'create', 'work'])
  const asked = async (session: string) =>
    (await cli.run(['status'], { env: { HALLPASS_SESSION: session } })).stdout
  expect(await asked('work')).toContain('hallpass token login gh --session default)')
  expect(await asked('default')).toContain('hallpass token login gh)')
})

testWith('curl')('a refusal by a shared proxy, and status, name the session of the request', async () => {
  const cli = new CommandLine()
  await cli.run(['session', 'create', 'work'])
  await cli.run(['start', '--background'])
  const refused = async (session: string) => {
    const scope = ['run', '--session', session, '--only', 'a.example', '--strict']
    return (await cli.run([...scope, '--', 'curl', '-s', 'http://b.example/'])).stdout
  }
  const hint = (place: string) =>
    new RegExp(`hallpass\\S* run --only b\\.example --strict${place} -- COMMAND`)
  expect(await refused('work')).toMatch(hint(' --session work'))
  expect((await cli.run(['status'])).stdout).toMatch(hint(' --session work'))
  expect(await refused('default')).toMatch(hint(''))
})
