import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { execute, repository } from './world.ts'

let folder: string
let env: NodeJS.ProcessEnv

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hallpass-package-'))
  env = {
    ...process.env,
    HOME: join(folder, 'home'),
    npm_config_cache: process.env.npm_config_cache ?? cacheOfThisUser(),
  }
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

function cacheOfThisUser(): string {
  return join(process.env.HOME ?? '/', '.npm')
}

test('npm pack gives a package that installs elsewhere and runs', async () => {
  const packed = await execute('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], {
    cwd: repository,
    env,
  })
  expect(packed.status, packed.stderr).toBe(0)
  const [archive] = readdirSync(folder).filter((name) => name.endsWith('.tgz'))
  const listed = await execute('tar', ['-tzf', join(folder, archive ?? '')])
  expect(listed.stdout).toContain('package/dist/cli/main.cjs')
  expect(listed.stdout).not.toMatch(/\.test\.|package\/src\/|\.key\b/)

  const project = join(folder, 'project')
  const installed = await execute(
    'npm',
    [
      'install',
      '--prefix',
      project,
      '--prefer-offline',
      '--no-audit',
      '--no-fund',
      '--omit=dev',
      join(folder, archive ?? ''),
    ],
    { cwd: folder, env, timeoutMs: 150_000 },
  )
  expect(installed.status, installed.stderr).toBe(0)
  const command = join(project, 'node_modules', '.bin', 'hallpass')
  expect(existsSync(command)).toBe(true)
  const version = await execute(process.execPath, [command, '--version'], { env })
  expect(version).toMatchObject({ status: 0, stdout: '0.1.0\n' })
  const ran = await execute(
    process.execPath,
    [command, 'run', '--', 'echo', 'through an installed hallpass'],
    { env },
  )
  expect(ran).toMatchObject({ status: 0, stdout: 'through an installed hallpass\n' })
  // Nothing of a project's is in PATH. Outside the project npx would ask the registry.
  const none = join(folder, 'none')
  const installedAt = join(project, 'node_modules', 'hallpass', 'bin', 'hallpass.cjs')
  for (const [cwd, words] of [
    [project, 'npx hallpass'],
    [folder, `node ${installedAt}`],
  ]) {
    const { stderr } = await execute(process.execPath, [command, '--home', none, 'env'], {
      env,
      cwd: cwd ?? '',
    })
    expect(stderr).toContain(`hint: ${words} start --background --home ${none}\n`)
    const typed = await execute('sh', ['-c', `${words} status --home ${none}`], { env, cwd: cwd ?? '' })
    expect(typed).toMatchObject({ status: 1, stdout: expect.stringMatching(/not running/) })
  }
  const library = await execute(
    process.execPath,
    ['-e', "import('hallpass').then((m) => console.log(typeof m.openHallpass))"],
    {
      cwd: project,
      env,
    },
  )
  expect(library.stdout).toBe('function\n')
})
