import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, test } from 'vitest'
import { CommandLine } from '../support/command-line.ts'

/** A store with the columns that Firefox has, and these rows of host, name and value. */
function firefoxProfile(folder: string, rows: readonly (readonly [string, string, string])[]): string {
  mkdirSync(folder, { recursive: true })
  const file = join(folder, 'cookies.sqlite')
  const database = new DatabaseSync(file)
  database.exec(`PRAGMA user_version = 16; CREATE TABLE moz_cookies (id INTEGER PRIMARY KEY, originAttributes TEXT,
    name TEXT, value TEXT, host TEXT, path TEXT, expiry INTEGER, isSecure INTEGER, isHttpOnly INTEGER, sameSite INTEGER)`)
  const insert = database.prepare("INSERT INTO moz_cookies VALUES (NULL, '', ?, ?, ?, '/', ?, 1, 1, 256)")
  for (const [host, name, value] of rows) insert.run(name, value, host, Date.now() + 3_600_000)
  database.close()
  return file
}

const rows = [
  ['app.example.test', 'sid', 'SECRETONE'],
  ['.other.test', 'token', 'SECRETTWO'],
] as const

describe('import --from', () => {
  test('finds the profile that was used last, or that is named, and takes only the sites asked for', async () => {
    const cli = new CommandLine()
    const root = join(cli.folder, '.mozilla', 'firefox')
    firefoxProfile(join(root, 'a.work'), [['app.example.test', 'old', 'X']])
    firefoxProfile(join(root, 'b.home'), rows)
    writeFileSync(
      join(root, 'profiles.ini'),
      '[Profile0]\nName=work\nIsRelative=1\nPath=a.work\n\n[Profile1]\nName=home\nIsRelative=1\nPath=b.home\n',
    )
    const args = ['import', '--from', 'firefox', '--profile', 'home', 'app.example.test', '--json']
    const { stdout, stderr, status } = await cli.run(args)
    expect(status, stderr).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ format: 'firefox', read: 2, imported: 1, elsewhere: 1 })
    expect((await cli.run(['cookie', 'get', 'https://app.example.test/', 'sid'])).stdout).toBe('SECRETONE\n')
    const missing = await cli.run(['import', '--from', 'firefox', '--profile', 'play'])
    expect(missing.status).toBe(1)
    expect(missing.stderr).toContain('firefox has no profile "play"; there are work, home')
  })

  test('takes the cookies of one container of Firefox, by its name or number, and never a mixture', async () => {
    const cli = new CommandLine()
    const file = firefoxProfile(join(cli.folder, 'ff'), [
      ['app.example.test', 'sid', 'HOME'],
      ['app.example.test', 'sid', 'WORK'],
      ['app.example.test', 'only', 'WORK'],
      ['app.example.test', 'sid', 'BANK'],
    ])
    const database = new DatabaseSync(file)
    database.exec(`UPDATE moz_cookies SET originAttributes = '^userContextId=6' WHERE value = 'WORK';
      UPDATE moz_cookies SET originAttributes = '^userContextId=3' WHERE value = 'BANK'`)
    database.close()
    const identities = [
      { userContextId: 3, public: true, l10nId: 'user-context-banking' },
      { userContextId: 6, public: true, name: 'Büro' },
      { userContextId: 9, public: false, name: 'userContextIdInternal.thumbnail' },
    ]
    writeFileSync(join(cli.folder, 'ff', 'containers.json'), JSON.stringify({ version: 5, identities }))
    const sent = async (session: string, ...container: string[]) => {
      await cli.run(['session', 'create', session])
      const args = [
        'import',
        '--session',
        session,
        '--format',
        'firefox',
        join(cli.folder, 'ff'),
        ...container,
      ]
      const { stderr, status } = await cli.run(args)
      expect(status, stderr).toBe(0)
      const url = 'https://app.example.test/'
      const header = await cli.run(['export', '--session', session, '--format', 'header', '--reveal', url])
      return { header: header.stdout, stderr }
    }
    const home = await sent('home')
    expect(home.header).toBe('Cookie: sid=HOME\n')
    expect(home.stderr).toContain('skipped 2: it is in the container Büro: choose it with --container')
    const work = await sent('work', '--container', 'büro')
    expect(work.header).toBe('Cookie: sid=WORK; only=WORK\n')
    expect(work.stderr).not.toContain('skipped')
    expect((await sent('work2', '--container', '6')).header).toBe('Cookie: sid=WORK; only=WORK\n')
    expect((await sent('bank', '--container', 'banking')).header).toBe('Cookie: sid=BANK\n')
    const unknown = await cli.run([
      'import',
      '--format',
      'firefox',
      join(cli.folder, 'ff'),
      '--container',
      'x',
    ])
    expect(unknown.status).toBe(1)
    expect(unknown.stderr).toContain('the profile has no container "x"; there are Banking, Büro')
  })

  test('says why profiles cannot be read', async () => {
    const cli = new CommandLine()
    const root = join(cli.folder, '.mozilla', 'firefox')
    mkdirSync(join(root, 'profiles.ini'), { recursive: true })
    const { stderr, status } = await cli.run(['import', '--from', 'firefox'])
    expect(status).toBe(1)
    expect(stderr).toContain(`the profiles of firefox in ${root} cannot be read: EISDIR`)
    expect(stderr).toContain('hint: npx hallpass import --from firefox --profile FOLDER\n')
  })

  test('takes a folder or a file that is named', async () => {
    const cli = new CommandLine()
    const file = firefoxProfile(join(cli.folder, 'elsewhere'), rows)
    for (const path of [file, join(cli.folder, 'elsewhere')]) {
      const { stderr, status } = await cli.run(['import', '--format', 'firefox', path, '--dry-run'])
      expect(status, stderr).toBe(0)
      expect(stderr).toContain('would import 2 cookies of 2 sites')
    }
  })

  test.each([
    [['--from', 'firefox'], 1, 'no profile of firefox with cookies was found'],
    [['--from', 'brave'], 1, 'no profile of brave with cookies was found'],
    [['--from', 'lynx'], 2, 'lynx'],
    [['--profile', 'x'], 2, '--profile needs --from'],
    [['--container', 'x'], 2, '--container needs --from firefox'],
    [['--from', 'firefox', '--format', 'netscape'], 2, '--from and --format do not go together'],
    [['--format', 'chrome'], 2, 'name the folder or the file of a profile, or use --from chrome'],
    [['--format', 'chrome', '/nonexistent'], 1, '/nonexistent is no profile of chrome: it has no cookies'],
  ] as const)('%j ends with %i', async (args, expected, said) => {
    const { status, stderr } = await new CommandLine().run(['import', ...args])
    expect({ status, stderr }).toMatchObject({ status: expected, stderr: expect.stringContaining(said) })
  })

  test('refuses a file that is no store, and leaves it as it is', async () => {
    const cli = new CommandLine()
    const file = join(cli.folder, 'cookies.sqlite')
    writeFileSync(file, 'SQLite format 3\0 and then nothing of the kind')
    const { status, stderr } = await cli.run(['import', '--format', 'firefox', file])
    expect(status).toBe(1)
    expect(stderr).toContain(`${file} cannot be read`)
  })
})
