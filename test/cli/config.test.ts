import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { CommandLine } from '../support/command-line.ts'
import { testRootPem } from '../support/origin.ts'

const example = join(import.meta.dirname, '..', '..', 'config.example.yaml')
const defaultFile = (cli: CommandLine) => join(cli.home, 'config', 'config.yaml')

/** A command line without variables that configure, and a file at the place where it is looked for. */
function configured(text?: string): CommandLine {
  const cli = new CommandLine()
  delete cli.env.HALLPASS_LISTEN
  if (text === undefined) return cli
  mkdirSync(dirname(defaultFile(cli)), { recursive: true, mode: 0o700 })
  writeFileSync(defaultFile(cli), text, { mode: 0o600 })
  return cli
}

describe('config path', () => {
  test.each([
    ['in the state folder', [], {}, (cli: CommandLine) => defaultFile(cli)],
    ['what --home says', ['--home', '/elsewhere'], {}, () => '/elsewhere/config/config.yaml'],
    ['what HALLPASS_CONFIG says', [], { HALLPASS_CONFIG: '/from/env.yaml' }, () => '/from/env.yaml'],
    [
      'what --config says before',
      ['--config', '/from/flag.yaml'],
      { HALLPASS_CONFIG: '/x' },
      () => '/from/flag.yaml',
    ],
  ])('is %s', async (_, args, env, path) => {
    const cli = configured()
    expect(await cli.run(['config', 'path', ...args], { env })).toMatchObject({
      stdout: `${path(cli)}\n`,
      stderr: '',
      status: 0,
    })
    expect(existsSync(cli.home)).toBe(false)
  })

  test('is in the home of the user when HOME is empty, not in the working directory', async () => {
    const cli = configured()
    const { stdout } = await cli.run(['config', 'path'], { env: { HALLPASS_HOME: '', HOME: '' } })
    expect(stdout).toBe(`${join(userInfo().homedir, '.hallpass', 'config', 'config.yaml')}\n`)
  })

  test('says with --json whether the file is there', async () => {
    const cli = configured('reveal: all\n')
    const { stdout } = await cli.run(['config', 'path', '--json'])
    expect(JSON.parse(stdout)).toEqual({
      schema: 'hallpass.config-path/1',
      path: defaultFile(cli),
      exists: true,
    })
  })
})

describe('config show', () => {
  test('shows every value and who said it', async () => {
    const cli = configured(
      '# ours\nreveal: all\nmaxSessions: 7\nrules:\n  - hosts: [api.example.com]\n    credential: api\ncredentials:\n  api: { kind: bearer }\n',
    )
    const { stdout, stderr, status } = await cli.run(['config', 'show'], {
      env: { HALLPASS_LISTEN: '127.0.0.1:9999', HALLPASS_MAX_SESSIONS: '8' },
    })
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 })
    const file = defaultFile(cli)
    const rows = stdout.split('\n').map((line) => line.split(/ {2,}/))
    expect(rows).toEqual(
      expect.arrayContaining([
        ['file', 'default', file],
        ['listen', 'HALLPASS_LISTEN', '127.0.0.1:9999'],
        ['intercept', 'default', 'known'],
        ['reveal', `${file}:2`, 'all'],
        ['maxSessions', 'HALLPASS_MAX_SESSIONS', '8'],
        ['rules[0]', `${file}:4`, '{"hosts":["api.example.com"],"credential":"api"}'],
        ['credentials.api', `${file}:7`, '{"kind":"bearer"}'],
      ]),
    )
  })

  test('has file, line and column with --json, and makes nothing', async () => {
    const cli = configured()
    const file = join(cli.folder, 'mine.yaml')
    writeFileSync(file, 'capture: ["*.example.com"]\n')
    const { stdout } = await cli.run(['config', 'show', '--json', '--config', file])
    const { schema, path, exists, values } = JSON.parse(stdout)
    expect({ schema, path, exists }).toEqual({ schema: 'hallpass.config/1', path: file, exists: true })
    expect(values).toContainEqual({
      key: 'capture',
      value: ['*.example.com'],
      source: { from: 'file', file, line: 1, column: 1 },
    })
    expect(values).toContainEqual({ key: 'listen', value: '127.0.0.1:8787', source: { from: 'default' } })
    expect(existsSync(cli.home)).toBe(false)
  })

  test('names the flag that named the file', async () => {
    const cli = configured()
    const { stdout } = await cli.run(['config', 'show', '--config', example])
    expect(stdout).toMatch(/^file +--config +\S+config\.example\.yaml$/m)
  })
})

describe('config check', () => {
  test('takes the example', async () => {
    const cli = configured()
    const { stdout, stderr, status } = await cli.run(['config', 'check', example])
    expect({ stdout, status }).toEqual({ stdout: '', status: 0 })
    expect(stderr).toMatch(/config\.example\.yaml is valid\n$/)
    expect(existsSync(cli.home)).toBe(false)
  })

  test('says that the defaults hold where there is no file', async () => {
    const cli = configured()
    const { stderr, status } = await cli.run(['config', 'check'])
    expect(status).toBe(0)
    expect(stderr).toContain('the defaults are used')
    const json = await cli.run(['config', 'check', '--json'])
    expect(JSON.parse(json.stdout)).toEqual({
      schema: 'hallpass.config-check/1',
      path: defaultFile(cli),
      exists: false,
      valid: true,
    })
  })

  test('tells all that is wrong at once, each with line and column', async () => {
    const cli = configured('listn: 127.0.0.1:1\nreveal: some\nmaxSessions: many\n')
    const { stdout, stderr, status } = await cli.run(['config', 'check'])
    expect({ stdout, status }).toEqual({ stdout: '', status: 3 })
    const file = defaultFile(cli)
    expect(stderr).toContain(`hallpass: error: ${file}:1:1: listn: no such key (did you mean "listen"?)\n`)
    expect(stderr).toContain(`hallpass: ${file}:2:9: reveal: `)
    expect(stderr).toContain(`hallpass: ${file}:3:14: maxSessions: `)
    expect(stderr).toMatch(/hint: .*hallpass config schema\n$/)
  })

  test('names a secret in the file by its place, shows nothing of it, and says where it belongs', async () => {
    const cli = configured('credentials:\n  api: { kind: bearer, token: sesame-123 }\n')
    const { stderr, status } = await cli.run(['config', 'check'])
    expect(status).toBe(3)
    expect(stderr).toContain(
      `${defaultFile(cli)}:2:24: credentials.api.token: the configuration holds no secrets`,
    )
    expect(stderr).toMatch(/hint: .*hallpass token set api --kind bearer\n$/)
    expect(stderr).not.toContain('sesame')
  })

  test.each([
    [
      'a file that is not there',
      ['config', 'check', '/nowhere.yaml'],
      {},
      3,
      '/nowhere.yaml: there is no such file',
    ],
    ['a folder', ['config', 'check', '/'], {}, 3, 'this is a folder'],
    ['a variable that is wrong', ['config', 'check'], { HALLPASS_LISTEN: 'nowhere' }, 3, 'HALLPASS_LISTEN: '],
    [
      'a certificate file that is not there',
      ['config', 'check'],
      { HALLPASS_UPSTREAM_CA: '/no.pem' },
      3,
      '/no.pem',
    ],
    ['a word that is no subcommand', ['config', 'chekc'], {}, 2, 'check'],
  ])('fails for %s', async (_, args, env, exit, message) => {
    const cli = configured()
    const { stdout, stderr, status } = await cli.run(args, { env })
    expect({ stdout, status }).toEqual({ stdout: '', status: exit })
    expect(stderr).toContain(message)
    const json = await cli.run([...args, '--json'], { env })
    expect(json.stdout).toBe('')
    expect(JSON.parse(json.stderr)).toMatchObject({ error: { exit, message: expect.any(String) } })
  })

  test('reads the certificates that upstreamCa names', async () => {
    const cli = configured('upstreamCa: [company.pem]\n')
    const company = join(dirname(defaultFile(cli)), 'company.pem')
    writeFileSync(company, 'rubbish')
    const { stderr, status } = await cli.run(['config', 'check'])
    expect(status).toBe(3)
    expect(stderr).toContain(
      `${defaultFile(cli)}:1: upstreamCa names ${company}, which holds no PEM certificate`,
    )
    writeFileSync(company, testRootPem())
    expect(await cli.run(['config', 'check'])).toMatchObject({ status: 0 })
  })

  test('refuses a file that every user can write', async () => {
    const cli = configured('reveal: all\n')
    chmodSync(defaultFile(cli), 0o666)
    const { stderr, status } = await cli.run(['config', 'check'])
    expect(status).toBe(1)
    expect(stderr).toMatch(/can be written by every user\nhallpass: hint: chmod o-w /)
  })
})

describe('config schema', () => {
  test('prints a JSON schema with every key of the example', async () => {
    const cli = configured()
    const { stdout, stderr, status } = await cli.run(['config', 'schema'])
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 })
    const schema = JSON.parse(stdout)
    expect(schema.$schema).toContain('json-schema.org')
    const keys = [...readFileSync(example, 'utf8').matchAll(/^([a-zA-Z]+):/gm)].map(([, key]) => key)
    expect(Object.keys(schema.properties).sort()).toEqual(keys.sort())
    const { stdout: json } = await cli.run(['config', 'schema', '--json'])
    expect(JSON.parse(json)).toEqual({ schema: 'hallpass.config-schema/1', ...schema })
  })
})
