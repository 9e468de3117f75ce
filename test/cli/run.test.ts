import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { CommandLine, ended, mainFile, said } from '../support/command-line.ts'
import { testWith } from '../support/installed.ts'
import { httpOrigin, testRootPem } from '../support/origin.ts'

/** Waits for a signal. A shell runs a trap at once only in `wait`, and what it waits for must not keep the test's pipes open. */
const linger = 'sleep 40 >/dev/null 2>&1 & echo ready $$; wait; kill $!'

describe('the exit status of run', () => {
  test.each([
    ['that of the child', ['sh', '-c', 'exit 7'], 7],
    ['0 when the child succeeds', ['true'], 0],
    ['128 + n when a signal ended it', ['sh', '-c', 'kill -TERM $$'], 143],
    ['that of a kill which nobody can catch', ['sh', '-c', 'kill -KILL $$'], 137],
    ['127 for a command that is not there', ['/nowhere/at-all'], 127],
    ['126 for one that cannot be executed', ['/etc'], 126],
  ])('is %s', async (_, command, status) => {
    const cli = new CommandLine()
    expect(await cli.run(['run', '--', ...command])).toMatchObject({ status, signal: null })
  })

  test.each([
    ['a word in place of --', ['run', 'curl', 'https://example.com/'], 'the command to run after --'],
    ['an option that there is not', ['run', '--bogus', '--', 'true'], "unknown option '--bogus'"],
    ['nothing behind --', ['run', '--capture', '--'], 'the command to run after --'],
    ['a host that is none', ['run', '--only', 'a b', '--', 'true'], '--only: "a b"'],
    ['a session that is not there', ['--session', 'gone', 'run', '--', 'true'], 'no session "gone"'],
  ])('is 125 for %s', async (_, args, message) => {
    const cli = new CommandLine()
    const { status, stdout, stderr } = await cli.run(args)
    expect({ status, stdout }).toEqual({ status: 125, stdout: '' })
    expect(stderr).toContain(message)
    expect(stderr).toMatch(/^hallpass: hint: /m)
  })

  test.each([
    [['curl', 'https://a.example/?x=1&y'], "hallpass run -- curl 'https://a.example/?x=1&y'"],
    [
      ['--only', 'a.example', '--strict', 'curl', 'a.example'],
      'hallpass run --strict --only a.example -- curl a.example',
    ],
    [['--only', 'a.example', './nightly.sh'], 'hallpass run --only a.example -- ./nightly.sh'],
    [['--capture', 'curl', 'https://a.example/'], 'hallpass run --capture -- curl https://a.example/'],
    [['--capture', '--'], 'hallpass run --capture -- curl https://example.com/'],
  ])('without --, %j gives the whole command to type', async (words, hint) => {
    const { stderr } = await new CommandLine().run(['run', ...words])
    expect(stderr).toContain(`hallpass: hint: npx ${hint}\n`)
  })

  test('is 125 when the configuration is wrong, and nothing is made', async () => {
    const cli = new CommandLine()
    const file = join(cli.folder, 'config.yaml')
    writeFileSync(file, 'listen: nowhere\n')
    const { status, stderr } = await cli.run(['run', '--config', file, '--', 'true'])
    expect(status).toBe(125)
    expect(stderr).toContain(`${file}:1:`)
    expect(existsSync(cli.home)).toBe(false)
  })
})

describe('the child', () => {
  test('gets every word behind -- untouched, options of ours included', async () => {
    const cli = new CommandLine()
    const words = ['--capture', '--json', '--', '-h', '', 'a b', '$HOME']
    const { stdout } = await cli.run(['run', '--capture', 'a.example', '--', 'printf', '[%s]', ...words])
    expect(stdout).toBe(words.map((word) => `[${word}]`).join(''))
  })

  test('owns stdin, stdout and stderr', async () => {
    const cli = new CommandLine()
    const { stdout, stderr } = await cli.run(['run', '--', 'sh', '-c', 'cat; echo talk >&2'], {
      stdin: 'data',
    })
    expect(stdout).toBe('data')
    expect(stderr).toMatch(/^talk$/m)
  })

  test('has the proxy in all four spellings, trust in all variables, and nothing that leads past either', async () => {
    const cli = new CommandLine()
    const { stdout } = await cli.run(['run', '--', 'env'], {
      env: {
        ALL_PROXY: 'socks5://127.0.0.1:1',
        HTTPS_PROXY: 'http://corporate.example:3128',
        SSL_CERT_DIR: '/etc/ssl/certs',
        NO_PROXY: 'intranet.example',
        no_proxy: 'build.example',
        NODE_OPTIONS: '--no-warnings',
      },
    })
    const env = Object.fromEntries(stdout.split('\n').map((line) => line.split(/=(.*)/s).slice(0, 2)))
    expect(env.HTTPS_PROXY).toMatch(/^http:\/\/default:[\w-]+@127\.0\.0\.1:\d+$/)
    for (const name of ['https_proxy', 'HTTP_PROXY', 'http_proxy']) expect(env[name]).toBe(env.HTTPS_PROXY)
    expect(env.NO_PROXY).toBe('localhost,127.0.0.1,::1,intranet.example,build.example')
    expect(env.no_proxy).toBe(env.NO_PROXY)
    expect([env.NODE_USE_ENV_PROXY, env.PERL_LWP_ENV_PROXY]).toEqual(['1', '1'])
    const ca = join(cli.home, 'ca', 'ca.pem')
    expect([env.NODE_EXTRA_CA_CERTS, env.DENO_CERT]).toEqual([ca, ca])
    for (const name of replacing) expect(env[name], name).toBe(join(cli.home, 'ca', 'bundle.pem'))
    expect(env.SYSTEM_WGETRC).toBe(join(cli.home, 'ca', 'wgetrc'))
    for (const name of ['ALL_PROXY', 'all_proxy', 'SSL_CERT_DIR']) expect(env[name], name).toBeUndefined()
    expect(env.NODE_OPTIONS).toBe('--no-warnings')
    expect(
      Object.keys(env).filter((name) =>
        /HALLPASS_(?!HOME|NO_KEYRING|LISTEN|SESSION)|REJECT|INSECURE/.test(name),
      ),
    ).toEqual([])
  })

  test('keeps the roots that an inherited variable points at', async () => {
    const cli = new CommandLine()
    const corporate = join(cli.folder, 'corporate.pem')
    writeFileSync(corporate, testRootPem())
    const { stdout } = await cli.run(
      ['run', '--', 'sh', '-c', 'cat "$CURL_CA_BUNDLE"; echo; echo "$NODE_EXTRA_CA_CERTS"'],
      {
        env: { NODE_EXTRA_CA_CERTS: corporate },
      },
    )
    expect(stdout).toContain(testRootPem().trim())
    expect(stdout).toContain(readFileSync(join(cli.home, 'ca', 'ca.pem'), 'utf8').trim())
    expect(stdout.trimEnd().split('\n').at(-1)).toBe(join(cli.home, 'ca', 'bundle.pem'))
  })

  test.each([
    ['is passed by for loopback', ['run'], 'localhost,127.0.0.1,::1,own.example'],
    ['is not when --capture names a loopback host', ['run', '--capture', 'localhost'], 'own.example'],
    ['is not when --only names one with a port', ['run', '--only', '127.0.0.1:8443'], 'own.example'],
    ['is not when everything is captured', ['run', '--capture'], 'own.example'],
    [
      'is when --capture names others',
      ['run', '--capture', 'a.example'],
      'localhost,127.0.0.1,::1,own.example',
    ],
  ])('the proxy %s', async (_, args, expected) => {
    const cli = new CommandLine()
    const inherited = { env: { NO_PROXY: 'own.example' } }
    const { stdout } = await cli.run([...args, '--', 'printenv', 'NO_PROXY'], inherited)
    expect(stdout.trimEnd()).toBe(expected)
  })

  test('cannot use its token once run has ended', async () => {
    const cli = new CommandLine()
    await cli.run(['start', '--background'])
    const { stdout } = await cli.run(['run', '--', 'printenv', 'HTTPS_PROXY'])
    const proxied = await cli.shell(
      `curl -s -x '${stdout.trim()}' http://hallpass.internal/ -o /dev/null -w '%{http_code}'`,
    )
    expect(proxied.stdout).toBe('407')
  })
})

const replacing = [
  'SSL_CERT_FILE',
  'CURL_CA_BUNDLE',
  'REQUESTS_CA_BUNDLE',
  'GIT_SSL_CAINFO',
  'CARGO_HTTP_CAINFO',
  'AWS_CA_BUNDLE',
  'PIP_CERT',
  'PERL_LWP_SSL_CA_FILE',
  'CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE',
  'GRPC_DEFAULT_SSL_ROOTS_FILE_PATH',
  'HTTPLIB2_CA_CERTS',
  'NIX_SSL_CERT_FILE',
  'BUNDLE_SSL_CA_CERT',
  'COMPOSER_CAFILE',
  'npm_config_cafile',
  'HEX_CACERTS_PATH',
]

describe('signals', () => {
  test.each(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGWINCH'] as const)(
    '%s reaches the child, which answers with its own status',
    async (signal) => {
      const cli = new CommandLine()
      const script = `trap 'kill $!; echo got it; exit 9' ${signal.slice(3)}; ${linger}`
      const process = cli.spawn(['run', '--', 'bash', '-c', script])
      const end = ended(process)
      await said(process, /ready/)
      process.kill(signal)
      const { status, stdout } = await end
      expect({ status, heard: stdout.split('\n').slice(1) }).toEqual({ status: 9, heard: ['got it', ''] })
    },
  )

  test('a child that a forwarded signal ends is reported as 128 + n', async () => {
    const cli = new CommandLine()
    const process = cli.spawn(['run', '--', 'bash', '-c', linger])
    const end = ended(process)
    await said(process, /ready/)
    process.kill('SIGTERM')
    expect((await end).status).toBe(143)
  })

  test('a stop stops both, a continue goes on with both', async () => {
    const cli = new CommandLine()
    // By SIGSTOP, since the kernel lets nothing stop by SIGTSTP in a process group without a shell to continue it.
    const traps = `trap 'kill -STOP $$' TSTP; trap 'kill $!; exit 4' TERM`
    const again = linger.replace('wait;', 'wait; wait;')
    const process = cli.spawn(['run', '--', 'bash', '-c', `${traps}; ${again}`])
    const end = ended(process)
    const child = Number(/ready (\d+)/.exec(await said(process, /ready \d+/))?.[1])
    process.kill('SIGTSTP')
    await until(() => stateOf(child) === 'T' && stateOf(process.pid) === 'T')
    process.kill('SIGCONT')
    await until(() => stateOf(child) !== 'T' && stateOf(process.pid) !== 'T')
    process.kill('SIGTERM')
    expect((await end).status).toBe(4)
  })

  testWith('python3')('at a terminal one Ctrl-C is one interrupt for the child', async () => {
    const cli = new CommandLine()
    const file = join(cli.folder, 'terminal.py')
    writeFileSync(file, terminal)
    const script = `n=0; trap 'n=$((n+1))' INT; trap 'echo interrupts=$n; exit 5' TERM; echo ready; while :; do sleep 0.05; done`
    const { stdout } = await cli.shell(
      `python3 ${file} '${process.execPath}' '${mainFile}' run -- bash -c "$SCRIPT"`,
      {
        env: { SCRIPT: script },
      },
    )
    expect(stdout).toContain('interrupts=1')
    expect(stdout).toContain('status=5')
  })
})

/** Runs its arguments on a terminal, types Ctrl-C when they are ready, and asks the wrapper to end a second later. */
const terminal = `
import os, pty, signal, sys, time
pid, fd = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], sys.argv[1:])
text = b''
asked = False
deadline = time.time() + 30
while time.time() < deadline:
    try:
        more = os.read(fd, 4096)
    except OSError:
        break
    if not more:
        break
    text += more
    if b'ready' in text and not asked:
        asked = True
        os.write(fd, b'\\x03')
        time.sleep(1)
        os.kill(pid, signal.SIGTERM)
_, status = os.waitpid(pid, 0)
sys.stdout.write(text.decode() + '\\nstatus=%d\\n' % os.waitstatus_to_exitcode(status))
`

describe('the proxy of run', () => {
  test('is its own when none runs, and leaves nothing in run/', async () => {
    const cli = new CommandLine()
    await cli.run(['run', '--', 'true'])
    expect(readdirSync(join(cli.home, 'run'))).toEqual([])
  })

  test('is the running one when there is one, which knows the child while it lasts', async () => {
    const cli = new CommandLine()
    const started = await cli.run(['start', '--background', '--json'])
    const { port } = JSON.parse(started.stdout)
    const inside = await cli.shell(
      `hallpass run --only a.example --strict -- bash -c 'echo $HTTPS_PROXY; cat' < <(hallpass status --json)`,
    )
    expect(inside.stdout).toContain(`@127.0.0.1:${port}`)
    const process = cli.spawn(['run', '--only', 'a.example', '--strict', '--', 'bash', '-c', linger])
    const end = ended(process)
    await said(process, /ready/)
    const during = JSON.parse((await cli.run(['status', '--json'])).stdout)
    expect(during.clients).toMatchObject([
      { program: 'bash', session: 'default', only: ['a.example'], strict: true },
    ])
    process.kill('SIGTERM')
    await end
    expect(JSON.parse((await cli.run(['status', '--json'])).stdout).clients).toEqual([])
  })

  test('is its own when another configuration is asked for', async () => {
    const cli = new CommandLine()
    const { port } = JSON.parse((await cli.run(['start', '--background', '--json'])).stdout)
    const file = join(cli.folder, 'other.yaml')
    writeFileSync(file, 'reveal: none\n')
    const { stdout } = await cli.run(['run', '--config', file, '--', 'printenv', 'HTTPS_PROXY'])
    expect(stdout).toMatch(/@127\.0\.0\.1:\d+/)
    expect(stdout).not.toContain(`:${port}\n`)
  })

  test('run inside run is refused, and allowed with --nest', async () => {
    const cli = new CommandLine()
    const main = `'${process.execPath}' '${mainFile}'`
    const refused = await cli.run(['run', '--', 'sh', '-c', `${main} run -- true`])
    expect(refused.status).toBe(125)
    expect(refused.stderr).toContain('--nest')
    expect((await cli.run(['run', '--', 'sh', '-c', `${main} run --nest -- true`])).status).toBe(0)
  })

  test('run is welcome in a shell that evaluated env', async () => {
    const cli = new CommandLine()
    await cli.run(['start', '--background'])
    const { status } = await cli.shell('eval "$(hallpass env)"; hallpass run -- true')
    expect(status).toBe(0)
  })
})

describe('what goes through it', () => {
  const test_ = testWith('curl')

  test_('a captured cookie is injected into the next child, which never sees it', async () => {
    const cli = new CommandLine()
    await using origin = await httpOrigin(
      (request, response) => {
        if (request.url === '/login')
          response.setHeader('set-cookie', 'sid=top-secret-value; HttpOnly; Secure; Path=/')
        response.end(request.headers.cookie ?? 'nobody')
      },
      { hosts: ['app.example.test'] },
    )
    mkdirSync(join(cli.home, 'config'), { recursive: true, mode: 0o700 })
    writeFileSync(join(cli.folder, 'root.pem'), testRootPem())
    const config = `upstreamCa: [${join(cli.folder, 'root.pem')}]\nresolve: { app.example.test: 127.0.0.1 }\n`
    writeFileSync(join(cli.home, 'config', 'config.yaml'), config, { mode: 0o600 })
    const url = `https://app.example.test:${origin.port}`
    const login = await cli.run(['run', '--capture', '--', 'curl', '-si', `${url}/login`])
    expect(login).toMatchObject({ status: 0 })
    expect(login.stdout).toContain('nobody')
    expect(login.stdout).not.toContain('top-secret-value')
    expect((await cli.run(['run', '--', 'curl', '-s', `${url}/me`])).stdout).toBe('sid=top-secret-value')
    const elsewhere = await cli.run([
      'run',
      '--only',
      'other.example',
      '--strict',
      '--',
      'curl',
      '-s',
      `${url}/me`,
    ])
    expect(elsewhere.status).not.toBe(0)
    expect(elsewhere.stdout).not.toContain('top-secret-value')
  })
})

function stateOf(pid: number | undefined): string | undefined {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[0]
}

async function until(holds: () => boolean): Promise<void> {
  const deadline = Date.now() + 30_000
  while (!holds()) {
    if (Date.now() > deadline) throw new Error('it never came to hold')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
