import { execFileSync, spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fc, test as property } from '@fast-check/vitest'
import { describe, expect, test } from 'vitest'
import { formats } from '../../src/cli/commands/env/formats.ts'
import { childEnvironment, withoutProxy } from '../../src/environment/child-environment.ts'
import { CommandLine, ended, mainFile } from '../support/command-line.ts'
import { testWith } from '../support/installed.ts'

/** What would do harm if a shell read it as code. */
const hostile = [
  `'; touch /tmp/hallpass-injected; '`,
  '$(touch /tmp/hallpass-injected)',
  '`touch /tmp/hallpass-injected`',
  'a"b\\c$HOME !! %PATH% \u2019; x',
  'line\nbreak\n',
]

describe('a value that looks like code', () => {
  test.each(hostile)('is only ever a value for sh: %j', (value) => {
    expect(evaluated('/bin/sh', ['-c', `${write('sh', value)}printf %s "$NO_PROXY"`])).toBe(value)
  })

  property.prop([fc.string({ unit: 'binary' }).filter((text) => !/[\0\ud800-\udfff]/.test(text))], {
    numRuns: 40,
  })('is only ever a value for sh, whatever it is', (value) => {
    expect(evaluated('/bin/sh', ['-c', `${write('sh', value)}printf %s "$NO_PROXY"`])).toBe(value)
  })

  testWith('fish').each(hostile)('is only ever a value for fish: %j', (value) => {
    expect(evaluated('fish', ['--no-config', '-c', `${write('fish', value)}printf %s "$NO_PROXY"`])).toBe(
      value,
    )
  })

  test('closes no quote of PowerShell, a typographic one included', () => {
    expect(write('pwsh', "a'b\u2019c\u201bd")).toContain("$env:NO_PROXY = 'a''b\u2019\u2019c\u201b\u201bd'")
  })

  test('cannot end the block of a GitHub environment file', () => {
    const text = write('github', 'a\nhallpass_0\nEVIL=1')
    const delimiter = /^NO_PROXY<<(\S+)$/m.exec(text)?.[1] ?? ''
    expect(text).toContain(`NO_PROXY<<${delimiter}\na\nhallpass_0\nEVIL=1\n${delimiter}\n`)
    expect(write('github', 'a')).not.toContain(delimiter)
  })

  test.each(['dotenv', 'docker'])(
    'with a line break is refused by %s, which could not carry it',
    (format) => {
      expect(() => write(format, 'a\nEVIL=1')).toThrow('line break')
    },
  )
})

function write(format: string, value: string): string {
  return formats[format]?.({ set: { NO_PROXY: value }, remove: [] }) ?? ''
}

function evaluated(shell: string, args: readonly string[]): string {
  return execFileSync(shell, args, {
    encoding: 'utf8',
    env: { PATH: process.env.PATH, HOME: '/nonexistent' },
  })
}

describe('env', () => {
  test('leads the shell that evaluates it through the proxy, and --unset leads it back', async () => {
    const cli = new CommandLine()
    await cli.run(['start', '--background'])
    const script = `
      export NO_PROXY=own.example ALL_PROXY=socks5://127.0.0.1:1
      eval "$(hallpass env)"; echo "$HTTPS_PROXY|$NO_PROXY|\${ALL_PROXY-none}"
      eval "$(hallpass env)"; echo "$NO_PROXY"
      eval "$(hallpass env --unset)"; echo "\${HTTPS_PROXY-none}|$NO_PROXY|\${SSL_CERT_FILE-none}"`
    const { stdout } = await cli.shell(script)
    const [first, second, third] = stdout.split('\n')
    expect(first).toMatch(
      /^http:\/\/default:[\w-]+@127\.0\.0\.1:\d+\|localhost,127\.0\.0\.1,::1,own\.example\|none$/,
    )
    expect(second).toBe('localhost,127.0.0.1,::1,own.example')
    expect(third).toBe('none|own.example|none')
  })

  test('is evaluated again after the session learned its first loopback host, and the command says so', async () => {
    const cli = new CommandLine()
    await cli.run(['start', '--background'])
    const script = `
      eval "$(hallpass env)"
      echo hunter2 | hallpass cookie set https://app.example.com/ sid
      echo hunter2 | hallpass cookie set http://127.0.0.1:1/ sid
      echo hunter2 | hallpass token set api --kind bearer --host 127.0.0.1
      printf '127.0.0.1\\tFALSE\\t/\\tFALSE\\t0\\ta\\thunter2\\n' | hallpass import -
      eval "$(hallpass env)"
      echo hunter2 | hallpass cookie set http://127.0.0.1:1/ sid`
    const { stderr } = await cli.shell(script)
    const said = stderr.split('\n').map((line) => /kept|imported|warning|eval/.exec(line)?.[0])
    const warned = ['warning', 'eval']
    expect(said.filter(Boolean)).toEqual(
      ['kept', 'kept', warned, 'kept', warned, 'imported', warned, 'kept'].flat(),
    )
    expect(stderr).toContain(
      'the tools of this shell go around hallpass on loopback: its NO_PROXY has localhost',
    )
  })

  test.each([
    ['a shell of another session', 'HALLPASS_SESSION=other; unset HTTPS_PROXY https_proxy', undefined],
    ['a shell behind another proxy', 'HTTPS_PROXY=http://corp.test:3128; NO_PROXY=localhost', undefined],
    ['a command of run', undefined, 'until the next run'],
  ])('%s is not told to evaluate it', async (_, before, says) => {
    const cli = new CommandLine()
    await cli.run(['start', '--background'])
    await cli.run(['session', 'create', 'other'])
    const set = `echo hunter2 | hallpass --session default cookie set http://127.0.0.1:1/ sid`
    const inShell = `eval "$(hallpass env)"; export ${before}; ${set}`
    const inRun = `hallpass run -- bash -c "hallpass() { '${process.execPath}' '${mainFile}' \\"\\$@\\"; }; ${set}"`
    const { status, stderr } = await cli.shell(before === undefined ? inRun : inShell)
    expect(status).toBe(0)
    expect(stderr).not.toContain('eval')
    if (says === undefined) expect(stderr).not.toContain('warning')
    else expect(stderr).toContain(says)
  })

  testWith('fish')('tells fish, too, what leads it back', async () => {
    const cli = new CommandLine()
    await cli.run(['start', '--background'])
    const { stdout, stderr } = await cli.run(['env', '--format', 'fish', '--verbose'])
    const undo = /undo: (?:npx )?(.*)/.exec(stderr)?.[1] ?? ''
    const script = `
      function hallpass; '${process.execPath}' '${mainFile}' $argv; end
      ${stdout}
      echo "$HTTPS_PROXY"; ${undo}; echo "[$HTTPS_PROXY]"`
    const { stdout: said } = await cli.shell('fish --no-config -c "$SCRIPT"', { env: { SCRIPT: script } })
    expect(said).toMatch(/^http:.*\n\[\]\n$/)
  })

  test('says how a container gets each file that its variables name', async () => {
    const cli = new CommandLine()
    await cli.run(['start', '--background'])
    const { stdout, stderr } = await cli.run(['env', '--format', 'docker'])
    const named = new Set([...stdout.matchAll(/^\w+=(\/.*)$/gm)].map(([, file]) => file))
    expect(named.size).toBeGreaterThan(2)
    expect([...stderr.matchAll(/-v (\S+):\1:ro/g)].map(([, file]) => file).sort()).toEqual([...named].sort())
    expect((await cli.run(['env', '--format', 'docker', '--unset'])).stderr).not.toContain('-v')
  })

  test('is one document as JSON, whichever way it is asked for', async () => {
    const cli = new CommandLine()
    await cli.run(['start', '--background'])
    const [flag, format] = await Promise.all([
      cli.run(['env', '--json']),
      cli.run(['env', '--format', 'json']),
    ])
    const document = JSON.parse(flag.stdout)
    expect(document.schema).toBe('hallpass.env/1')
    expect(document.unset).toEqual(['ALL_PROXY', 'all_proxy', 'SSL_CERT_DIR'])
    expect(JSON.parse(format.stdout)).toEqual(document)
  })

  test('of a session that is not there is exit 4', async () => {
    const cli = new CommandLine()
    await cli.run(['start', '--background'])
    expect(await cli.run(['--session', 'gone', 'env'])).toMatchObject({ status: 4, stdout: '' })
  })
})

describe('what starts fast', () => {
  test.each([
    ['--help', ['--help']],
    ['--version', ['--version']],
    ['env', ['env']],
    ['completion', ['completion', 'bash']],
    ['the help of a command', ['run', '--help']],
  ])('%s loads no library that it has no use for', async (_, args) => {
    const cli = new CommandLine()
    await cli.run(['start', '--background'])
    const listing = join(cli.folder, 'list-modules.mjs')
    writeFileSync(listing, listModules)
    // In the bundle the libraries have no names.
    const child = spawn(process.execPath, ['--import', listing, 'src/cli/main.ts', ...args], {
      env: cli.env,
      stdio: 'pipe',
    })
    const { status, stderr } = await ended(child)
    expect(status).toBe(0)
    const loaded = JSON.parse(/^modules (.*)$/m.exec(stderr)?.[1] ?? '[]') as string[]
    expect(loaded.some((url) => url.includes('/commander/'))).toBe(true)
    const heavy = /node_modules\/(zod|pino|pino-pretty|node-forge|yaml|hono|tough-cookie|tldts|@clack)\//
    expect(loaded.filter((url) => heavy.test(url))).toEqual([])
  })
})

/** Writes every module that was resolved to stderr at the end. */
const listModules = `
import { registerHooks } from 'node:module'
const loaded = []
registerHooks({ resolve(specifier, context, next) {
  const found = next(specifier, context)
  loaded.push(found.url)
  return found
} })
process.on('exit', () => process.stderr.write('modules ' + JSON.stringify(loaded) + '\\n'))
`

describe('childEnvironment', () => {
  const home = { caPem: '/state/ca/ca.pem', caBundle: '/state/ca/bundle.pem' }
  const through = (inherited: NodeJS.ProcessEnv, loopbackKnown = false) =>
    childEnvironment({
      inherited,
      proxyUrl: 'http://default:token@127.0.0.1:1',
      loopbackKnown,
      home,
      session: 'default',
    })

  test.each([
    ['none', {}, false, 'localhost,127.0.0.1,::1'],
    [
      'both spellings',
      { NO_PROXY: 'a.example', no_proxy: 'b.example a.example' },
      false,
      'localhost,127.0.0.1,::1,a.example,b.example',
    ],
    [
      'loopback of the user, when a loopback host is known',
      { NO_PROXY: 'localhost,a.example,[::1]:8080,127.0.0.1:80,.localhost,app.localhost' },
      true,
      'a.example',
    ],
    ['nothing left', {}, true, undefined],
  ])('NO_PROXY from %s', (_, inherited, loopbackKnown, expected) => {
    const { set } = through(inherited, loopbackKnown)
    expect([set.NO_PROXY, set.no_proxy]).toEqual([expected, expected])
  })

  test('an inherited extra root leads Node to the bundle, which has it, and our own does not', () => {
    expect(through({ NODE_EXTRA_CA_CERTS: '/etc/corporate.pem' }).set.NODE_EXTRA_CA_CERTS).toBe(home.caBundle)
    expect(through({ NODE_EXTRA_CA_CERTS: home.caPem }).set.NODE_EXTRA_CA_CERTS).toBe(home.caPem)
    expect(through({}).set.DENO_CERT).toBe(home.caPem)
  })

  test('applied twice it is as applied once', () => {
    const once = through({ NO_PROXY: 'own.example' }).set
    expect(through(once).set).toEqual(once)
  })

  test('undone it leaves the user’s own NO_PROXY', () => {
    const { set, remove } = withoutProxy(through({ NO_PROXY: 'own.example' }).set)
    expect(set).toEqual({ NO_PROXY: 'own.example', no_proxy: 'own.example' })
    expect(remove).toContain('HTTPS_PROXY')
    expect(withoutProxy(through({}).set).set).toEqual({})
  })
})
