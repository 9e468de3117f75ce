import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { CommandLine, ended } from '../support/command-line.ts'
import { story } from '../support/story.ts'
import { onTerminal } from './on-terminal.ts'

const secret = 'hunter2hunter2hunter2'
const later = 1_900_000_000

const cookiesTxt = `# Netscape HTTP Cookie File
.example.com\tTRUE\t/\tTRUE\t${later}\tsid\t${secret}1
#HttpOnly_app.example.com\tFALSE\t/\tFALSE\t0\thid\t${secret}2
other.test\tFALSE\t/\tFALSE\t0\to\t${secret}3
.co.uk\tTRUE\t/\tFALSE\t0\tx\t${secret}4
${secret}5
.example.com\tTRUE\t/\tTRUE\t1000\told\t${secret}6
`
const state = JSON.stringify({
  cookies: [
    {
      name: 'a',
      value: secret,
      domain: 'example.com',
      path: '/',
      expires: -1,
      httpOnly: false,
      secure: true,
      sameSite: 'Lax',
    },
  ],
  origins: [
    {
      origin: 'https://app.example.com',
      localStorage: [
        { name: 'token', value: secret },
        { name: '\u009b2J', value: '1' },
      ],
    },
  ],
})

describe('import', () => {
  test('shows first, takes in, counts what it skips with line and reason, and is the same again', () =>
    story(
      [secret],
      [
        {
          run: ['import', '-', '--dry-run'],
          stdin: cookiesTxt,
          stdout: '',
          stderr: `hallpass: read 6 cookies from stdin (netscape)
hallpass: would import 3 cookies of 2 sites into the session default: 3 new, 0 changed, 0 as they were
hallpass: warning: skipped 1: a line has 7 columns separated by TABs, and this one has 1 (line 6)
hallpass: warning: skipped 1: domain co.uk is a public suffix (line 5)
hallpass: skipped 1: expired (line 7)
`,
        },
        { run: ['cookie', 'list'], stdout: '' },
        {
          run: ['import', '-'],
          stdin: cookiesTxt,
          stdout: '',
          stderr:
            /imported 3 cookies of 2 sites into the session default: 3 new, 0 changed, 0 as they were\n.*\n.*\n.*\nhallpass: hint: .*hallpass session show\n$/,
        },
        { run: ['cookie', 'list'], stdout: /^sid .*\nhid .*\no .*\n$/ },
        {
          run: ['import', '-', 'app.example.com', '--json'],
          stdin: cookiesTxt,
          stdout: {
            schema: 'hallpass.import/1',
            session: 'default',
            format: 'netscape',
            mode: 'merge',
            dry_run: false,
            read: 6,
            imported: 2,
            added: 0,
            elsewhere: 2,
            skipped: [
              {
                where: 'line 6',
                reason: 'a line has 7 columns separated by TABs, and this one has 1',
                what: 'cookie',
              },
              { where: 'line 7', reason: 'expired', what: 'cookie' },
            ],
            failed: null,
          },
          stderr: '',
        },
        {
          run: ['import', '-', '--replace'],
          stdin: 'other.test\tFALSE\t/\tFALSE\t0\tnew\tx\n',
          stderr:
            /1 new, 0 changed, 0 as they were\nhallpass: removed 1 cookie of the session: replaced\nhallpass: {3}o of other\.test\/\n.*hint: .*session show\n.*hint: .*import --undo\n$/,
        },
        { run: ['cookie', 'list', 'other.test'], stdout: /^new [^\n]*\n$/ },
        {
          run: ['import', '-'],
          stdin: 'other.test\tFALSE\t/\tFALSE\tsoon\tnew\tx\n',
          stderr:
            /warning: kept 1 cookie in part: the expiry is not a time, so it stays until you remove it \(line 1\)\n/,
        },
        {
          run: ['import', '-', '--json'],
          stdin: 'other.test\tFALSE\t/\tFALSE\tsoon\tnew\tx\n',
          stdout: {
            imported: 1,
            flawed: [
              { where: 'line 1', reason: 'the expiry is not a time, so it stays until you remove it' },
            ],
          },
        },
        {
          run: ['import', '-', '--replace', '--dry-run', '--json'],
          stdin: 'other.test\tFALSE\t/\tFALSE\t0\tnewer\tx\n',
          stdout: {
            removed: 1,
            removed_cookies: [{ name: 'new', domain: 'other.test', path: '/' }],
            held_back: false,
          },
        },
        {
          run: ['import', '--undo'],
          stderr: /took back the import of stdin at 2.*\nhallpass: as before: cookies of other\.test\n/,
        },
        { run: ['cookie', 'list', 'other.test'], stdout: /^o [^\n]*\n$/ },
        { run: ['import', 'x', '--undo'], status: 2, stdout: '' },
        {
          run: ['import', '-', '--replace'],
          stdin: 'other.test\tFALSE\t/\tFALSE\t0\tnew\tx\nno cookie\n',
          status: 8,
          stderr: /warning: removed nothing: --replace needs a file that can be read as a whole\n/,
        },
        { run: ['cookie', 'list', 'other.test'], stdout: /^(o|new) [^\n]*\n(o|new) [^\n]*\n$/ },
        {
          run: ['import', '-', '--replace'],
          stdin: 'other.test\tFALSE\t/\tFALSE\t1000\to\tx\n',
          status: 1,
          stderr: /error: stdin: nothing was imported: 1 expired\n/,
        },
        { run: ['cookie', 'list', 'other.test'], stdout: /^(o|new) [^\n]*\n(o|new) [^\n]*\n$/ },
        { run: ['import', '-', '--merge', '--replace'], stdin: 'x', status: 2, stdout: '' },
        { run: ['import', '-', '--session', 'nope'], stdin: cookiesTxt, status: 4, stdout: '' },
      ],
    ))

  test('takes in web storage, which is shown by key and removed by origin', () =>
    story(
      [secret],
      [
        {
          run: ['import', '-'],
          stdin: state,
          stderr: /imported 1 cookie of 1 site .*\n.*imported 2 keys of web storage of 1 origin\n/,
        },
        {
          run: ['session', 'show'],
          stdout:
            /web storage of https:\/\/app\.example\.com\n {2}token {3}localStorage {2}21 characters\n {2}\\x9b2J {2}localStorage {2}1 character\n/,
        },
        {
          run: ['session', 'show', '--json'],
          stdout: {
            storage: [
              {
                origin: 'https://app.example.com',
                local_storage: [{ key: 'token', length: 21 }, {}],
                session_storage: [],
              },
            ],
          },
        },
        {
          run: ['storage', 'list', 'example.com', '--json'],
          stdout: { schema: 'hallpass.storage/1', storage: [{ origin: 'https://app.example.com' }] },
        },
        {
          run: ['storage', 'rm', 'https://app.example.com'],
          status: 2,
          stderr: /--yes answers yes to: Remove 2 keys/,
        },
        {
          run: ['storage', 'rm', 'https://app.example.com:8443', '--yes'],
          status: 4,
          stderr: /has no web storage of/,
        },
        {
          run: ['storage', 'rm', 'https://app.example.com', '--yes', '--json'],
          stdout: { schema: 'hallpass.storage-rm/1', removed: 2 },
        },
        {
          run: ['storage', 'list'],
          stdout: '',
          stderr: 'hallpass: the session default has no web storage\n',
        },
        { run: ['storage', 'rm', 'ftp://x'], status: 2 },
      ],
    ))

  test('counts the web storage of hosts that were not asked for', () => {
    const origins = ['https://app.example.com', 'https://other.test'].map((origin) => {
      return { origin, localStorage: [{ name: 'k', value: secret }] }
    })
    const stdin = JSON.stringify({ cookies: [], origins })
    return story(
      [secret],
      [
        {
          run: ['import', '-', 'example.com'],
          stdin,
          stderr: /imported 1 key .*\n.*skipped the web storage of 1 origin of other hosts\n/,
        },
        {
          run: ['import', '-', 'example.com', '--json'],
          stdin,
          stdout: { storage: { origins: 1, keys: 1, elsewhere: 1 } },
        },
      ],
    )
  })

  test('needs the site of a header, and takes it from the command line', () =>
    story(
      [secret],
      [
        {
          run: ['import', '-'],
          stdin: `Cookie: sid=${secret}`,
          status: 1,
          stderr: /stdin: a Cookie header does not say which site/,
        },
        {
          run: ['import', '-', 'https://app.example.com/x'],
          stdin: `Cookie: sid=${secret}; b=1`,
          stderr: /imported 2 cookies/,
        },
        { run: ['cookie', 'get', 'https://app.example.com/', 'sid'], stdout: `${secret}\n`, reveals: true },
      ],
    ))

  test.each<[what: string, stdin: string, args: readonly string[], message: RegExp]>([
    ['is empty', '', [], /stdin: it is empty\nhallpass: hint: .*hallpass import --help\n$/],
    [
      'is prose',
      `Dear ${secret}`,
      [],
      /stdin: hallpass does not know its format\nhallpass: hint: .*hallpass import --help\n$/,
    ],
    [
      'is cut short',
      state.slice(0, 60),
      [],
      /stdin: line 1, column 61: it ends in the middle of the JSON\nhallpass: hint: .*hallpass import --help\n$/,
    ],
    [
      'is of another format than it is said to be',
      state,
      ['--format', 'netscape'],
      /stdin: line 1: a line has 7 columns separated by TABs, and this one has 1\nhallpass: hint: .*hallpass import --help\n$/,
    ],
    [
      'has nothing that can come in',
      `a.test\tFALSE\t/\tFALSE\t0\ta\t${secret}\x07\nb.test\tFALSE\t/\tFALSE\t1\tb\tc\n`,
      [],
      /stdin: nothing was imported: 1 a control character in the value; 1 expired\n$/,
    ],
    [
      'has nothing for that site',
      'a.test\tFALSE\t/\tFALSE\t0\ta\tb\n',
      ['other.test'],
      /stdin: nothing was imported: 1 not of other\.test\n$/,
    ],
    ['is a database', 'SQLite format 3\0', [], /stdin: it is the database of a browser/],
  ])('of a file that %s fails with the place and changes nothing', async (_, stdin, args, message) => {
    await story(
      [secret],
      [
        { run: ['import', '-', ...args], stdin, status: 1, stdout: '', stderr: message },
        { run: ['cookie', 'list'], stdout: '' },
      ],
    )
  })

  test('of 100 MB is refused, whether it is a file or comes by a pipe', async () => {
    const cli = new CommandLine()
    const file = join(cli.folder, 'big')
    writeFileSync(file, Buffer.alloc(100_000_000, 'a'))
    const { status, stdout, stderr } = await cli.run(['import', file])
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
    expect(stderr).toMatch(`hallpass: error: ${file}: it is larger than 64 MiB\n`)
    const piped = await cli.shell(`cat '${file}' | hallpass import -`)
    expect(piped.status).toBe(1)
    expect(piped.stderr).toMatch('hallpass: error: stdin: it is larger than 64 MiB\n')
  })

  test('of a missing file or a folder fails', async () => {
    const cli = new CommandLine()
    expect(await cli.run(['import', 'missing.txt'])).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('hallpass: error: missing.txt: there is no such file\n'),
    })
    expect(await cli.run(['import', '.'])).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('hallpass: error: .: it is a folder, not a file\n'),
    })
  })

  test('of many sites counts them up on a terminal, and nowhere else', async (context) => {
    const cli = new CommandLine()
    const file = join(cli.folder, 'many.txt')
    writeFileSync(
      file,
      Array.from({ length: 60 }, (_, index) => `s${index}.test\tFALSE\t/\tFALSE\t0\ta\tb\n`).join(''),
    )
    const { status, screen } = await onTerminal(context, cli, ['import', file], [])
    expect(status).toBe(0)
    expect(screen).toMatch(/\rwriting 59 of 60\r/)
    expect((await cli.run(['import', file])).stderr).not.toContain('writing')
  })

  test('that is killed leaves each site whole, and the same again completes it', async () => {
    const cli = new CommandLine()
    await cli.run(['cookie', 'set', 'https://s1.test/', 'a'], { stdin: 'old' })
    const lines = Array.from({ length: 300 }, (_, index) => `s${index}.test\tFALSE\t/\tFALSE\t0\ta\tnew\n`)
    writeFileSync(join(cli.folder, 'many.txt'), lines.join(''))
    const child = cli.spawn(['import', 'many.txt'])
    const end = ended(child)
    const sites = join(cli.home, 'sessions', 'default', 'sites')
    while (readdirSync(sites).length < 20 && child.exitCode === null) await sleep(1)
    child.kill('SIGKILL')
    await end
    const values = async () => {
      const { stdout, status } = await cli.run(['cookie', 'list', '--json', '--reveal'])
      expect(status).toBe(0)
      return (JSON.parse(stdout).cookies as { value: string }[]).map(({ value }) => value)
    }
    for (const value of await values()) expect(['old', 'new']).toContain(value)
    const again = await cli.run(['import', 'many.txt'])
    expect(again).toMatchObject({ status: 0 })
    expect(await values()).toEqual(Array.from({ length: 300 }, () => 'new'))
  })

  test('says of a HAR without cookies why', async () => {
    const cli = new CommandLine()
    const { status, stderr } = await cli.run(['import'], { stdin: '{"log":{"entries":[]}}' })
    expect(status).toBe(0)
    expect(stderr).toMatch(/read 0 cookies from stdin \(har\)\n.*with sensitive data/)
  })
})
