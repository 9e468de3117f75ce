import { spawn, spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { homePaths } from '../../src/store/home.ts'
import { CommandLine, ended, mainFile, said } from '../support/command-line.ts'
import { needs } from '../support/installed.ts'

describe('start', () => {
  test('lists in three lines the files of the first use, and prints only the line to paste on stdout', async () => {
    const cli = new CommandLine()
    const process = cli.spawn(['start'])
    const end = ended(process)
    await said(process, /env\)/)
    process.kill('SIGTERM')
    const { status, stdout, stderr } = await end
    expect({ status, stdout }).toEqual({ status: 0, stdout: 'eval "$(npx hallpass env)"\n' })
    // In any other folder npx would ask the registry for a package of that name.
    expect(stderr).toContain(`hallpass: paste this into another terminal, in ${cli.folder}:\n`)
    const made = stderr.split('\n').filter((line) => line.startsWith('hallpass: made '))
    expect(made).toHaveLength(3)
    for (const [index, file] of ['', 'config/encryption.key', 'ca/ca.pem'].entries()) {
      expect(made[index]).toContain(join(cli.home, file))
    }
    expect(readdirSync(join(cli.home, 'run'))).toEqual([])
  })

  test.each(['SIGINT', 'SIGTERM'] as const)('ends in good order on %s', async (signal) => {
    const cli = new CommandLine()
    const process = cli.spawn(['start'])
    const end = ended(process)
    await said(process, /env\)/)
    process.kill(signal)
    expect(await end).toMatchObject({ status: 0, signal: null })
    expect(readdirSync(join(cli.home, 'run'))).toEqual([])
  })

  test('reads its configuration anew on SIGHUP', async () => {
    const cli = new CommandLine()
    const process = cli.spawn(['start'])
    const end = ended(process)
    await said(process, /env\)/)
    const file = join(cli.home, 'config', 'config.yaml')
    writeFileSync(file, 'reveal: none\n', { mode: 0o600 })
    process.kill('SIGHUP')
    await said(process, /took up .*config\.yaml/, 'stderr')
    process.kill('SIGTERM')
    expect(await end).toMatchObject({ status: 0, signal: null })
  })

  test('ends in good order when its terminal closes', async (context) => {
    needs(context, 'python3')
    const cli = new CommandLine()
    const closing = `
import os, pty, sys
pid, terminal = pty.fork()
if pid == 0: os.execv(sys.argv[1], sys.argv[1:])
seen = b''
while b'env)' not in seen: seen += os.read(terminal, 1000)
os.close(terminal)
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`
    const started = spawn('python3', ['-c', closing, process.execPath, mainFile, 'start'], { env: cli.env })
    expect(await ended(started)).toMatchObject({ stdout: '0\n' })
    expect(readdirSync(join(cli.home, 'run'))).toEqual([])
  })

  test('in the background it outlives its starter, and answers when the starter ends', async () => {
    const cli = new CommandLine()
    const started = await cli.run(['start', '--background'])
    expect(started).toMatchObject({ status: 0, stdout: 'eval "$(npx hallpass env)"\n' })
    const status = JSON.parse((await cli.run(['status', '--json'])).stdout)
    expect(status).toMatchObject({
      schema: 'hallpass.status/1',
      running: true,
      background: true,
      no_auth: null,
    })
    expect(readFileSync(join(cli.home, 'run', 'pid'), 'utf8')).toBe(`${status.pid}\n`)
    for (const name of ['admin.sock', 'pid']) {
      expect(lstatSync(join(cli.home, 'run', name)).mode & 0o777, name).toBe(0o600)
    }
    expect(await cli.run(['stop'])).toMatchObject({ status: 0 })
    expect(readdirSync(join(cli.home, 'run'))).toEqual([])
  })

  test.each([[['start']], [['start', '--background']]])(
    '%j beside a running one says pid and port, and changes nothing',
    async (args) => {
      const cli = new CommandLine()
      await cli.run(['start', '--background'])
      const { pid, port } = JSON.parse((await cli.run(['status', '--json'])).stdout)
      const second = await cli.run(args)
      expect(second).toMatchObject({ status: 1, stdout: '' })
      expect(second.stderr).toContain(`pid ${pid}, on 127.0.0.1:${port}`)
      expect(second.stderr).toContain('hint: npx hallpass stop')
      expect(JSON.parse((await cli.run(['status', '--json'])).stdout).pid).toBe(pid)
    },
  )

  test('of many at once, exactly one runs', async () => {
    const cli = new CommandLine()
    const ends = await Promise.all(
      Array.from({ length: 4 }, () => cli.run(['start', '--background', '--json'])),
    )
    expect(ends.map(({ status }) => status).sort()).toEqual([0, 1, 1, 1])
    for (const { status, stderr } of ends) if (status === 1) expect(stderr).toContain('already-running')
  })

  test.each([[['start']], [['start', '--background']]])(
    '%j on a taken port is an error with a hint, and leaves nothing behind',
    async (args) => {
      const cli = new CommandLine()
      const port = await takenPort()
      const { status, stdout, stderr } = await cli.run([...args, '--listen', `127.0.0.1:${port}`])
      expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
      expect(stderr).toMatch(new RegExp(`error: 127\\.0\\.0\\.1:${port} .*in use`))
      expect(stderr).toMatch(/^hallpass: hint: npx hallpass/m)
      expect(readdirSync(join(cli.home, 'run'))).toEqual([])
    },
  )

  test('replaces a killed proxy', async () => {
    const cli = new CommandLine()
    await cli.run(['start', '--background'])
    const { pid } = JSON.parse((await cli.run(['status', '--json'])).stdout)
    process.kill(pid, 'SIGKILL')
    await gone(pid)
    expect(existsSync(join(cli.home, 'run', 'admin.sock'))).toBe(true)
    expect(await cli.run(['status'])).toMatchObject({ status: 1 })
    expect(await cli.run(['start', '--background'])).toMatchObject({ status: 0 })
    expect(JSON.parse((await cli.run(['status', '--json'])).stdout).pid).not.toBe(pid)
  })

  test('start reports an error of the configuration, also with --background', async () => {
    const cli = new CommandLine()
    const file = join(cli.folder, 'bad.yaml')
    writeFileSync(file, 'reveal: everything\n')
    const { status, stderr } = await cli.run(['start', '--background', '--config', file, '--json'])
    expect(status).toBe(3)
    expect(JSON.parse(stderr).error).toMatchObject({ code: 'config-invalid', exit: 3 })
    expect(existsSync(cli.home)).toBe(false)
  })

  test('the token that env prints ends with the proxy', async () => {
    const cli = new CommandLine()
    const token = async () => {
      await cli.run(['start', '--background'])
      const { stdout } = await cli.run(['env', '--format', 'json'])
      await cli.run(['stop'])
      return new URL(JSON.parse(stdout).set.HTTPS_PROXY).password
    }
    expect(await token()).not.toBe(await token())
  })
})

describe('start --no-auth', () => {
  test('says aloud what it means', async () => {
    const cli = new CommandLine()
    const { status, stderr } = await cli.run(['start', '--background', '--no-auth'])
    expect(status).toBe(0)
    expect(stderr).toContain('every process of this machine can use the session "default"')
    expect(JSON.parse((await cli.run(['status', '--json'])).stdout).no_auth).toBe('default')
  })

  test('is refused where others could reach it', async () => {
    const cli = new CommandLine()
    const everywhere = ['--listen', '0.0.0.0:0', '--listen-beyond-loopback']
    const { status, stderr } = await cli.run(['start', '--no-auth', ...everywhere])
    expect(status).toBe(2)
    expect(stderr).toContain('--no-auth is for loopback alone')
    expect(readdirSync(join(cli.home, 'run'))).toEqual([])
  })
})

describe('with a state folder whose path is too long for a socket', () => {
  const other = ['--reuid=65534', '--regid=65534', '--clear-groups', '--']
  const hasOther =
    process.getuid?.() === 0 && spawnSync('setpriv', [...other, 'true'], { stdio: 'ignore' }).status === 0

  /** A command line with a runtime folder as open as /tmp, and what another user does in there. */
  function shared() {
    const cli = new CommandLine()
    chmodSync(cli.folder, 0o755)
    const runtime = join(cli.folder, 'tmp')
    mkdirSync(runtime)
    chmodSync(runtime, 0o1777)
    const home = join(cli.folder, 'x'.repeat(120))
    const env = { HALLPASS_HOME: home, XDG_RUNTIME_DIR: runtime, TMPDIR: runtime }
    onTestFinished(async () => void (await cli.run(['stop'], { env })))
    const byOther = (script: string) => {
      const { status, stderr } = spawnSync('setpriv', [...other, 'sh', '-c', script], { encoding: 'utf8' })
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    }
    return { cli, env, home, runtime, byOther }
  }

  test.skipIf(!hasOther)(
    'no folder that another user plants keeps it from starting (root only)',
    async () => {
      const { cli, env, home, runtime, byOther } = shared()
      byOther(`mkdir -m 777 '${runtime}/hallpass-0' '${runtime}/hallpass'`)
      expect(await cli.run(['start', '--background'], { env })).toMatchObject({ status: 0 })
      expect(await cli.run(['status'], { env })).toMatchObject({ status: 0 })
      await cli.run(['stop'], { env })

      // /tmp was emptied, and the other user had seen the name.
      const { adminSocket } = homePaths(home)
      const folder = dirname(adminSocket)
      rmSync(folder, { recursive: true })
      byOther(`mkdir -m 777 '${folder}' && : > '${adminSocket}'`)
      expect(await cli.run(['status'], { env })).toMatchObject({ status: 1, stdout: /no proxy/ })
      expect(await cli.run(['start', '--background'], { env })).toMatchObject({ status: 0 })
      expect(await cli.run(['status'], { env })).toMatchObject({ status: 0 })
      expect(dirname(homePaths(home).adminSocket)).not.toBe(folder)
    },
  )
})

describe('start on an address that other machines can reach', () => {
  test.each(['0.0.0.0:0', '[::]:0'])('is refused, also in the background: %s', async (listen) => {
    const cli = new CommandLine()
    for (const more of [[], ['--background']]) {
      const { status, stderr } = await cli.run(['start', '--listen', listen, ...more])
      expect(status).toBe(2)
      expect(stderr).toMatch(/error: --listen: other machines can reach .*listenBeyondLoopback: true/)
      expect(existsSync(cli.home)).toBe(false)
    }
  })

  test('is allowed by the flag and by the configuration, and each start says so', async () => {
    const cli = new CommandLine()
    const warning = 'warning: other machines can reach 0.0.0.0'
    const flags = ['start', '--background', '--listen', '0.0.0.0:0', '--listen-beyond-loopback']
    expect(await cli.run(flags)).toMatchObject({ status: 0, stderr: expect.stringContaining(warning) })
    await cli.run(['stop'])
    const file = join(cli.folder, 'open.yaml')
    writeFileSync(file, 'listen: 0.0.0.0:0\nlistenBeyondLoopback: true\n')
    for (const _ of ['first', 'second']) {
      const fromFile = ['start', '--background', '--config', file]
      const started = await cli.run(fromFile, { env: { HALLPASS_LISTEN: '' } })
      expect(started).toMatchObject({ status: 0, stderr: expect.stringContaining(warning) })
      await cli.run(['stop'])
    }
  })

  test('is a mistake that config check finds', async () => {
    const cli = new CommandLine()
    const file = join(cli.folder, 'open.yaml')
    writeFileSync(file, 'listen: 0.0.0.0:8787\n')
    const { status, stderr } = await cli.run(['config', 'check', file], { env: { HALLPASS_LISTEN: '' } })
    expect(status).toBe(3)
    expect(stderr).toContain(`${file}:1:1: listen: other machines can reach 0.0.0.0`)
  })
})

describe('without a proxy', () => {
  test('stop has nothing to do, and status says in JSON what it says in words', async () => {
    const cli = new CommandLine()
    expect(await cli.run(['stop'])).toMatchObject({ status: 0, stdout: '' })
    const words = await cli.run(['status'])
    expect(words.status).toBe(1)
    const { status, stdout } = await cli.run(['status', '--json'])
    expect(status).toBe(1)
    const document = JSON.parse(stdout)
    expect(document).toMatchObject({
      schema: 'hallpass.status/1',
      running: false,
      pid: null,
      home: cli.home,
      needs_login: [],
      site_logins: [],
    })
    for (const { name, fact, remedy } of document.parts) {
      expect(words.stdout).toMatch(new RegExp(`^${name} `, 'm'))
      expect(words.stdout).toContain(fact)
      if (remedy !== null) expect(words.stdout).toContain(`(${remedy})`)
    }
    expect(document.parts[0]).toEqual({
      name: 'proxy',
      fact: 'not running',
      remedy: 'npx hallpass start --background',
    })
    expect(existsSync(cli.home)).toBe(false)
  })

  test('env exits 1 and says how to start one', async () => {
    const cli = new CommandLine()
    const plain = await cli.run(['env'])
    expect(plain.status).toBe(1)
    expect(plain.stdout + plain.stderr).toContain('npx hallpass start --background')
    const { status, stdout, stderr } = await cli.run(['env', '--json'])
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
    expect(JSON.parse(stderr)).toMatchObject({
      error: { code: 'not-running', hint: 'npx hallpass start --background', exit: 1 },
    })
    expect(existsSync(cli.home)).toBe(false)
  })
})

describe('logs', () => {
  test('shows the last lines, and with --follow those that come', async () => {
    const cli = new CommandLine()
    expect((await cli.run(['logs'])).stderr).toContain('nothing is logged yet')
    await cli.run(['start', '--background'])
    const follower = cli.spawn(['logs', '--follow', '--json'])
    const end = ended(follower)
    await said(follower, /"started"/)
    await cli.shell('eval "$(hallpass env)"; curl -s http://hallpass.internal/')
    await said(follower, /hallpass\.internal/)
    follower.kill('SIGTERM')
    const lines = (await end).stdout.trim().split('\n')
    for (const line of lines) expect(JSON.parse(line)).toHaveProperty('time')
    const last = await cli.run(['logs', '--lines', '1'])
    expect(last.stdout).toMatch(/GET hallpass\.internal\/ 200/)
    expect(last.stdout.trim().split('\n')).toHaveLength(1)
  })
})

async function takenPort(): Promise<number> {
  const server = createServer()
  onTestFinished(() => void server.close())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

async function gone(pid: number): Promise<void> {
  for (let tries = 0; tries < 500; tries++) {
    try {
      process.kill(pid, 0)
    } catch {
      return
    }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new Error(`${pid} is still there`)
}
