import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { AdminClient } from '../../src/admin/client.ts'
import { homeOf } from '../../src/store/home.ts'
import { CommandLine } from '../support/command-line.ts'
import { testWith } from '../support/installed.ts'
import { httpOrigin } from '../support/origin.ts'
import { rawClient } from '../support/raw-client.ts'

const readOnly = 'rules:\n  - hosts: ["127.0.0.1"]\n    allow: [GET /**]\n'

function write(file: string, text: string): string {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  writeFileSync(file, text, { mode: 0o600 })
  return file
}

async function startedWithout(text?: string) {
  const cli = new CommandLine()
  const own = join(cli.home, 'config', 'config.yaml')
  if (text !== undefined) write(own, text)
  const { port } = JSON.parse((await cli.run(['start', '--background', '--json'])).stdout)
  return { cli, own, port }
}

/** The status of a POST of the child, and how often the origin saw one. */
async function post(cli: CommandLine, env: NodeJS.ProcessEnv = {}, flags: readonly string[] = []) {
  let seen = 0
  await using origin = await httpOrigin((_, response) => {
    seen++
    response.end('done')
  })
  const curl = ['curl', '-s', '-o', join(cli.folder, 'body'), '-w', '%{http_code}', '-X', 'POST']
  const url = `http://127.0.0.1:${origin.port}/`
  // By itself curl would pass the proxy by for loopback.
  const { stdout, stderr } = await cli.run(['run', ...flags, '--', ...curl, '--noproxy', '', url], { env })
  return { status: stdout, seen, stderr }
}

describe('a configuration that a command names', () => {
  testWith('curl')('holds for the child of run although the running proxy has another one', async () => {
    const { cli } = await startedWithout()
    const file = write(join(cli.folder, 'strict.yaml'), readOnly)
    expect(await post(cli)).toMatchObject({ status: '200', seen: 1 })
    expect(await post(cli, { HALLPASS_CONFIG: file })).toMatchObject({ status: '403', seen: 0 })
    expect(await post(cli, {}, ['--config', file])).toMatchObject({ status: '403', seen: 0 })
  })

  testWith('curl')('leaves the child to the running proxy that was started with it', async () => {
    const cli = new CommandLine()
    const file = write(join(cli.folder, 'strict.yaml'), readOnly)
    const { port } = JSON.parse((await cli.run(['start', '--background', '--json', '--config', file])).stdout)
    const { stdout } = await cli.run(['run', '--config', file, '--', 'printenv', 'HTTPS_PROXY'])
    expect(stdout).toContain(`:${port}`)
    expect(await post(cli)).toMatchObject({ status: '403', seen: 0 })
  })

  test('is refused by env, which could lead its shell only through the running proxy', async () => {
    const { cli } = await startedWithout()
    const file = write(join(cli.folder, 'strict.yaml'), readOnly)
    const { status, stdout, stderr } = await cli.run(['env'], { env: { HALLPASS_CONFIG: file } })
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
    expect(stderr).toContain(`it reads no file, not ${file}`)
    expect(stderr).toContain('hallpass stop;')
  })

  test('must be there, also for a command that the running proxy could serve', async () => {
    const { cli } = await startedWithout()
    for (const words of [['run', '--', 'true'], ['env'], ['explain', 'app.example.com']]) {
      const { stderr } = await cli.run(words, { env: { HALLPASS_CONFIG: '/nowhere.yaml' } })
      expect(stderr).toContain('/nowhere.yaml: there is no such file')
    }
  })
})

describe('a variable that a command sets', () => {
  test('holds for the child of run', async () => {
    const { cli, port } = await startedWithout()
    const proxyOf = async (env: NodeJS.ProcessEnv) =>
      (await cli.run(['run', '--', 'printenv', 'HTTPS_PROXY'], { env })).stdout
    expect(await proxyOf({})).toContain(`:${port}`)
    expect(await proxyOf({ HALLPASS_REVEAL: 'none' })).not.toContain(`:${port}`)
    expect(await proxyOf({ HALLPASS_LISTEN: '127.0.0.1:1' })).toContain(`:${port}`)
    expect(await cli.run(['env'], { env: { HALLPASS_REVEAL: 'none' } })).toMatchObject({
      status: 1,
      stdout: '',
    })
  })
})

describe('a running proxy', () => {
  const post1 = ['explain', '--method', 'POST', 'http://127.0.0.1:1/']

  test('takes up a changed file with the next request, on a connection that is open', async () => {
    const { cli, own, port } = await startedWithout('reveal: script\n')
    await using origin = await httpOrigin((_, response) => response.end('done'))
    const { proxyUrl } = await new AdminClient(homeOf(cli.env)).access('default')
    const { username, password } = new URL(proxyUrl)
    const authority = `127.0.0.1:${origin.port}`
    const head = [
      `POST http://${authority}/ HTTP/1.1`,
      `Host: ${authority}`,
      `Proxy-Authorization: Basic ${btoa(`${username}:${password}`)}`,
      'Content-Length: 0',
      '\r\n',
    ]
    using client = await rawClient(port)
    const post = async () => {
      client.send(head.join('\r\n'))
      return (await client.response()).status
    }
    expect(await post()).toBe(200)
    write(own, readOnly)
    expect(await post()).toBe(403)
    write(own, 'reveal: script\n')
    expect(await post()).toBe(200)
  })

  testWith('curl')('takes up a changed file for run, explain, status and env alike', async () => {
    const { cli, own, port } = await startedWithout('reveal: script\n')
    expect(await post(cli)).toMatchObject({ status: '200' })
    write(own, readOnly)
    expect((await cli.run(post1)).stdout).toContain('refused with 403')
    const { status: answer, seen, stderr } = await post(cli)
    expect({ answer, seen }).toEqual({ answer: '403', seen: 0 })
    // Its own refusal, and no word of settings.
    expect(stderr).toMatch(
      /^hallpass: warning: POST \S+ is not allowed: .*\nhallpass: hint: .*\nhallpass: refused 1 request\n$/,
    )
    const { stdout } = await cli.run(['run', '--', 'printenv', 'HTTPS_PROXY'])
    expect(stdout).toContain(`:${port}`)
    expect(await cli.run(['env'])).toMatchObject({ status: 0, stderr: '' })
    const status = JSON.parse((await cli.run(['status', '--json'])).stdout)
    expect(status).toMatchObject({ config_problem: null, restart_for: [] })
  })

  testWith('curl')('keeps its rules while the file has an error, and each command says so', async () => {
    const { cli, own } = await startedWithout(readOnly)
    write(own, 'rules:\n  - hosts: ["127.0.0.1"]\n    alow: [GET /**]\n')
    const { status, seen, stderr } = await post(cli)
    expect({ status, seen }).toEqual({ status: '403', seen: 0 })
    const kept = `the running proxy keeps its earlier settings: ${own}:3:5: rules[0].alow: no such key`
    expect(stderr).toContain(kept)
    expect(stderr).toContain('hint: npx hallpass config check')
    expect((await cli.run(['status'])).stdout).toContain(kept)
    expect((await cli.run(['env'])).stderr).toContain(kept)
    expect((await cli.run(['doctor'])).stdout).toContain(`note  configuration: ${kept}`)
    const explained = await cli.run(post1)
    expect(explained.stdout).toContain('refused with 403')
    expect(explained.stderr).toContain(kept)
    expect((await cli.run(['logs'])).stdout).toContain('the configuration stays as it was')
  })

  testWith('curl')('keeps its rules when the file is gone', async () => {
    const { cli, own } = await startedWithout(readOnly)
    rmSync(own)
    const { status, stderr } = await post(cli)
    expect(status).toBe('403')
    expect(stderr).toContain(`${own} is gone or empty`)
  })

  test('names the settings that need a restart', async () => {
    const { cli, own } = await startedWithout('replay: 64KiB\n')
    write(own, 'replay: 1MiB\nreveal: none\nupstream: direct\n')
    const { stdout } = await cli.run(['status'])
    expect(stdout).toContain('the running proxy needs a restart for upstream, replay')
    expect((await cli.run(['explain', 'http://127.0.0.1:1/', '--json'])).stderr).toContain('needs a restart')
  })
})

describe('a command that names no configuration', () => {
  test('goes by the file of the running proxy, and explain names it', async () => {
    const cli = new CommandLine()
    const file = write(join(cli.folder, 'strict.yaml'), readOnly)
    await cli.run(['start', '--background', '--config', file])
    const { stdout, stderr } = await cli.run(['explain', '--method', 'POST', 'http://127.0.0.1:1/'])
    expect(stdout).toContain(`config    ${file}`)
    expect(stdout).toContain('refused with 403')
    expect(stderr).toBe('')
    expect(await cli.run(['env'])).toMatchObject({ status: 0, stderr: '' })
  })

  test('learns from explain what the proxy does by the settings of its start', async () => {
    const cli = new CommandLine()
    const start = ['start', '--background', '--capture', 'app.example.com']
    await cli.run(start, { env: { HALLPASS_REVEAL: 'none' } })
    const { stdout, stderr } = await cli.run(['explain', 'app.example.com'])
    expect(stderr).toBe('')
    expect(stdout).toContain('known: capture: names it')
    expect(stdout).toContain('none: the client sees no new cookies')
    const named = ['explain', 'app.example.com', '--json']
    const other = await cli.run(named, { env: { HALLPASS_REVEAL: 'all' } })
    expect(other.stderr).toContain('it was started with another HALLPASS_REVEAL')
    expect(JSON.parse(other.stdout)).toMatchObject({
      reveal: 'all',
      running_proxy: { other_settings: ['it was started with another HALLPASS_REVEAL'] },
    })
    const from = await cli.run(['explain', 'app.example.com', '--from', 'https://evil.example'])
    expect(from.stdout).toMatch(/page +https:\/\/evil\.example\/ \(another site: /)
    const run = await cli.run(['run', '--verbose', '--', 'true'])
    expect(run.stderr).toContain('through the running proxy')
  })
})
