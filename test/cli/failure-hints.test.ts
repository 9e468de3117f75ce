import { spawnSync } from 'node:child_process'
import { chownSync, existsSync, lchownSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { CommandLine, mainFile } from '../support/command-line.ts'

const isRoot = process.getuid?.() === 0

describe('a failure gives something to type', () => {
  test.each([
    ['moz_cookies', 'firefox'],
    ['cookies', 'chrome'],
  ])('import of the database of a browser, with the table %s', async (table, engine) => {
    const cli = new CommandLine()
    writeFileSync(join(cli.folder, 'a.sqlite'), `SQLite format 3\0CREATE TABLE ${table}`)
    const { status, stderr } = await cli.run(['import', 'a.sqlite'])
    expect(status).toBe(1)
    expect(stderr).toContain(`hint: npx hallpass import --format ${engine} a.sqlite\n`)
  })

  test('a state folder that is a symbolic link', async () => {
    const cli = new CommandLine()
    mkdirSync(join(cli.folder, 'real'), { mode: 0o700 })
    symlinkSync(join(cli.folder, 'real'), cli.home)
    const { status, stderr } = await cli.run(['token', 'list'])
    expect(status).toBe(1)
    expect(stderr).toBe(
      `hallpass: error: ${cli.home} is a symbolic link, and hallpass follows none\nhallpass: hint: ls -ld ${cli.home}\n`,
    )
  })

  test.skipIf(!isRoot)('a folder of another user: a look, and no trust in what may be planted', async () => {
    const cli = new CommandLine()
    await cli.run(['session', 'list'])
    chownSync(cli.home, 54_321, 54_321)
    const { stderr } = await cli.run(['token', 'list'])
    chownSync(cli.home, 0, 0)
    expect(stderr).toMatch(/belongs to another user \(uid 54321\)\nhallpass: hint: ls -ld \S+\n$/)
  })

  test.skipIf(!isRoot)('a folder that a command with sudo left', () => {
    const cli = new CommandLine()
    mkdirSync(cli.home, { mode: 0o755 })
    lchownSync(cli.folder, 54_321, 54_321)
    const { stderr } = as(54_321, cli, { HALLPASS_HOME: cli.home })
    expect(stderr).toContain(`hallpass: hint: sudo chown -R 54321 ${cli.home}\n`)
  })

  test('a passphrase that does not open the key', async () => {
    const cli = new CommandLine()
    for (const passphrase of ['right', 'wrong'])
      writeFileSync(join(cli.folder, passphrase), passphrase, { mode: 0o600 })
    await cli.run(['key', 'protect', 'passphrase', '--passphrase-file', 'right'])
    for (const [file, message] of [
      ['wrong', 'the passphrase does not open'],
      ['none', 'does not exist'],
    ]) {
      const env = { HALLPASS_PASSPHRASE_FILE: join(cli.folder, file ?? '') }
      const { status, stderr } = await cli.run(['token', 'list'], { env })
      expect(status).toBe(5)
      expect(stderr).toContain(message)
      expect(stderr).toContain('hallpass: hint: npx hallpass key status\n')
    }
  })

  test.skipIf(!isRoot)('a user without HOME and without an account', () => {
    const cli = new CommandLine()
    const { status, stderr } = as(54_321, cli, { HOME: undefined, HALLPASS_HOME: undefined })
    expect(status).toBe(1)
    expect(stderr).toBe(
      'hallpass: error: HOME and HALLPASS_HOME are not set, and this user has no home folder\nhallpass: hint: export HALLPASS_HOME=FOLDER\n',
    )
  })
})

test('an export that holds nothing is a failure, and writes no file', async () => {
  const cli = new CommandLine()
  const origins = [{ origin: 'https://app.example.com', localStorage: [{ name: 'a', value: 'b' }] }]
  writeFileSync(join(cli.folder, 'state.json'), JSON.stringify({ cookies: [], origins }))
  expect(await cli.run(['import', 'state.json'])).toMatchObject({ status: 0 })
  const { status, stderr } = await cli.run(['export', '--format', 'netscape', '--reveal', '--out', 'out.txt'])
  expect(status).toBe(1)
  expect(stderr).toContain('nothing was exported: --format netscape holds no web storage\n')
  expect(existsSync(join(cli.folder, 'out.txt'))).toBe(false)
})

/** `token list` of another user. The capability lets that user read this clone, which may be in a folder of mode 0700. */
function as(uid: number, cli: CommandLine, env: NodeJS.ProcessEnv) {
  const user = [`--reuid=${uid}`, `--regid=${uid}`, '--clear-groups']
  const reading = ['--inh-caps=+dac_read_search', '--ambient-caps=+dac_read_search']
  return spawnSync('setpriv', [...user, ...reading, process.execPath, mainFile, 'token', 'list'], {
    env: { ...cli.env, NODE_COMPILE_CACHE: undefined, ...env },
    cwd: '/',
    encoding: 'utf8',
  })
}
