import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { CommandLine } from '../support/command-line.ts'
import { testWith } from '../support/installed.ts'
import { testRootPem } from '../support/origin.ts'

interface Finding {
  readonly check: string
  readonly verdict: 'good' | 'note' | 'bad'
  readonly fact: string
  readonly remedy: string | null
}

/** Without clients in PATH there is no trip, and a check of one file takes a moment. */
const noClients = { env: { PATH: '/nonexistent' } }

async function examine(
  cli: CommandLine,
  call: { readonly env: NodeJS.ProcessEnv } = noClients,
): Promise<{ status: number | null; findings: readonly Finding[] }> {
  const { status, stdout } = await cli.run(['doctor', '--json'], call)
  const { schema, findings } = JSON.parse(stdout)
  expect(schema).toBe('hallpass.doctor/1')
  return { status, findings }
}

describe('doctor', () => {
  test('finds a fresh installation whole, and makes it', async () => {
    const cli = new CommandLine()
    const { status, findings } = await examine(cli)
    expect(findings.filter(({ verdict }) => verdict === 'bad')).toEqual([])
    expect(status).toBe(0)
    const checked = new Set(findings.map(({ check }) => check))
    for (const name of [
      'node',
      'configuration',
      'modes',
      'key',
      'records',
      'ca',
      'clock',
      'port',
      'stale files',
    ]) {
      expect(checked).toContain(name)
    }
    expect(existsSync(join(cli.home, 'ca', 'ca.pem'))).toBe(true)
  })

  for (const program of ['curl', 'git', 'python3', 'wget']) {
    testWith(program)(`sends ${program} through the proxy to an injected cookie`, async () => {
      const cli = new CommandLine()
      const { findings } = await examine(cli, { env: {} })
      expect(findings.find(({ check }) => check === `trip by ${program}`)).toMatchObject({ verdict: 'good' })
    })
  }

  test('sends Node through the proxy to an injected cookie', async () => {
    const cli = new CommandLine()
    const { findings } = await examine(cli, { env: { PATH: dirname(process.execPath) } })
    expect(findings.find(({ check }) => check === 'trip by node')).toMatchObject({ verdict: 'good' })
  })

  test('sees a client that goes past the proxy', async () => {
    const cli = new CommandLine()
    const bin = join(cli.folder, 'bin')
    mkdirSync(bin)
    writeFileSync(join(bin, 'curl'), '#!/bin/sh\nexit 0\n', { mode: 0o755 })
    const { status, findings } = await examine(cli, { env: { PATH: bin } })
    expect(status).toBe(1)
    expect(findings.find(({ check }) => check === 'trip by curl')).toMatchObject({
      verdict: 'bad',
      fact: 'curl: the request did not go through the proxy',
    })
  })

  test.each([
    ['an error of the configuration, with its place', 'configuration', 'config.yaml:1:', brokenConfiguration],
    [
      'a file that others can read, with the command that closes it',
      'modes',
      'is open to other users',
      openedKey,
    ],
    ['a damaged record, by its file', 'records', 'cookies.json.enc', damagedRecord],
    ['a clock that is behind', 'clock', 'a file here was written at', writtenTomorrow],
    ['a bundle without the present authority', 'ca', 'does not contain the present authority', foreignBundle],
  ])('says %s', async (_, check, fact, harm) => {
    const cli = new CommandLine()
    await cli.run(['session', 'create', 'work'])
    const call = await harm(cli)
    const { status, findings } = await examine(cli, { env: { ...noClients.env, ...call } })
    expect(status).toBe(1)
    const found = findings.filter(({ verdict, ...finding }) => verdict === 'bad' && finding.check === check)
    expect(found.map((finding) => finding.fact).join('\n')).toContain(fact)
    expect(found.every(({ remedy }) => remedy !== null)).toBe(true)
  })

  test('leaves the files of a window to the browser, and looks at the folders above them', async () => {
    const cli = new CommandLine()
    await cli.run(['session', 'create', 'work'])
    const profile = join(cli.home, 'browser', 'work', 'chromium')
    mkdirSync(join(profile, 'Default'), { recursive: true, mode: 0o700 })
    const old = join(profile, 'Default', 'Preferences.tmp')
    writeFileSync(old, '{}')
    utimesSync(old, 0, 0)
    chmodSync(old, 0o644)
    chmodSync(join(profile, 'Default'), 0o755)
    symlinkSync('127.0.0.1:+4242', join(profile, 'SingletonLock'))
    const { findings } = await examine(cli)
    const of = (check: string) => findings.filter((finding) => finding.check === check)
    expect(of('modes')).toMatchObject([{ verdict: 'good' }])
    expect(of('stale files')).toMatchObject([{ verdict: 'good' }])
    for (const folder of [profile, join(cli.home, 'browser', 'work'), join(cli.home, 'browser')]) {
      chmodSync(folder, 0o755)
      const { status, findings } = await examine(cli)
      expect(status).toBe(1)
      const [finding] = findings.filter(({ check }) => check === 'modes')
      expect(finding).toMatchObject({ verdict: 'bad', fact: expect.stringContaining(folder) })
      chmodSync(folder, 0o700)
    }
  })

  test('notes what stops nobody: a taken port, which run does not need, and an old Node', async () => {
    const cli = new CommandLine()
    const { HALLPASS_LISTEN } = await takenPort()
    const bin = join(cli.folder, 'bin')
    mkdirSync(bin)
    const old = `#!/bin/sh\nexec '${process.execPath}' --import '${join(bin, 'old.mjs')}' "$@"\n`
    writeFileSync(join(bin, 'node'), old, { mode: 0o755 })
    writeFileSync(
      join(bin, 'old.mjs'),
      "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '22.20.0' } })\n",
    )
    const { status, findings } = await examine(cli, { env: { PATH: `${bin}:/bin`, HALLPASS_LISTEN } })
    expect(status).toBe(0)
    for (const [check, fact] of [
      ['port', 'in use by another program'],
      ['trip by node', 'is Node 22.20.0, which has no NODE_USE_ENV_PROXY'],
    ]) {
      expect(findings.find((finding) => finding.check === check)).toMatchObject({
        verdict: 'note',
        fact: expect.stringContaining(fact ?? ''),
        remedy: expect.any(String),
      })
    }
  })

  test.each([
    ['ca.pem', 'does not hold the certificate that belongs to ca.key'],
    ['ca.key', 'is damaged'],
  ])('says that %s is damaged at its own check, and all others speak for themselves', async (file, why) => {
    const cli = new CommandLine()
    await cli.run(['session', 'create', 'work'])
    const record = damagedRecordFile(cli)
    damageAuthority(cli, file)
    const { status, findings } = await examine(cli)
    expect(status).toBe(1)
    const broken = findings.filter(({ verdict }) => verdict === 'bad')
    expect(broken).toMatchObject([
      { check: 'records', remedy: 'npx hallpass doctor --repair' },
      { check: 'ca', remedy: 'npx hallpass ca rotate' },
    ])
    expect(broken[0]?.fact).toContain(record)
    expect(broken[1]?.fact).toContain(`${join(cli.home, 'ca', file)} ${why}`)
    for (const check of ['key', 'clock', 'port']) {
      expect(findings.find((finding) => finding.check === check)?.verdict, check).not.toBe('bad')
    }
  })

  test('says how to remove a damaged session, and that ends all trouble', async () => {
    const cli = new CommandLine()
    await cli.run(['session', 'create', 'work'])
    writeFileSync(join(cli.home, 'sessions', 'work', 'session.json'), '{', { mode: 0o600 })
    expect(await cli.run(['session', 'list'])).toMatchObject({
      status: 8,
      stderr: expect.stringContaining('hallpass session rm work'),
    })
    const { status, findings } = await examine(cli)
    expect(status).toBe(1)
    expect(findings.filter(({ verdict }) => verdict === 'bad')).toMatchObject([
      { check: 'records', remedy: 'npx hallpass session rm work' },
    ])
    expect(await cli.run(['session', 'rm', 'work'])).toMatchObject({ status: 2 })
    expect(await cli.run(['session', 'rm', 'work', '--yes'])).toMatchObject({ status: 0 })
    expect(await cli.run(['session', 'list'])).toMatchObject({ status: 0 })
    expect(await examine(cli)).toMatchObject({ status: 0 })
  })

  test('reports a damaged key once, and nothing about the records that it seals', async () => {
    const cli = new CommandLine()
    await cli.run(['session', 'create', 'work'])
    writeFileSync(join(cli.home, 'config', 'encryption.key'), 'scrambled\n', { mode: 0o600 })
    const { findings } = await examine(cli)
    const broken = findings.filter(({ verdict }) => verdict === 'bad')
    expect(broken.map(({ check }) => check)).toEqual(['key'])
    expect(findings.find(({ check }) => check === 'clock')?.verdict).toBe('good')
  })

  test('makes nothing while the configuration has an error', async () => {
    const cli = new CommandLine()
    const file = join(cli.folder, 'config.yaml')
    writeFileSync(file, 'listen: nowhere\n')
    const { status } = await cli.run(['doctor', '--config', file], noClients)
    expect(status).toBe(1)
    expect(existsSync(cli.home)).toBe(false)
  })

  test('names the files of killed processes, and calls nothing broken', async () => {
    const cli = new CommandLine()
    await cli.run(['session', 'create', 'work'])
    const pidFile = join(cli.home, 'run', 'pid')
    const temporary = join(cli.home, 'sessions', 'work', 'session.json.tmp')
    for (const file of [pidFile, temporary]) writeFileSync(file, '1\n', { mode: 0o600 })
    const hourAgo = new Date(Date.now() - 3_600_000)
    utimesSync(temporary, hourAgo, hourAgo)
    const { status, findings } = await examine(cli)
    // What `stop` asks for at the end of the test.
    rmSync(pidFile)
    expect(status).toBe(0)
    const stale = findings.filter(({ check }) => check === 'stale files')
    expect(stale.map(({ verdict }) => verdict)).toEqual(['note', 'note'])
    expect(stale.map(({ fact }) => fact).join('\n')).toMatch(
      /run\/pid names 1, [\s\S]*session\.json\.tmp was left/,
    )
    expect(stale[1]?.remedy).toBe(`rm ${temporary}`)
  })

  test('names the tools that no variable helps', async () => {
    const cli = new CommandLine()
    const { findings } = await examine(cli, { env: {} })
    const named = findings.filter(({ check }) => check === 'not helped by variables')
    expect(named.map(({ fact }) => fact).join('\n')).toMatch(/Electron[\s\S]*pin/)
    for (const { verdict, remedy } of named) expect([verdict, remedy === null]).toEqual(['note', false])
  })
})

describe('doctor --repair', () => {
  test('sets a damaged record aside and touches no whole one', async () => {
    const cli = new CommandLine()
    await cli.run(['cookie', 'set', 'https://whole.example/', 'sid'], { stdin: 'value' })
    const broken = damagedRecordFile(cli)
    const { status } = await cli.run(['doctor', '--repair', '--yes'], noClients)
    expect(status).toBe(0)
    const left = readdirSync(dirname(broken))
    expect(left).toHaveLength(1)
    expect(left[0]).toMatch(/^cookies\.json\.enc\.damaged-/)
    expect(await cli.run(['cookie', 'get', 'https://whole.example/', 'sid'])).toMatchObject({
      stdout: 'value\n',
    })
  })

  test.each(['ca.pem', 'ca.key'])('does so though %s is damaged, and leaves that as it is', async (file) => {
    const cli = new CommandLine()
    await cli.run(['session', 'create', 'work'])
    const broken = damagedRecordFile(cli)
    const authority = damageAuthority(cli, file)
    const { status, stdout } = await cli.run(['doctor', '--repair', '--yes'], noClients)
    expect(status).toBe(1)
    expect(stdout).toContain('ca rotate')
    expect(readdirSync(dirname(broken)).join()).toMatch(/^cookies\.json\.enc\.damaged-[^,]*$/)
    expect(readFileSync(authority, 'utf8')).toBe('scrambled\n')
    await cli.run(['ca', 'rotate', '--yes'])
    expect((await cli.run(['doctor'], noClients)).status).toBe(0)
  })

  test('asks first: without a terminal it moves nothing and names the flag', async () => {
    const cli = new CommandLine()
    await cli.run(['session', 'create', 'work'])
    const broken = damagedRecordFile(cli)
    const { status, stderr } = await cli.run(['doctor', '--repair'], noClients)
    expect(status).toBe(2)
    expect(stderr).toContain('--yes')
    expect(existsSync(broken)).toBe(true)
  })
})

function damageAuthority(cli: CommandLine, file: string): string {
  const path = join(cli.home, 'ca', file)
  writeFileSync(path, 'scrambled\n', { mode: 0o600 })
  return path
}

function brokenConfiguration(cli: CommandLine) {
  writeFileSync(join(cli.home, 'config', 'config.yaml'), 'reveal: everything\n', { mode: 0o600 })
  return {}
}

function openedKey(cli: CommandLine) {
  chmodSync(join(cli.home, 'config', 'encryption.key'), 0o644)
  return {}
}

function writtenTomorrow(cli: CommandLine) {
  const tomorrow = new Date(Date.now() + 86_400_000)
  utimesSync(join(cli.home, 'config', 'encryption.key'), tomorrow, tomorrow)
  return {}
}

function foreignBundle(cli: CommandLine) {
  writeFileSync(join(cli.home, 'ca', 'bundle.pem'), testRootPem(), { mode: 0o600 })
  return {}
}

async function takenPort() {
  const server = createServer()
  onTestFinished(() => void server.close())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return { HALLPASS_LISTEN: `127.0.0.1:${typeof address === 'object' ? address?.port : 0}` }
}

function damagedRecord(cli: CommandLine) {
  damagedRecordFile(cli)
  return {}
}

function damagedRecordFile(cli: CommandLine): string {
  const session = existsSync(join(cli.home, 'sessions', 'work')) ? 'work' : 'default'
  const site = join(cli.home, 'sessions', session, 'sites', 'broken.example')
  mkdirSync(site, { recursive: true, mode: 0o700 })
  chmodSync(dirname(site), 0o700)
  const file = join(site, 'cookies.json.enc')
  writeFileSync(file, '{"v":1,"kid":', { mode: 0o600 })
  return file
}
