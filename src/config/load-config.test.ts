import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { kindNames } from '../credentials/kinds.ts'
import { HallpassError } from '../errors.ts'
import { type ConfigOptions, checkConfig, configPath, loadConfig } from './load-config.ts'
import { problemText } from './problem.ts'
import { defaults } from './schema.ts'

let home: string
let file: string
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'hallpass-config-'))
  file = join(home, 'config', 'config.yaml')
  mkdirSync(join(home, 'config'))
})
afterEach(() => {
  rmSync(home, { recursive: true, force: true })
})

const load = (text: string | undefined, more: Partial<ConfigOptions> = {}) => {
  if (text !== undefined) writeFileSync(file, text)
  return loadConfig({ home, env: {}, ...more })
}

async function failure(promise: Promise<unknown>): Promise<HallpassError> {
  const error = await promise.catch((thrown: unknown) => thrown)
  if (error instanceof HallpassError) return error
  throw new Error('it did not fail')
}

/** All that is wrong with a text, with the path of the file left out. */
async function problemsOf(text: string): Promise<string[]> {
  writeFileSync(file, text)
  const { problems } = await checkConfig({ home, env: {} })
  return problems.map((problem) => problemText(problem).replace(`${file}:`, ''))
}

describe('an address that other machines can reach', () => {
  const addresses = [
    '0.0.0.0:1',
    '[::]:1',
    '192.168.1.7:1',
    '[fe80::1]:1',
    '[::ffff:127.0.0.1]:1',
    '[::ffff:0.0.0.0]:1',
  ]

  it.each(addresses)('is refused wherever it is named: %s', async (listen) => {
    const message = 'only listenBeyondLoopback: true allows it'
    expect(await problemsOf(`reveal: all\nlisten: "${listen}"\n`)).toEqual([
      expect.stringMatching(
        /^2:1: listen: other machines can reach .*; only listenBeyondLoopback: true allows it$/,
      ),
    ])
    rmSync(file)
    const flag = await failure(load(undefined, { flags: { listen } }))
    expect(flag).toMatchObject({ code: 'usage', message: expect.stringContaining(message) })
    expect(flag.message).toMatch(/^--listen: /)
    const variable = await failure(load(undefined, { env: { HALLPASS_LISTEN: listen } }))
    expect(variable.message).toMatch(/^HALLPASS_LISTEN: /)
  })

  it.each(['127.0.0.1:1', '127.9.9.9:1', '[::1]:1', 'localhost:1'])('is not %s', async (listen) => {
    expect((await load(undefined, { flags: { listen } })).listen.port).toBe(1)
  })

  it('is taken with listenBeyondLoopback, from the file, the environment or a flag', async () => {
    const listen = '0.0.0.0:1'
    expect((await load(`listen: ${listen}\nlistenBeyondLoopback: true\n`)).listen.host).toBe('0.0.0.0')
    const env = { HALLPASS_LISTEN: listen, HALLPASS_LISTEN_BEYOND_LOOPBACK: 'true' }
    expect((await load('', { env })).listen.host).toBe('0.0.0.0')
    expect((await load('', { flags: { listen, listenBeyondLoopback: true } })).listen.host).toBe('0.0.0.0')
    const wins = { env, flags: { listenBeyondLoopback: false } }
    expect((await failure(load('', wins))).code).toBe('config-invalid')
  })

  it('is refused if the setting is neither true nor false', async () => {
    const env = { HALLPASS_LISTEN: '0.0.0.0:1', HALLPASS_LISTEN_BEYOND_LOOPBACK: 'yes' }
    expect((await failure(load(undefined, { env }))).message).toMatch(/^HALLPASS_LISTEN_BEYOND_LOOPBACK: /)
  })
})

describe('where a value comes from', () => {
  it('is the defaults if nothing is set', async () => {
    const config = await load(undefined)
    expect(config).toMatchObject(defaults)
    expect(config.fileExists).toBe(false)
    expect(Object.values(config.sources)).toEqual(Object.keys(defaults).map(() => ({ from: 'default' })))
  })

  it('is flags before environment before file before defaults, key by key', async () => {
    const config = await load('listen: 127.0.0.1:1\nreveal: none\ncapture: [a.example]\nmaxSessions: 5\n', {
      env: { HALLPASS_LISTEN: '127.0.0.1:2', HALLPASS_REVEAL: 'all' },
      flags: { listen: '127.0.0.1:3' },
    })
    expect(config.listen.port).toBe(3)
    expect(config.reveal).toBe('all')
    expect(config.maxSessions).toBe(5)
    expect(config.sources).toMatchObject({
      listen: { from: 'flag', name: '--listen' },
      reveal: { from: 'environment', name: 'HALLPASS_REVEAL' },
      capture: { from: 'file', file, line: 3, column: 1 },
      maxSessions: { from: 'file', file, line: 4, column: 1 },
      intercept: { from: 'default' },
    })
  })

  it('ignores an empty variable, a key without a value and a file of comments', async () => {
    expect(await load('# nothing\n', { env: { HALLPASS_REVEAL: '' } })).toMatchObject(defaults)
    expect(await load('rules:\ncredentials:\n  # github: …\n')).toMatchObject(defaults)
    expect(await load('')).toMatchObject(defaults)
  })

  it('names the wrong flag or variable', async () => {
    expect((await failure(load('', { flags: { listen: 'everywhere' } }))).message).toMatch(/^--listen: /)
    expect((await failure(load('', { flags: { lissen: '127.0.0.1:1' } }))).message).toContain('lissen')
    expect((await failure(load('', { env: { HALLPASS_MAX_SESSIONS: 'ten' } }))).message).toBe(
      'HALLPASS_MAX_SESSIONS: must be a number',
    )
  })

  it('still checks a key of the file that something else overrides', async () => {
    expect((await failure(load('reveal: sometimes', { env: { HALLPASS_REVEAL: 'all' } }))).message).toContain(
      `${file}:1:9: reveal:`,
    )
  })
})

describe('the environment', () => {
  it.each([
    ['HALLPASS_LISTEN', '[::1]:8080', { listen: { host: '::1', port: 8080 } }],
    ['HALLPASS_LISTEN', 'LOCALHOST:0', { listen: { host: 'localhost', port: 0 } }],
    ['HALLPASS_INTERCEPT', 'all', { intercept: 'all' }],
    ['HALLPASS_INTERCEPT', 'a.example', { intercept: [{ text: 'a.example' }] }],
    [
      'HALLPASS_CAPTURE',
      'a.example, *.b.example:8443',
      { capture: [{ text: 'a.example' }, { text: '*.b.example:8443' }] },
    ],
    ['HALLPASS_CAPTURE', '*', { capture: [{ kind: 'any' }] }],
    ['HALLPASS_REVEAL', 'none', { reveal: 'none' }],
    ['HALLPASS_UPSTREAM', 'direct', { upstream: 'direct' }],
    ['HALLPASS_UPSTREAM', 'SOCKS5://far.example', { upstream: { scheme: 'socks5', port: 1080 } }],
    ['HALLPASS_UPSTREAM_CA', '/a.pem:~/b.pem', { upstreamCa: ['/a.pem', join(homedir(), 'b.pem')] }],
    ['HALLPASS_REPLAY', '1MiB', { replay: 1_048_576 }],
    ['HALLPASS_REPLAY', '0', { replay: 0 }],
    ['HALLPASS_MAX_SESSIONS', '7', { maxSessions: 7 }],
    ['HALLPASS_SESSION_TTL', '2h', { sessionTtl: 7_200 }],
    ['HALLPASS_SESSION_RENEWAL', 'false', { sessionRenewal: false }],
    ['HALLPASS_SESSION_SWEEP', '90', { sessionSweep: 90 }],
    ['HALLPASS_WARN_DAYS', '14', { warnDays: 14 }],
  ])('%s=%s', async (name, text, expected) => {
    expect(await load(undefined, { env: { [name]: text } })).toMatchObject(expected)
  })

  it('HALLPASS_RESOLVE takes several', async () => {
    const env = { HALLPASS_RESOLVE: 'A.example=127.0.0.1, b.example:443=127.0.0.1:8443,c.example=::1' }
    const config = await load(undefined, { env })
    expect([...config.resolve]).toEqual([
      ['a.example', '127.0.0.1'],
      ['b.example:443', '127.0.0.1:8443'],
      ['c.example', '[::1]'],
    ])
  })
})

describe('the file', () => {
  it('is that of --config before HALLPASS_CONFIG before the state folder', () => {
    const env = { HALLPASS_CONFIG: '/env.yaml' }
    expect(configPath({ home, env, file: '/flag.yaml' })).toBe('/flag.yaml')
    expect(configPath({ home, env })).toBe('/env.yaml')
    expect(configPath({ home, env: {} })).toBe(file)
  })

  it('must be there when it was named', async () => {
    const error = await failure(load(undefined, { file: join(home, 'other.yaml') }))
    expect(error.code).toBe('config-invalid')
    expect(error.message).toBe(`${join(home, 'other.yaml')}: there is no such file`)
  })

  it('may be a link, but not one that every user can write through', async () => {
    const target = join(home, 'dotfiles.yaml')
    writeFileSync(target, 'reveal: none')
    symlinkSync(target, file)
    expect((await load(undefined)).reveal).toBe('none')
    chmodSync(target, 0o666)
    const error = await failure(load(undefined))
    expect(error.code).toBe('state-unsafe')
    expect(error.hint).toBe(`chmod o-w ${file}`)
  })

  it('counts relative paths from its own folder', async () => {
    expect((await load('upstreamCa: [roots.pem, ../up.pem, /abs.pem]')).upstreamCa).toEqual([
      join(home, 'config', 'roots.pem'),
      join(home, 'up.pem'),
      '/abs.pem',
    ])
  })

  it('takes "*" for capture as text too', async () => {
    expect((await load('capture: "*"')).capture).toMatchObject([{ kind: 'any' }])
  })
})

describe('a fault', () => {
  it.each<[string, string, ...string[]]>([
    ['an unknown key', 'reveall: none', '1:1: reveall: no such key (did you mean "reveal"?)'],
    [
      'a key in another spelling',
      'upstream_ca: []',
      '1:1: upstream_ca: no such key (did you mean "upstreamCa"?)',
    ],
    ['a key like no other', 'zzzzzzzz: 1', '1:1: zzzzzzzz: no such key'],
    ['a wrong type', '\n\nlisten:   8787', '3:11: listen: must be text'],
    [
      'an address without a port',
      'listen: 127.0.0.1',
      '1:9: listen: must be an address and a port, such as 127.0.0.1:8787',
    ],
    [
      'a name to listen on',
      'listen: example.com:80',
      '1:9: listen: must be an IP address or localhost, with a port, such as 127.0.0.1:8787',
    ],
    ['a port out of range', 'listen: 127.0.0.1:65536', '1:9: listen: the port must be a number up to 65535'],
    [
      'a misspelt choice',
      'intercept: knwon',
      '1:12: intercept: must be one of known, all, a list of hosts (did you mean "known"?)',
    ],
    [
      'a host that is a URL',
      'capture:\n  - https://a.example/',
      '2:5: capture[0]: "https://a.example/" is a URL or has a path; write the host alone',
    ],
    ['too few sessions', 'maxSessions: 0', '1:14: maxSessions: must be at least 1'],
    ['no life at all', 'sessionTtl: 0', '1:13: sessionTtl: must be a time such as 90s, 30m, 2h or 7d'],
    ['too long a life', 'sessionTtl: 99999d', '1:13: sessionTtl: must be at most 3660d'],
    ['half a renewal', 'sessionRenewal: maybe', '1:17: sessionRenewal: must be true or false'],
    ['too rare a sweep', 'sessionSweep: 2d', '1:15: sessionSweep: must be at most 1d'],
    [
      'a probe at another site',
      'health: { app.example.com: { url: "https://bank.example/" } }',
      '1:28: health.app.example.com: its url must be at app.example.com, or below it',
    ],
    [
      'a probe of many hosts',
      'health: { "*.example.com": {} }',
      '1:28: health.*.example.com: must be one host, without "*"',
    ],
    [
      'a probe with a command and a url',
      'health: { a.test: { command: x, url: "https://a.test/" } }',
      '1:19: health.a.test: must have a command, or a url and what to expect, not both',
    ],
    [
      'a probe that asks too often',
      'health: { a.test: { every: 30s } }',
      '1:28: health.a.test.every: must be a time of at least 1m: 30m, 8h',
    ],
    ['a size in decimal units', 'replay: 64KB', '1:9: replay: must be a size, such as 64KiB or 1MiB'],
    ['a size below nothing', 'replay: -1', '1:9: replay: must be a size, such as 64KiB or 1MiB'],
    ['a size that is half a byte', 'replay: 0.5', '1:9: replay: must be a size, such as 64KiB or 1MiB'],
    ['a size too large to be held', 'replay: 1024MiB', '1:9: replay: must be at most 64MiB'],
    ['a size that is none', 'replay: [1MiB]', '1:9: replay: must be a number or text'],
    [
      'an address to resolve that is a name',
      'resolve: { a.example: b.example }',
      '1:23: resolve.a.example: must be an IP address, with or without a port, such as 127.0.0.1:8443',
    ],
    [
      'a wildcard to resolve',
      'resolve: { "*.a.example": 127.0.0.1 }',
      '1:27: resolve.*.a.example: must be one host, without a wildcard',
    ],
    [
      'a rule without hosts',
      'rules:\n  - reveal: none',
      '2:5: rules[0].hosts: is missing, and must be a list',
    ],
    ['an empty list of hosts', 'rules:\n  - hosts: []', '2:12: rules[0].hosts: must have at least one'],
    [
      'an unknown key of a rule',
      'rules:\n  - hosts: [a.example]\n    allows: []',
      '3:5: rules[0].allows: no such key (did you mean "allow"?)',
    ],
    [
      'a pattern without a method',
      'rules:\n  - hosts: [a.example]\n    allow:\n      - GET /**\n      - /x',
      '5:9: rules[0].allow[1]: must be a method and a path, such as "GET /**" or "POST /repos/*/issues"',
    ],
    [
      'an unknown kind',
      'credentials:\n  api: { kind: barer }',
      `2:16: credentials.api.kind: must be one of ${kindNames.join(', ')} (did you mean "bearer"?)`,
    ],
    [
      'a credential without a kind',
      'credentials:\n  api: {}',
      `2:8: credentials.api.kind: is missing, and must be one of ${kindNames.join(', ')}`,
    ],
    [
      'an option of another kind',
      'credentials:\n  api: { kind: bearer, param: key }',
      '2:24: credentials.api.param: no such key',
    ],
    [
      'a missing option',
      'credentials:\n  api: { kind: query }',
      '2:8: credentials.api.param: is missing, and must be text',
    ],
    [
      'an upstream proxy with a password',
      'upstream: http://alice:hunter2@far.example:3128',
      '1:11: upstream: must not contain a user or a password. Set it to env, and name the proxy in HTTPS_PROXY and HTTP_PROXY',
    ],
    [
      'an upstream proxy of another kind',
      'upstream: ftp://far.example',
      '1:11: upstream: the scheme is http, https, socks5 or socks4',
    ],
    [
      'a list at the top',
      '- a',
      '1:1: the file must have keys with values, such as "listen: 127.0.0.1:8787"',
    ],
    ['a key that stands twice', 'reveal: none\nreveal: all', '2:1: this key is here twice'],
    ['a tab', 'rules:\n\t- hosts: [a]', '2:1: YAML indents with spaces, and this is a tab'],
    ['a quote that is not closed', 'listen: "127', '1:13: a closing quote, bracket or comma is missing'],
    [
      'a second document',
      'reveal: none\n---\nreveal: all',
      '2:1: a second document begins here, and the file must have one',
    ],
    ['a tag', 'listen: !secret x', '1:9: this tag is unknown'],
    [
      'an alias of nothing',
      'listen: *hunter2',
      '1:9: this alias has no anchor above; quote a text that begins with *',
    ],
    ['a key that is a list', '? [a]\n: 1', '1:3: this cannot be a key'],
    ['a key that reaches a prototype', '__proto__: {}', '1:1: this cannot be a key'],
    [
      'a name that reaches a prototype',
      'credentials:\n  constructor: { kind: bearer }',
      '2:3: this cannot be a key',
    ],
    ['a terminal sequence in a key', '"\\x1b[2J": 1', '1:1: \\x1b[2J: no such key'],
    [
      'two of them, in the order of the file',
      'revealx: 1\nlisten: 1',
      '1:1: revealx: no such key (did you mean "reveal"?)',
      '2:9: listen: must be text',
    ],
  ])('is reported with line and column: %s', async (_, text, ...expected) => {
    expect(await problemsOf(text)).toEqual(expected)
  })

  it('is the first problem, and the others are counted', async () => {
    const error = await failure(load('a1: 1\nb2: 2\nc3: 3'))
    expect(error.code).toBe('config-invalid')
    expect(error.message).toBe(`${file}:1:1: a1: no such key (and 2 more)`)
    expect(error.hint).toBe('hallpass config check')
  })

  it.each(['token', 'value', 'password', 'secret', 'apiKey', 'client_secret'])(
    'tells where secrets go when there is a %s in a credential, and does not repeat it',
    async (key) => {
      const error = await failure(load(`credentials:\n  api: { kind: bearer, ${key}: hunter2hunter2 }`))
      expect(error.message).toBe(
        `${file}:2:24: credentials.api.${key}: the configuration holds no secrets. Type the value at a prompt, or pipe it to stdin`,
      )
      expect(error.hint).toBe('hallpass token set api --kind bearer')
    },
  )

  it.each([
    'listen: hunter2hunter2',
    'reveal: hunter2hunter2',
    'maxSessions: hunter2hunter2',
    'upstreamCa: hunter2hunter2',
    'credentials: hunter2hunter2',
    'credentials: { api: hunter2hunter2 }',
    'credentials: { api: { kind: hunter2hunter2 } }',
    'credentials: { api: { kind: basic, password: { a: hunter2hunter2 } } }',
    'rules: [{ hosts: [a.example], allow: [hunter2hunter2] }]',
    'resolve: { a.example: hunter2hunter2 }',
    'a: "hunter2hunter2',
    '  hunter2hunter2: [',
    'a: !hunter2hunter2 b',
    'a: &hunter2hunter2 1\nb: *hunter2hunter2hunter2hunter2',
  ])('never repeats a value that may be a secret: %s', async (text) => {
    const problems = await problemsOf(text)
    expect(problems).not.toEqual([])
    expect(problems.join('\n').replaceAll(/hunter2hunter2: no such key/g, '')).not.toContain('hunter2hunter2')
  })
})

describe('a hostile file', () => {
  it('is refused when its aliases multiply', async () => {
    const names = 'abcdefgh'
    const lines = [...names].map((name, index) => {
      const before = names[index - 1]
      return `${name}: &${name} [${Array.from({ length: 10 }, () => (before === undefined ? 'x' : `*${before}`)).join(', ')}]`
    })
    expect(await problemsOf(lines.join('\n'))).toEqual(['1:1: the file has too many aliases'])
  })

  it('is refused when it is nested a hundred thousand deep', async () => {
    expect((await problemsOf('['.repeat(100_000)))[0]).toMatch(/the file is nested too deeply/)
    expect((await problemsOf('- '.repeat(100_000)))[0]).toMatch(/the file is nested too deeply/)
  })

  it('is refused when it is large, a folder, or no text', async () => {
    expect((await failure(load(`# ${'x'.repeat(2 ** 20)}`))).message).toBe(
      `${file}: this is larger than 1 MiB`,
    )
    expect((await failure(load(undefined, { file: home }))).message).toBe(`${home}: this is a folder`)
    writeFileSync(file, Buffer.from([0x61, 0x3a, 0xff]))
    expect((await failure(load(undefined))).message).toBe(`${file}: the file is not UTF-8`)
  })
})
