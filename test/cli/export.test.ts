import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { writeOut } from '../../src/cli/commands/export/write-out.ts'
import { openHallpass } from '../../src/index.ts'
import { diskError, watchFileCalls } from '../store/file-calls.ts'
import type { CommandLine } from '../support/command-line.ts'
import { cookieValue, filledHome, tokenValue } from './filled-home.ts'
import { onTerminal } from './on-terminal.ts'

const secrets = [cookieValue, tokenValue]
const line = `#HttpOnly_app.example.com\tFALSE\t/\tTRUE\t`

/** Its own folder, so that no umask of the test decides. */
function scratch(cli: CommandLine, mode = 0o700): string {
  const folder = join(cli.folder, 'out')
  mkdirSync(folder)
  chmodSync(folder, mode)
  return folder
}

describe('export', () => {
  test('prints values only with --reveal', async () => {
    const cli = await filledHome()
    const hidden = await cli.run(['export', '--format', 'netscape'])
    expect(hidden).toMatchObject({ status: 2, stdout: '' })
    expect(hidden.stderr).toMatch(/add --reveal to allow it/)
    const shown = await cli.run(['export', '--format', 'netscape', '--reveal'])
    expect(shown.status).toBe(0)
    expect(shown.stdout).toMatch(
      new RegExp(`^# Netscape HTTP Cookie File\n${line}\\d+\tsid\t${cookieValue}\n$`),
    )
    for (const secret of secrets) expect(`${hidden.stderr}${shown.stderr}`).not.toContain(secret)
  })

  test('writes a file of mode 0600, whatever the umask, after it was asked for', async () => {
    const cli = await filledHome()
    const file = join(scratch(cli), 'cookies.txt')
    const unasked = await cli.run(['export', '--format', 'netscape', '--out', file])
    expect(unasked).toMatchObject({ status: 2, stdout: '' })
    expect(unasked.stderr).toMatch(/--reveal answers yes to: Write the values of 1 cookie in clear to /)
    expect(existsSync(file)).toBe(false)
    const { status, stdout, stderr } = await cli.shell(
      `umask 0; hallpass export --format netscape --out '${file}' --reveal`,
    )
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' })
    expect(stderr).toBe(`hallpass: wrote 1 cookie of the session default to ${file}, for you alone (0600)\n`)
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(readFileSync(file, 'latin1')).toContain(cookieValue)
  })

  test('asks on a terminal, and leaves nothing when the answer is no', async (context) => {
    const cli = await filledHome()
    const file = join(scratch(cli), 'cookies.txt')
    const args = ['export', '--format', 'netscape', '--out', file]
    const no = await onTerminal(context, cli, args, [{ at: /in clear/, keys: 'n' }])
    expect(no.status).toBe(1)
    expect(existsSync(file)).toBe(false)
    const yes = await onTerminal(context, cli, args, [{ at: /in clear/, keys: 'y' }])
    expect(yes.status).toBe(0)
    expect(readFileSync(file, 'latin1')).toContain(cookieValue)
  })

  test('never writes over a file without --force, and then only over a plain one of one\u2019s own', async () => {
    const cli = await filledHome()
    const folder = scratch(cli)
    const file = join(folder, 'there')
    const args = ['export', '--format', 'netscape', '--reveal', '--out', file]
    writeFileSync(file, 'mine')
    expect(await cli.run(args)).toMatchObject({
      status: 1,
      stderr: /the file exists; --force replaces it/,
    })
    expect(readFileSync(file, 'utf8')).toBe('mine')
    chmodSync(file, 0o644)
    const other = join(folder, 'other-name')
    linkSync(file, other)
    expect(await cli.run([...args, '--force'])).toMatchObject({ status: 0 })
    expect(statSync(file).mode & 0o777).toBe(0o600)
    // The other name of the old file, which others may read, does not get the secret.
    expect(readFileSync(other, 'utf8')).toBe('mine')
    expect(readdirSync(folder).sort()).toEqual(['other-name', 'there'])

    const link = join(folder, 'link')
    symlinkSync(join(folder, 'elsewhere'), link)
    expect(await cli.run(['export', '--format', 'netscape', '--reveal', '--out', link])).toMatchObject({
      status: 1,
    })
    expect(
      await cli.run(['export', '--format', 'netscape', '--reveal', '--out', link, '--force']),
    ).toMatchObject({ status: 1, stderr: /no plain file/ })
    expect(existsSync(join(folder, 'elsewhere'))).toBe(false)
    expect(
      await cli.run(['export', '--format', 'netscape', '--reveal', '--out', folder, '--force']),
    ).toMatchObject({ status: 1, stderr: /it is a folder/ })
    expect(
      await cli.run(['export', '--format', 'netscape', '--reveal', '--out', join(folder, 'no', 'x')]),
    ).toMatchObject({ status: 1, stderr: /there is no folder/ })
  })

  test.each([0o777, 0o770, 0o707, 0o722])('never into a folder that others can write: %o', async (mode) => {
    const cli = await filledHome()
    const file = join(scratch(cli, mode), 'cookies.txt')
    const { status, stderr } = await cli.run(['export', '--format', 'netscape', '--reveal', '--out', file])
    expect(status).toBe(1)
    expect(stderr).toMatch(/other users can write to the folder .*\nhallpass: hint: chmod go-w /)
    expect(existsSync(file)).toBe(false)
  })

  test('nor below one, where they could put another folder in its place', async () => {
    const cli = await filledHome()
    const above = scratch(cli, 0o777)
    const folder = join(above, 'mine')
    mkdirSync(folder, { mode: 0o700 })
    const args = ['export', '--format', 'netscape', '--reveal', '--out', join(folder, 'cookies.txt')]
    expect(await cli.run(args)).toMatchObject({ status: 1, stderr: /other users can write to the folder/ })
    // As in /tmp, where each has only what is theirs.
    chmodSync(above, 0o1777)
    expect(await cli.run(args)).toMatchObject({ status: 0 })
  })

  test.each([false, true])(
    'a disk that fails leaves no half of a file (over another one: %s)',
    async (replaces) => {
      const folder = mkdtempSync(join(tmpdir(), 'hallpass-export-'))
      onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
      const path = join(folder, 'cookies.txt')
      for (const failing of ['open', 'writeFile', 'sync', 'close', 'rename']) {
        if (replaces) writeFileSync(path, 'old')
        const stop = watchFileCalls(folder, {
          before: (call) => {
            if (call === failing) throw diskError('ENOSPC', call)
          },
        })
        const failed = await writeOut({ path, replaces }, Buffer.from('new')).then(
          () => undefined,
          (error) => error,
        )
        stop()
        if (failing === 'rename' && !replaces) expect(failed).toBeUndefined()
        else {
          expect(failed, failing).toMatchObject({ code: 'not-saved' })
          expect(readdirSync(folder), failing).toEqual(replaces ? ['cookies.txt'] : [])
          if (replaces) expect(readFileSync(path, 'utf8'), failing).toBe('old')
        }
        rmSync(path, { force: true })
      }
    },
  )

  test('says in one line that stdout could not be written', async (context) => {
    if (!existsSync('/dev/full')) return context.skip()
    const cli = await filledHome()
    const { status, stderr } = await cli.shell('hallpass export --format netscape --reveal > /dev/full')
    expect(status).toBe(1)
    expect(stderr).toMatch(/\nhallpass: error: the output could not be written \(ENOSPC\)\n$/)
    // What is only said may be lost: the work is done.
    const talk = 'hallpass export --format netscape --reveal 2> /dev/full'
    expect(await cli.shell(talk)).toMatchObject({ status: 0, stdout: expect.stringContaining(cookieValue) })
    const long = await cli.run(['export', '--format', 'netscape', '--reveal', '--out', 'x'.repeat(300)])
    expect(long).toMatchObject({ status: 1, stderr: /: it cannot be written \(ENAMETOOLONG\)\n$/ })
  })

  test('says what the format loses, and with --json what it wrote', async () => {
    const cli = await filledHome()
    const hallpass = await openHallpass({ home: cli.home, env: cli.env })
    await hallpass.saveCookies('https://app.example.com/', ['lax=1; SameSite=Lax', 'tab=a\tb', 'bytes=\xff'])
    const session = await hallpass.session()
    const storage = {
      origin: 'https://app.example.com',
      localStorage: [['k', 'v']],
      sessionStorage: [['s', 'w']],
      indexedDB: [],
    } as const
    await session.importInto(
      { cookies: [], skipped: [], origins: [{ where: '', storage }] },
      { mode: 'merge' },
    )
    const folder = scratch(cli)
    const netscape = await cli.run([
      'export',
      '--format',
      'netscape',
      '--reveal',
      '--json',
      '--out',
      join(folder, 'a'),
    ])
    expect(JSON.parse(netscape.stdout)).toEqual({
      schema: 'hallpass.export/1',
      session: 'default',
      format: 'netscape',
      file: join(folder, 'a'),
      cookies: 3,
      storage_keys: 0,
      credentials: [],
      expired: 0,
      left: [{ where: 'app.example.com', reason: 'a cookies.txt cannot hold a TAB in a cookie' }],
      lost: [
        { what: 'SameSite', of: 'cookie', count: 1 },
        { what: 'localStorage', of: 'origin', count: 1 },
        { what: 'sessionStorage', of: 'origin', count: 1 },
      ],
    })
    const playwright = await cli.run([
      'export',
      '--format',
      'playwright',
      '--reveal',
      '--out',
      join(folder, 'b'),
    ])
    expect(playwright.stderr).toMatch(/wrote 3 cookies, 1 key of web storage/)
    expect(playwright.stderr).toMatch(
      /left out 1: JSON cannot hold bytes that are not UTF-8 \(app\.example\.com\)/,
    )
    expect(playwright.stderr).toMatch(/cannot hold sessionStorage: lost for 1 origin/)
    expect(await cli.run(['export', '--format', 'netscape', '--json', '--reveal'])).toMatchObject({
      status: 2,
    })
  })

  test('is of the sites that are named, and of one request for a header', async () => {
    const cli = await filledHome()
    const hallpass = await openHallpass({ home: cli.home, env: cli.env })
    await hallpass.saveCookies('https://other.test/deep/x', ['o=1', 'p=2; Path=/'])
    const named = await cli.run(['export', '--format', 'extension', '--reveal', 'https://other.test/'])
    expect(JSON.parse(named.stdout).map(({ name }: { name: string }) => name)).toEqual(['o', 'p'])
    expect((await cli.run(['export', '--format', 'header', '--reveal', 'other.test'])).stdout).toBe(
      'Cookie: p=2\n',
    )
    expect(
      (await cli.run(['export', '--format', 'curl', '--reveal', 'https://other.test:8443/deep/y?q'])).stdout,
    ).toBe('url = "https://other.test:8443/deep/y?q"\nheader = "Cookie: o=1; p=2"\n')
    expect(await cli.run(['export', '--format', 'header', '--reveal'])).toMatchObject({
      status: 2,
      stdout: '',
    })
    expect(await cli.run(['export', '--format', 'header', '--reveal', 'nothing.test'])).toMatchObject({
      status: 4,
      stdout: '',
    })
    expect(await cli.run(['export', '--reveal'])).toMatchObject({ status: 2, stderr: /which format/ })
    expect(await cli.run(['export', '--format', 'har', '--reveal'])).toMatchObject({ status: 2 })
  })
})

describe('a bundle', () => {
  test('takes a session to another state folder, tokens too, without showing anything', async () => {
    const cli = await filledHome()
    const file = join(scratch(cli), 'work.bundle')
    const made = await cli.run(['export', '--format', 'bundle', '--out', file], {
      stdin: 'a good passphrase\n',
    })
    expect(made.status).toBe(0)
    expect(made.stderr).toMatch(/wrote 1 cookie, 1 credential of the session default/)
    expect(statSync(file).mode & 0o777).toBe(0o600)
    const text = readFileSync(file, 'latin1')
    for (const secret of [...secrets, 'sid', 'example.com']) expect(text).not.toContain(secret)

    expect(made.stderr).not.toContain('sign each other out')
    const refreshed = { kind: 'oauth2', options: {}, createdAt: '', updatedAt: '' }
    const { store } = await openHallpass({ home: cli.home, env: cli.env })
    await store.update({ kind: 'credential', session: 'default', name: 'login' }, () => refreshed)
    const again = await cli.run(['export', '--format', 'bundle'], { stdin: 'a good passphrase\n' })
    expect(again.stdout).toMatch(/^\{"hallpass-bundle":1,/)
    expect(again.stderr).toMatch(/it contains refresh tokens/)

    const env = { HALLPASS_HOME: join(cli.folder, 'other-machine') }
    await cli.run(['session', 'list'], { env })
    const wrong = await cli.run(['import', file], { env, stdin: 'a bad passphrase\n' })
    expect(wrong).toMatchObject({ status: 5, stdout: '' })
    expect(wrong.stderr).toMatch(/the passphrase does not open the bundle, or the bundle was altered/)
    const keyFile = join(cli.folder, 'passphrase')
    writeFileSync(keyFile, 'a good passphrase\n', { mode: 0o600 })
    const asked = await cli.shell(`hallpass import - --passphrase-file '${keyFile}' < '${file}'`, { env })
    expect(asked).toMatchObject({ status: 2, stderr: expect.stringContaining('--yes answers yes') })
    expect(asked.stderr).toMatch(/api: bearer, its value is in the bundle, for api\.example\.com/)
    expect((await cli.run(['token', 'list'], { env })).stdout).not.toContain('api')
    const right = await cli.shell(`hallpass import - --yes --passphrase-file '${keyFile}' < '${file}'`, {
      env,
    })
    expect(right.stderr).toMatch(/imported 1 cookie of 1 site .*\n.*imported 1 credential: api\n/)
    expect((await cli.run(['token', 'get', 'api'], { env })).stdout).toBe(`${tokenValue}\n`)
    expect((await cli.run(['cookie', 'get', 'https://app.example.com/', 'sid'], { env })).stdout).toBe(
      `${cookieValue}\n`,
    )
    const blind = await cli.run(['import'], { env, stdin: text })
    expect(blind).toMatchObject({ status: 2, stderr: /use --passphrase-file/ })
  })
})
