import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { CommandLine } from '../support/command-line.ts'
import { testWith } from '../support/installed.ts'
import { httpOrigin } from '../support/origin.ts'

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

describe('a command that names no configuration', () => {
  testWith('curl')('goes by the file as it is now, and run says that the proxy has an old one', async () => {
    const { cli, own } = await startedWithout('reveal: script\n')
    write(own, readOnly)
    const { status, seen, stderr } = await post(cli)
    expect({ status, seen }).toEqual({ status: '403', seen: 0 })
    expect(stderr).toContain(`${own} has changed since it was started`)
    expect(stderr).toContain('hallpass stop;')
    expect((await cli.run(['status'])).stdout).toContain('has changed since it was started')
    expect((await cli.run(['env'])).stderr).toContain('has changed since it was started')
  })

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

  test('gets a warning from explain about settings of the proxy alone', async () => {
    const cli = new CommandLine()
    const start = ['start', '--background', '--capture', 'app.example.com']
    await cli.run(start, { env: { HALLPASS_REVEAL: 'none' } })
    const { stderr } = await cli.run(['explain', 'app.example.com'])
    expect(stderr).toContain('it was started with HALLPASS_REVEAL, it was started with --capture')
    const json = await cli.run(['explain', 'app.example.com', '--json'])
    expect(JSON.parse(json.stdout).running_proxy.other_settings).toHaveLength(2)
    const run = await cli.run(['run', '--verbose', '--', 'true'])
    expect(run.stderr).toContain('through the running proxy')
  })
})
