import { describe, expect, test } from 'vitest'
import { inheritedScope } from '../../src/environment/child-scope.ts'
import { CommandLine, mainFile } from '../support/command-line.ts'

const hallpass = [process.execPath, mainFile]

/** Two sessions with different cookies. */
async function world(way: 'with a running proxy' | 'with a proxy of its own'): Promise<CommandLine> {
  const cli = new CommandLine()
  await cli.run(['session', 'create', 'ff'])
  for (const host of ['a.example', 'b.example'])
    await cli.run(['--session', 'ff', 'cookie', 'set', `https://${host}/`, 'ofFf'], { stdin: '1' })
  await cli.run(['cookie', 'set', 'https://a.example/', 'ofDefault'], { stdin: '1' })
  if (way === 'with a running proxy') await cli.run(['start', '--background'])
  return cli
}

describe.each(['with a running proxy', 'with a proxy of its own'] as const)('inside run, %s,', (way) => {
  test('hallpass speaks of the session of run, and of its scope', async () => {
    const cli = await world(way)
    const inside = async (...words: readonly string[]) =>
      await cli.run([
        '--session',
        'ff',
        'run',
        '--only',
        'a.example',
        '--strict',
        '--',
        ...hallpass,
        ...words,
      ])
    const explained = await inside('explain', 'https://a.example/')
    expect(explained.stdout).toContain('session   ff')
    expect(explained.stdout).toContain('scope     only a.example, strict (of the run around this)')
    expect(explained.stdout).toContain('cookies   ofFf')
    const other = await inside('explain', 'https://b.example/')
    expect(other.stdout).toContain('refused with 403: --strict allows only the hosts of --only')
    const json = JSON.parse((await inside('explain', 'https://b.example/', '--json')).stdout)
    expect(json).toMatchObject({
      session: 'ff',
      scope: { only: ['a.example'], strict: true },
      policy: { allowed: false },
    })
    const listed = await inside('cookie', 'list')
    expect(listed.stdout).toMatch(/^ofFf +a\.example/)
    expect(listed.stdout.trim().split('\n')).toHaveLength(1)
    expect(listed.stderr).toContain('1 cookie of other hosts cannot be used here (--only)')
    const named = await inside('explain', '--session', 'default', 'https://a.example/')
    expect(named.stdout).toContain('cookies   ofDefault')
    expect(named.stdout).not.toContain('scope')
  })
})

describe('a hallpass inside run', () => {
  test('looks into the state folder and the configuration of run', async () => {
    const cli = new CommandLine()
    const where = ['--home', cli.home, '--config', '/dev/null']
    const { stdout } = await cli.run([...where, 'run', '--', ...hallpass, 'config', 'path'], {
      env: { HALLPASS_HOME: '' },
    })
    expect(stdout).toBe('/dev/null\n')
    const home = await cli.run([...where, 'run', '--', 'printenv', 'HALLPASS_HOME'], {
      env: { HALLPASS_HOME: '' },
    })
    expect(home.stdout).toBe(`${cli.home}\n`)
  })
})

describe('HALLPASS_SESSION', () => {
  test('is set by env, used by each command, kept in hints, and removed by env --unset', async () => {
    const cli = await world('with a running proxy')
    const { stdout, stderr } = await cli.shell(
      'eval "$(hallpass env --session ff)"; hallpass cookie list; hallpass cookie get https://a.example/ none; ' +
        'hallpass --session default cookie list; eval "$(hallpass env --unset)"; echo "[$HALLPASS_SESSION]"',
    )
    expect(stdout).toMatch(/^ofFf +a\.example.*\nofFf +b\.example.*\nofDefault +a\.example.*\n\[\]\n$/)
    expect(stderr).toMatch(/hint: .* --session ff/)
  })

  test('names a session, or the command fails', async () => {
    const cli = new CommandLine()
    const { status, stderr } = await cli.run(['cookie', 'list'], { env: { HALLPASS_SESSION: 'gone' } })
    expect(status).toBe(4)
    expect(stderr).toContain('"gone"')
  })
})

describe('the inherited scope', () => {
  test.each([
    ['{"only":["a.test"],"strict":true}', { only: ['a.test'], strict: true }],
    ['{"only":"a.test","more":1}', {}],
    ['', {}],
  ])('%j is %j', (text, scope) => {
    expect(inheritedScope({ HALLPASS_SCOPE: text, HALLPASS_SESSION: 'ff' }, 'ff')).toEqual(scope)
  })

  test('is not for another session, and is no guess', () => {
    const env = { HALLPASS_SCOPE: '{"strict":true}', HALLPASS_SESSION: 'ff' }
    expect(inheritedScope(env, 'default')).toEqual({})
    expect(() => inheritedScope({ HALLPASS_SCOPE: '{' }, 'default')).toThrow('HALLPASS_SCOPE')
  })
})
