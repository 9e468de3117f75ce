import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { CommandLine } from '../support/command-line.ts'
import { testWith } from '../support/installed.ts'
import { httpOrigin } from '../support/origin.ts'
import { filesBelow } from '../support/story.ts'

const canary = (name: string) => `canary-${name}-5b7e20`
const curl = ['curl', '-s', '--noproxy', '', '-w', '%{http_code} %header{hallpass-session}\n']
/** Hidden from the search of the state folder, as the secrets of a container are. */
const secrets = 'run-secrets'

/** An origin that notes what requests carry, and a folder in which something else writes secrets. */
async function world() {
  const cli = new CommandLine()
  const folder = join(cli.folder, secrets)
  mkdirSync(folder)
  const seen: string[] = []
  const origin = await httpOrigin(({ headers }, response) => {
    seen.push(`${headers.authorization ?? 'nothing'}`.replace('Bearer ', ''))
    response.writeHead(200).end()
  })
  const url = `http://127.0.0.1:${origin.port}/`
  return {
    cli,
    folder,
    file: join(folder, 'api'),
    set: (...more: string[]) =>
      cli.run(['token', 'set', 'api', '--kind', 'bearer', '--host', '127.0.0.1', ...more]),
    seen,
    url,
    /** What a request through the proxy carries. */
    async sent() {
      const ended = await cli.run(['run', '--', ...curl, url])
      return { ...ended, value: seen.at(-1) }
    },
    [Symbol.asyncDispose]: () => origin[Symbol.asyncDispose](),
  }
}

function expectNoCanary(cli: CommandLine, ...printed: readonly string[]): void {
  expect(printed.join('')).not.toContain('canary-')
  for (const file of filesBelow(cli.folder).filter((path) => !path.includes(secrets)))
    expect([file, readFileSync(file, 'latin1').includes('canary-')]).toEqual([file, false])
}

describe('a credential whose value is in a file', () => {
  testWith('curl')('follows the file, whichever way something else replaces it', async () => {
    await using w = await world()
    writeFileSync(w.file, `${canary('first')}\nnotes\n`)
    const kept = await w.set('--from-file', join(secrets, 'api'))
    expect(kept).toMatchObject({ status: 0, stderr: expect.stringContaining('kept api (bearer)') })
    await w.cli.run(['start', '--background'])
    const first = await w.sent()
    expect(first.value).toBe(canary('first'))

    writeFileSync(`${w.file}.new`, JSON.stringify({ access_token: canary('renamed'), expires_in: 3600 }))
    renameSync(`${w.file}.new`, w.file)
    expect((await w.sent()).value).toBe(canary('renamed'))

    // Half of the next value, in place.
    writeFileSync(w.file, `{"access_token":"${canary('half')}`)
    expect((await w.sent()).value).toBe(canary('renamed'))
    writeFileSync(w.file, '')
    expect((await w.sent()).value).toBe(canary('renamed'))
    rmSync(w.file)
    const last = await w.sent()
    expect(last).toMatchObject({ value: canary('renamed'), stdout: '200 \n', stderr: '' })

    writeFileSync(w.file, canary('again'))
    expect((await w.sent()).value).toBe(canary('again'))
    await w.cli.run(['stop'])
    expectNoCanary(w.cli, kept.stderr, kept.stdout, first.stderr, last.stderr)
  })

  testWith('curl')('follows the links of Kubernetes', async () => {
    await using w = await world()
    const version = (name: string) => {
      mkdirSync(join(w.folder, `..${name}`))
      writeFileSync(join(w.folder, `..${name}`, 'api'), canary(name), { mode: 0o444 })
      symlinkSync(`..${name}`, join(w.folder, '..data_tmp'))
      renameSync(join(w.folder, '..data_tmp'), join(w.folder, '..data'))
    }
    version('one')
    symlinkSync('..data/api', w.file)
    await w.set('--from-file', w.file)
    await w.cli.run(['start', '--background'])
    expect((await w.sent()).value).toBe(canary('one'))
    version('two')
    rmSync(join(w.folder, '..one'), { recursive: true })
    expect((await w.sent()).value).toBe(canary('two'))
  })

  testWith('curl')('needs a login while it never had a value, and says why', async () => {
    await using w = await world()
    const reason = `the file ${w.file} could not be read (ENOENT)`
    const hint = `hallpass: hint: ls -lL ${w.file}\n`
    const kept = await w.set('--from-file', w.file)
    expect(kept.status).toBe(4)
    expect(kept.stderr).toContain(`needs a login: ${reason}\n${hint}`)
    const run = await w.sent()
    expect(run).toMatchObject({ value: 'nothing', stdout: '200 needs-login\n' })
    expect(run.stderr).toContain(`needs a login: ${reason}\n${hint}`)
    expect((await w.cli.run(['status'])).stdout).toContain(reason)
    expect((await w.cli.run(['explain', w.url])).stdout).toContain(reason)
    const list = await w.cli.run(['token', 'list'])
    expect(list.stdout).toContain(`needs a login: ${reason}: ls -lL ${w.file}`)
    writeFileSync(w.file, canary('late'))
    expect((await w.sent()).value).toBe(canary('late'))
  })

  test.each<[string, string, number, RegExp]>([
    ['is empty', '\n', 0o600, /the file \S+ is empty/],
    ['is JSON without a token', '{"a":1}', 0o600, /is JSON without an access_token/],
    ['every user can write', 'x', 0o606, /can be written by every user/],
    [
      'has an expired token',
      '{"token":"x","expires_at":1000000000}',
      0o600,
      /it has expired, and the file \S+/,
    ],
  ])('needs a login if the file %s', async (_, text, mode, reason) => {
    await using w = await world()
    writeFileSync(w.file, text)
    chmodSync(w.file, mode)
    const kept = await w.set('--from-file', w.file)
    expect(kept).toMatchObject({ status: 4, stderr: expect.stringMatching(reason) })
  })

  test('shows the file everywhere, and never the value', async () => {
    await using w = await world()
    writeFileSync(w.file, canary('shown'))
    // A shell leaves this tilde as it is.
    const kept = await w.set(`--from-file=~/${secrets}/api`)
    expect(kept.status).toBe(0)
    const shown = await Promise.all(
      [
        ['token', 'list'],
        ['token', 'list', '--json'],
        ['explain', w.url],
        ['explain', w.url, '--json'],
      ].map((words) => w.cli.run(words)),
    )
    for (const { stdout } of shown) expect(stdout).toContain(`the file ${w.file}`)
    expectNoCanary(w.cli, kept.stderr, ...shown.flatMap(({ stdout, stderr }) => [stdout, stderr]))
    const get = await w.cli.run(['token', 'get', 'api'])
    expect(get.stdout).toBe(`${canary('shown')}\n`)
    const refresh = await w.cli.run(['token', 'refresh', 'api'])
    expect(refresh).toMatchObject({ status: 2, stderr: expect.stringContaining('nothing here changes it') })
  })
})

describe('a credential whose value is in a variable', () => {
  const variable = { API_TOKEN: canary('variable') }

  testWith('curl')('goes on, and the child of run does not have it', async () => {
    await using w = await world()
    const call = { env: variable }
    const kept = await w.cli.run(
      ['token', 'set', 'api', '--kind', 'bearer', '--from-env', 'API_TOKEN', '--host', '127.0.0.1'],
      call,
    )
    expect(kept.status).toBe(0)
    for (const proxy of ['its own', 'a running one']) {
      if (proxy === 'a running one') await w.cli.run(['start', '--background'], call)
      const run = await w.cli.run(['run', '--', ...curl, w.url], call)
      expect([proxy, run.stdout, w.seen.pop()]).toEqual([proxy, '200 \n', canary('variable')])
      const child = await w.cli.run(['run', '--', 'printenv'], call)
      expect(child.stdout).toContain('HTTPS_PROXY=')
      expectNoCanary(w.cli, child.stdout, child.stderr, run.stderr)
    }
    // The variable of the running proxy counts: this command has none.
    expect((await w.sent()).value).toBe(canary('variable'))
    const lines = await w.cli.shell('cat /proc/[0-9]*/cmdline 2>/dev/null | tr "\\0" " "')
    await w.cli.run(['stop'])
    expectNoCanary(w.cli, kept.stderr, lines.stdout)
  })

  testWith('curl')('needs a login where the proxy was started without it', async () => {
    await using w = await world()
    const started = JSON.parse((await w.cli.run(['start', '--background', '--json'])).stdout) as {
      readonly pid: number
    }
    const reason = `in process ${started.pid} the variable API_TOKEN is not set; the proxy has the environment that it was started with`
    const hint = 'hint: export API_TOKEN; npx hallpass stop; npx hallpass start --background\n'
    // This command has it, and its environment does not count.
    const kept = await w.cli.run(
      ['token', 'set', 'api', '--kind', 'bearer', '--from-env', 'API_TOKEN', '--host', '127.0.0.1'],
      { env: variable },
    )
    expect(kept.status).toBe(4)
    expect(kept.stderr).toContain(`${reason}\nhallpass: ${hint}`)
    const run = await w.cli.run(['run', '--', ...curl, w.url], { env: variable })
    expect([run.stdout, w.seen.pop()]).toEqual(['200 needs-login\n', 'nothing'])
    expect(run.stderr).toContain(`needs a login: ${reason}\nhallpass: ${hint}`)
    expect((await w.cli.run(['status'])).stdout).toContain(reason)
    await w.cli.run(['stop'])
    await w.cli.run(['start', '--background'], { env: variable })
    expect((await w.sent()).value).toBe(canary('variable'))
  })

  test('can be empty, which is the same as missing', async () => {
    await using w = await world()
    const kept = await w.set('--from-env', 'HALLPASS_NOTHING')
    expect(kept).toMatchObject({ status: 4, stderr: expect.stringContaining('is not set') })
    const empty = await w.cli.run(['token', 'get', 'api'], { env: { HALLPASS_NOTHING: '' } })
    expect(empty).toMatchObject({ status: 4, stdout: '', stderr: expect.stringContaining('is empty') })
  })
})

describe('the source of a value', () => {
  test('is one, and a new one takes the place of the old', async () => {
    await using w = await world()
    writeFileSync(w.file, canary('file'))
    const two = await w.set('--from-env', 'API_TOKEN', '--from-file', w.file)
    expect(two).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/--from-file: .* one: a command, a/),
    })
    await w.set('--from-command', 'echo x', '--ttl', '5m')
    await w.set('--from-file', w.file)
    const list = await w.cli.run(['token', 'list'])
    expect(list.stdout).toContain(`the file ${w.file}`)
    const ttl = await w.set('--ttl', '5m')
    expect(ttl).toMatchObject({ status: 2, stderr: expect.stringContaining('--ttl needs --from-command') })
  })

  testWith('curl')('can be in the configuration', async () => {
    await using w = await world()
    await w.cli.run(['session', 'list'])
    const config = join(w.cli.home, 'config', 'config.yaml')
    mkdirSync(join(w.cli.home, 'config'), { recursive: true })
    const api = { kind: 'bearer', hosts: ['127.0.0.1'], fromFile: `~/${secrets}/api` }
    const write = (definition: object) =>
      writeFileSync(config, JSON.stringify({ credentials: { api: definition } }), { mode: 0o600 })
    writeFileSync(w.file, canary('configured'))
    write(api)
    expect((await w.sent()).value).toBe(canary('configured'))
    write({ kind: 'bearer', hosts: ['127.0.0.1'], fromEnv: 'API_TOKEN' })
    const run = await w.cli.run(['run', '--', ...curl, w.url], { env: { API_TOKEN: canary('variable') } })
    expect([run.stdout, w.seen.pop()]).toEqual(['200 \n', canary('variable')])
    for (const [wrong, says] of [
      [{ ...api, fromEnv: 'API_TOKEN' }, /fromFile: fromEnv names a source already/],
      [{ ...api, ttl: '5m' }, /ttl: is for fromCommand/],
      [{ ...api, fromFile: 'secrets/api' }, /must be a whole path, from \/ or ~\//],
      [{ ...api, fromFile: undefined, fromEnv: 'A-B' }, /must be the name of a variable/],
    ] as const) {
      write(wrong)
      const check = await w.cli.run(['config', 'check'])
      expect(check).toMatchObject({ status: 3, stderr: expect.stringMatching(says) })
    }
  })
})
