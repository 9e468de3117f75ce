import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, expect, onTestFinished, type TestContext, test } from 'vitest'
import type { CommandSpec } from '../../src/cli/command.ts'
import { commands } from '../../src/cli/commands.ts'
import { CommandLine } from '../support/command-line.ts'
import { onTerminal } from './on-terminal.ts'

/** Sets the title, colours by a C1 control, and turns the direction of what follows. */
const evil = '\x1b]0;EVIL\x07\x9b31mEVIL\u202eEVIL\u2066EVIL'
/** What a cookie can have of it: RFC 6265bis refuses ASCII controls. */
const evilCookie = '\x9b31mEVIL\u202eEVIL\u2066EVIL'

/** For YAML, which takes control characters as escapes alone. */
function quoted(value: unknown): string {
  return JSON.stringify(value).replace(
    /[^ -~]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** No control or direction character may reach the terminal but the line breaks, which it makes CR LF of. */
const control = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/

/** Every command with words that lead it to foreign text. */
const calls: Readonly<Record<string, readonly (readonly string[])[]>> = {
  run: [
    ['run', '--verbose', '--only', evil, '--', 'true'],
    ['run', '--', `/nowhere/${evil}`],
  ],
  start: [['start', '--background', '--verbose']],
  status: [['status'], ['status', '--json']],
  env: [['env'], ['env', '--json'], ['env', '--format', evil]],
  logs: [['logs'], ['logs', '--json']],
  explain: [
    ['explain', 'https://app.example.com/'],
    ['explain', 'https://app.example.com/', '--json'],
    ['explain', `https://app.example.com/${evil}`, '--method', 'POST'],
    ['explain', `https://${evil}/`],
  ],
  login: [['login', 'app.example.com', '--browser', evil]],
  open: [
    ['open', evil],
    ['open', 'app.example.com', '--browser', evil],
  ],
  'token set': [['token', 'set', evil, '--kind', 'bearer', '--host', evil]],
  'token login': [['token', 'login', evil, '--issuer', evil, '--client-id', evil, '--host', 'a.example']],
  'token get': [
    ['token', 'get', evil],
    ['token', 'get', 'page'],
    ['token', 'get', 'page', '--json', '--reveal'],
  ],
  'token refresh': [['token', 'refresh', 'page']],
  'token list': [
    ['token', 'list'],
    ['token', 'list', '--json'],
  ],
  'token rm': [['token', 'rm', evil, '--yes']],
  'cookie list': [
    ['cookie', 'list', '--reveal'],
    ['cookie', 'list', '--reveal', '--json'],
    ['cookie', 'list', evil],
  ],
  'cookie set': [['cookie', 'set', 'https://app.example.com/', evil, '--no-input', '--path', evil]],
  'cookie get': [
    ['cookie', 'get', 'https://app.example.com/', `name${evilCookie}`],
    ['cookie', 'get', 'https://app.example.com/', evil],
  ],
  'cookie rm': [['cookie', 'rm', 'app.example.com', evil, '--yes']],
  'storage list': [
    ['storage', 'list'],
    ['storage', 'list', '--json'],
    ['storage', 'list', `https://${evil}`],
  ],
  'storage rm': [['storage', 'rm', `https://${evil}`, '--yes']],
  'session list': [['session', 'list']],
  'session show': [
    ['session', 'show'],
    ['session', 'show', '--json'],
    ['session', 'show', evil],
  ],
  'session create': [['session', 'create', evil]],
  'session clone': [
    ['session', 'clone', evil],
    ['session', 'clone', 'default', evil],
  ],
  'session extend': [['session', 'extend', evil, '--by', evil]],
  'session touch': [['session', 'touch', evil]],
  'session check': [['session', 'check', evil]],
  'session mark': [['session', 'mark', evil, 'needs-login']],
  'session prune': [['session', 'prune']],
  'session token rotate': [['session', 'token', 'rotate', evil]],
  'session rm': [['session', 'rm', evil, '--yes']],
  import: [
    ['import', evil],
    ['import', 'evil.json'],
    ['import', 'evil.txt'],
    ['import', 'evil.txt', evil],
  ],
  export: [
    ['export', '--format', 'netscape', '--reveal'],
    ['export', '--format', 'storage-state', '--out', evil, '--reveal', '--force'],
    ['export', '--format', 'netscape', '--out', evil, '--reveal'],
  ],
  'ca show': [['ca', 'show']],
  'ca path': [['ca', 'path']],
  'ca bundle': [['ca', 'bundle']],
  'ca rotate': [['ca', 'rotate', '--yes']],
  'key status': [['key', 'status']],
  'key protect': [
    ['key', 'protect', 'passphrase', '--passphrase-file', evil],
    ['key', 'protect', 'file'],
  ],
  'key rotate': [['key', 'rotate']],
  'config path': [['config', 'path']],
  'config check': [
    ['config', 'check', 'evil.yaml'],
    ['config', 'check', evil],
  ],
  'config show': [
    ['config', 'show'],
    ['config', 'show', '--json'],
  ],
  'config schema': [['config', 'schema']],
  doctor: [['doctor', '--config', evil]],
  completion: [['completion', evil]],
  stop: [['stop']],
}

/** These print some of it: a test that saw nothing would prove nothing. */
const showing = [
  'status',
  'logs',
  'explain https://app.example.com/',
  'token list',
  'cookie list --reveal',
  'storage list',
  'session show',
  'export --format netscape --reveal',
  'ca path',
  'key status',
  'config path',
  'config check evil.yaml',
  'config show',
]

/** A state folder with an evil name, and evil in the session, the configuration, the log and in files to import. */
class EvilHome extends CommandLine {
  override readonly home = join(this.folder, evil)

  constructor() {
    super()
    this.env.HALLPASS_HOME = this.home
    onTestFinished(async () => {
      await this.run(['stop'])
    })
  }

  async fill(): Promise<void> {
    await this.run(['session', 'list'])
    const file = (name: string, text: string) => writeFileSync(join(this.folder, name), text)
    const cookie = (name: string) =>
      `app.example.com\tFALSE\t/${evilCookie}\tTRUE\t0\t${name}\tvalue${evilCookie}\n`
    const netscape = '# Netscape HTTP Cookie File\n'
    file(
      'cookies.txt',
      `${netscape}${cookie('path')}app.example.com\tFALSE\t/\tTRUE\t0\tname${evilCookie}\tvalue${evilCookie}\n`,
    )
    file('evil.txt', `${netscape}${cookie(evil)}${evil}\tFALSE\t/\tTRUE\t0\tname\tvalue\n${evil}\n`)
    const entry = [
      { name: evil, value: evil },
      { name: evilCookie, value: evil },
    ]
    const state = (origin: string) =>
      JSON.stringify({ cookies: [], origins: [{ origin, localStorage: entry }] })
    file('state.json', state('https://app.example.com'))
    file('evil.json', state(`https://${evil}`))
    file('evil.yaml', `${quoted(evil)}: 1\nrules: [{ hosts: [${quoted(evilCookie)}] }]\n`)
    const credential = {
      kind: 'web-storage',
      hosts: ['app.example.com'],
      origin: 'https://app.example.com',
      key: evilCookie,
    }
    mkdirSync(join(this.home, 'log'), { recursive: true, mode: 0o700 })
    writeFileSync(join(this.home, 'config', 'config.yaml'), quoted({ credentials: { page: credential } }), {
      mode: 0o600,
    })
    writeFileSync(
      join(this.home, 'log', 'hallpass.log'),
      `${JSON.stringify({ level: 'info', time: '2026-01-01T00:00:00.000Z', msg: evil, host: evil })}\n${evil}\n`,
      { mode: 0o600 },
    )
    for (const name of ['cookies.txt', 'state.json'])
      expect(await this.run(['import', name])).toMatchObject({ status: 0, signal: null, stdout: '' })
  }
}

describe('no control or direction character reaches a terminal', () => {
  test('from any command', async (context) => {
    const names = Object.keys(calls).toSorted()
    expect(names).toEqual(leaves(commands).toSorted())
    const cli = new EvilHome()
    await cli.fill()
    for (const words of Object.values(calls).flat()) {
      const { screen } = await expectClean(context, cli, words)
      if (showing.includes(words.join(' ')))
        expect({ words, screen }).toEqual({ words, screen: expect.stringContaining('EVIL') })
    }
  })

  test('from the parser and the pages of help', async (context) => {
    const cli = new EvilHome()
    for (const words of [[evil], ['help', evil], ['session', evil], ['start', evil]]) {
      const { screen } = await expectClean(context, cli, words)
      expect(screen).toContain('EVIL')
    }
  })

  test('from a server that a login asks', async (context) => {
    const cli = new EvilHome()
    const answers = [
      {
        device_code: 'd',
        user_code: evil,
        verification_uri: `https://id.example.com/${evil}`,
        expires_in: 600,
      },
      { error: evil, error_description: evil },
    ]
    const server = createServer((_, response) => {
      const answer = answers.shift()
      response.writeHead(answer !== undefined && 'error' in answer ? 400 : 200, {
        'content-type': 'application/json',
      })
      response.end(JSON.stringify(answer ?? {}))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    const at = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const flags = ['--token-endpoint', `${at}/token`, '--device-authorization-endpoint', `${at}/device`]
    const login = (name: string) => [
      'token',
      'login',
      name,
      ...flags,
      '--client-id',
      'c',
      '--host',
      'a.example',
      '--device',
      '--no-wait',
    ]
    const shown = await expectClean(context, cli, login('shown'))
    expect(shown.screen).toContain('\\x1b]0;EVIL')
    const refused = await expectClean(context, cli, login('refused'))
    expect(refused.screen).toContain('EVIL')
  })

  test('from a question', async (context) => {
    const cli = new EvilHome()
    await cli.fill()
    const words = ['export', '--format', 'netscape', '--out', evil]
    const { status, screen } = await onTerminal(context, cli, words, [{ at: /in clear to/, keys: 'n' }])
    expect(status).toBe(1)
    expect(screen).toContain(`\\x1b]0;EVIL\\x07\\x9b31mEVIL\\u202eEVIL`)
    // The prompt draws itself with controls of its own.
    for (const foreign of ['\x1b]0;', '\x07', '\x9b', '\u202e', '\u2066'])
      expect(screen).not.toContain(foreign)
  })
})

test('cookie get and token get print the bytes as they are into a pipe', async () => {
  const cli = new EvilHome()
  await cli.fill()
  const { stdout } = await cli.run(['cookie', 'get', 'https://app.example.com/', `name${evilCookie}`])
  expect(stdout).toBe(`value${evilCookie}\n`)
})

test('JSON says the same characters, as escapes', async () => {
  const cli = new EvilHome()
  await cli.fill()
  const { stdout } = await cli.run(['storage', 'list', '--json'])
  expect(stdout).not.toMatch(control)
  expect(JSON.parse(stdout).storage[0].local_storage[0].key).toBe(evil)
})

/** Our own line that counts down begins with a CR and clears the line. */
async function expectClean(context: TestContext, cli: CommandLine, words: readonly string[]) {
  const ended = await onTerminal(context, cli, words, [])
  const found = control.exec(ended.screen.replaceAll('\r\n', '\n').replaceAll('\r\x1b[K', ''))
  expect({ words, found: found && JSON.stringify(ended.screen) }).toEqual({ words, found: null })
  return ended
}

function leaves(specs: readonly CommandSpec[], path = ''): string[] {
  return specs.flatMap(({ name, subcommands }) =>
    subcommands === undefined ? [`${path}${name}`] : leaves(subcommands, `${path}${name} `),
  )
}
