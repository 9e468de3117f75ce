import { spawn } from 'node:child_process'
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openHallpass } from '../../src/index.ts'
import { CommandLine, ended, said } from '../support/command-line.ts'
import { cookieUrl, cookieValue, expectReadable, filledHome, tokenValue } from './filled-home.ts'
import { onTerminal } from './on-terminal.ts'

const readerFile = join(import.meta.dirname, 'reader.ts')
const keyFile = (cli: CommandLine) => join(cli.home, 'config', 'encryption.key')

async function status(cli: CommandLine, env: NodeJS.ProcessEnv = {}) {
  return JSON.parse((await cli.run(['key', 'status', '--json'], { env })).stdout)
}

function secretFile(cli: CommandLine, name: string, text: string, mode = 0o600): string {
  const file = join(cli.folder, name)
  writeFileSync(file, text, { mode })
  chmodSync(file, mode)
  return file
}

describe('key status', () => {
  test('says where the key is, which records it seals, and whom a bare file does not stop', async () => {
    const cli = await filledHome()
    const { stdout, stderr, status } = await cli.run(['key', 'status'])
    expect(status).toBe(0)
    expect(stdout).toMatch(/^protector {6}file \(only its mode, 0600\)$/m)
    expect(stdout).toContain(keyFile(cli))
    expect(stdout).toMatch(/^current key {4}[0-9a-f]{16}, made \S+Z, seals 3 records$/m)
    expect(stdout).toMatch(/^not against {4}someone who gets the whole folder/m)
    expect(stderr).toMatch(/hint: .*hallpass key protect passphrase\n$/)
  })

  test('is one document with --json, without any part of the key', async () => {
    const cli = await filledHome()
    const document = await status(cli)
    expect(document).toMatchObject({
      schema: 'hallpass.key/1',
      protector: 'file',
      file: keyFile(cli),
      variable: null,
      keys: [{ kid: document.current, current: true, records: 3 }],
      foreign: [],
      unreadable: [],
    })
    expect(document.keys[0].files).toContain(
      join('sessions', 'default', 'sites', 'example.com', 'cookies.json.enc'),
    )
    const { keys } = JSON.parse(readFileSync(keyFile(cli), 'utf8'))
    expect(JSON.stringify(document)).not.toContain(keys[0].key)
  })

  test('makes nothing in an empty home, and says how a key comes to be', async () => {
    const cli = new CommandLine()
    const { stdout, stderr, status } = await cli.run(['key', 'status'])
    expect({ stdout, status }).toEqual({ stdout: '', status: 5 })
    expect(stderr).toMatch(/error: there is no key yet: .*\nhallpass: hint: .*hallpass start\n$/)
    expect(existsSync(cli.home)).toBe(false)
  })

  test('distinguishes a lost key from a missing one, and says how to try a backup', async () => {
    const cli = await filledHome()
    const { current } = await status(cli)
    const backup = secretFile(cli, 'backup.key', readFileSync(keyFile(cli), 'utf8'))
    rmSync(keyFile(cli))
    const lost = await cli.run(['key', 'status'])
    expect(lost.status).toBe(5)
    expect(lost.stderr).toContain(`3 records cannot be opened without it (key ${current})`)
    expect(lost.stderr).toMatch(/hint: HALLPASS_KEY_FILE=BACKUP .*hallpass key status\n$/)
    const tried = await status(cli, { HALLPASS_KEY_FILE: backup })
    expect(tried).toMatchObject({ variable: 'HALLPASS_KEY_FILE', file: backup, current, foreign: [] })
  })

  test('names the records of a key that the key file does not list', async () => {
    const cli = await filledHome()
    const other = secretFile(cli, 'other.key', '7'.repeat(64))
    const { stdout, stderr, status } = await cli.run(['key', 'status', '--json'], {
      env: { HALLPASS_KEY_FILE: other },
    })
    expect(status).toBe(0)
    expect(JSON.parse(stdout).foreign).toMatchObject([{ records: 3 }])
    expect(stderr).toMatch(
      /warning: 3 records sealed with the key [0-9a-f]{16}, which .*other\.key does not list/,
    )
  })

  test.each([
    ['damaged', (file: string) => writeFileSync(file, '{"v":1}'), 5, 'is damaged, or is not a key'],
    ['of a newer hallpass', (file: string) => writeFileSync(file, '{"v":9}'), 5, 'made by a newer hallpass'],
    ['readable by others', (file: string) => chmodSync(file, 0o644), 1, 'is open to other users (mode 0644)'],
  ])('refuses a key file that is %s, and leaves it', async (_, spoil, exit, message) => {
    const cli = await filledHome()
    spoil(keyFile(cli))
    const before = readFileSync(keyFile(cli), 'utf8')
    const { stdout, stderr, status } = await cli.run(['key', 'status'])
    expect({ stdout, status }).toEqual({ stdout: '', status: exit })
    expect(stderr).toContain(message)
    expect(stderr).toMatch(/\nhallpass: hint: /)
    expect(readFileSync(keyFile(cli), 'utf8')).toBe(before)
  })

  test('goes on past a damaged record and names it', async () => {
    const cli = await filledHome()
    const file = join('sessions', 'default', 'credentials', 'api.json.enc')
    writeFileSync(join(cli.home, file), 'rubbish')
    const { stdout, stderr } = await cli.run(['key', 'status', '--json'])
    expect(JSON.parse(stdout)).toMatchObject({ unreadable: [file], keys: [{ records: 2 }] })
    expect(stderr).toContain(`warning: ${file} is damaged`)
  })
})

describe('key protect', () => {
  test('takes a passphrase from stdin, and from then on nothing opens without it', async () => {
    const cli = await filledHome()
    const protect = await cli.run(['key', 'protect', 'passphrase'], { stdin: 'correct horse\n' })
    expect({ stdout: protect.stdout, status: protect.status }).toEqual({ stdout: '', status: 0 })
    expect(protect.stderr).toContain('is protected by: passphrase (Argon2id)')
    expect(protect.stderr).toContain('it protects against someone who gets the whole folder')
    expect(protect.stderr).toMatch(/hint: .*hallpass key rotate\n$/)
    expect(protect.stderr).not.toContain('correct horse')

    const locked = await cli.run(['token', 'get', 'api'])
    expect({ stdout: locked.stdout, status: locked.status }).toEqual({ stdout: '', status: 5 })
    await expectReadable(cli, { HALLPASS_PASSPHRASE_FILE: secretFile(cli, 'pass', 'correct horse\n') })
    const wrong = await cli.run(['token', 'get', 'api'], {
      env: { HALLPASS_PASSPHRASE_FILE: secretFile(cli, 'wrong', 'incorrect horse') },
    })
    expect({ stdout: wrong.stdout, status: wrong.status }).toEqual({ stdout: '', status: 5 })
    // What says so asks for nothing.
    expect(await status(cli)).toMatchObject({ protector: 'passphrase', keys: [{ records: 3 }] })
  })

  test('goes to a passphrase from a file and back to a file, and loses nothing', async () => {
    const cli = await filledHome()
    const HALLPASS_PASSPHRASE_FILE = secretFile(cli, 'pass', 'correct horse\n')
    const there = await cli.run([
      ...['key', 'protect', 'passphrase', '--passphrase-file', HALLPASS_PASSPHRASE_FILE, '--json'],
    ])
    expect(JSON.parse(there.stdout)).toMatchObject({
      schema: 'hallpass.key-protect/1',
      protector: 'passphrase',
      before: 'file',
    })
    const back = await cli.run(['key', 'protect', 'file'], { env: { HALLPASS_PASSPHRASE_FILE } })
    expect(back.status).toBe(0)
    expect(back.stderr).toContain('it does not protect against someone who gets the whole folder')
    await expectReadable(cli)
  })

  test.each([
    ['an empty stdin', ['passphrase'], '', 2, '--passphrase-file FILE'],
    ['a passphrase of two lines', ['passphrase'], 'correct\nhorse\n', 2, 'more than one line'],
    ['a passphrase that nobody can type', ['passphrase'], 'correct\thorse\n', 2, 'a control character'],
    [
      'a passphrase file that is not there',
      ['passphrase', '--passphrase-file', '/nowhere/p'],
      '',
      2,
      'does not exist',
    ],
    [
      'a passphrase file for a keyring',
      ['keyring', '--passphrase-file', 'p'],
      '',
      2,
      'does not go with keyring',
    ],
    ['means that there are not', ['magic'], '', 2, 'file, keyring, passphrase'],
    ['no means', [], '', 2, 'means'],
    ['a keyring where there is none', ['keyring'], '', 1, 'no keyring'],
  ])('changes nothing for %s', async (_, args, stdin, exit, message) => {
    const cli = await filledHome()
    const before = readFileSync(keyFile(cli), 'utf8')
    const { stdout, stderr, status } = await cli.run(['key', 'protect', ...args], { stdin })
    expect({ stdout, status }).toEqual({ stdout: '', status: exit })
    expect(stderr).toContain(message)
    expect(readFileSync(keyFile(cli), 'utf8')).toBe(before)
  })

  test.each([
    ['readable by others', 'secret', 0o644, 1, 'is open to other users'],
    ['empty', '\n', 0o600, 2, 'is empty'],
    ['of two lines', 'correct\nhorse\n', 0o600, 2, 'more than one line'],
  ])('refuses a passphrase file that is %s', async (_, text, mode, exit, message) => {
    const cli = new CommandLine()
    const file = secretFile(cli, 'pass', text, mode)
    const { stderr, status } = await cli.run(['key', 'protect', 'passphrase', '--passphrase-file', file])
    expect(status).toBe(exit)
    expect(stderr).toContain(message)
    expect(existsSync(cli.home)).toBe(false)
  })

  test('leaves a key of HALLPASS_KEY_FILE alone', async () => {
    const cli = new CommandLine()
    const env = { HALLPASS_KEY_FILE: secretFile(cli, 'mounted.key', '7'.repeat(64)) }
    const { stderr, status } = await cli.run(['key', 'protect', 'passphrase'], {
      env,
      stdin: 'correct horse',
    })
    expect(status).toBe(1)
    expect(stderr).toContain('the key comes from HALLPASS_KEY_FILE')
  })

  test('asks for a passphrase twice on a terminal, and shows none of it', async (context) => {
    const cli = await filledHome()
    const { status, screen } = await onTerminal(
      context,
      cli,
      ['key', 'protect', 'passphrase'],
      [
        { at: /new passphrase/, keys: 'correct horse\r' },
        { at: /passphrase again/, keys: 'correct horse\r' },
      ],
    )
    expect(status).toBe(0)
    expect(screen).not.toContain('horse')
    await expectReadable(cli, { HALLPASS_PASSPHRASE_FILE: secretFile(cli, 'pass', 'correct horse') })
  })

  test.for([
    ['two that differ', 'other horse\r', 2, 'the two passphrases differ'],
    ['Ctrl-C', '\u0003', 130, 'passphrase again'],
  ] as const)('changes nothing on a terminal for %s', async ([, keys, exit, message], context) => {
    const cli = await filledHome()
    const before = readFileSync(keyFile(cli), 'utf8')
    const { status, screen } = await onTerminal(
      context,
      cli,
      ['key', 'protect', 'passphrase'],
      [
        { at: /new passphrase/, keys: 'correct horse\r' },
        { at: /passphrase again/, keys },
      ],
    )
    expect(status).toBe(exit)
    expect(screen).toContain(message)
    expect(readFileSync(keyFile(cli), 'utf8')).toBe(before)
  })

  test('does not ask on a terminal with --no-input, and names the flag', async (context) => {
    const cli = await filledHome()
    const { status, screen } = await onTerminal(
      context,
      cli,
      ['key', 'protect', 'passphrase', '--no-input'],
      [],
    )
    expect(status).toBe(2)
    expect(screen).toContain('--passphrase-file FILE')
  })

  test('asks for the present passphrase before the key is protected otherwise', async (context) => {
    const cli = await filledHome()
    await cli.run(['key', 'protect', 'passphrase'], { stdin: 'correct horse' })
    const { status } = await onTerminal(
      context,
      cli,
      ['key', 'protect', 'file'],
      [{ at: /passphrase/, keys: 'correct horse\r' }],
    )
    expect(status).toBe(0)
    await expectReadable(cli)
  })
})

describe('key rotate', () => {
  test('reseals everything with a new key and forgets the old one', async () => {
    const cli = await filledHome()
    const before = await status(cli)
    const { stdout, stderr, status: exit } = await cli.run(['key', 'rotate'])
    const after = await status(cli)
    expect({ stdout, exit }).toEqual({ stdout: '', exit: 0 })
    expect(after.current).not.toBe(before.current)
    expect(after.keys).toMatchObject([{ kid: after.current, records: 3 }])
    expect(stderr).toContain(`3 records resealed with the new key ${after.current}`)
    expect(stderr).toContain(`removed the old key ${before.current}`)
    await expectReadable(cli)
  })

  test('says what was done with --json', async () => {
    const cli = await filledHome()
    const { current } = await status(cli)
    const { stdout } = await cli.run(['key', 'rotate', '--json'])
    expect(JSON.parse(stdout)).toMatchObject({
      schema: 'hallpass.key-rotate/1',
      resealed: 3,
      dropped: [current],
      left: [],
    })
  })

  test('exits 8 when a record cannot be resealed, leaves it, and keeps its key', async () => {
    const cli = await filledHome()
    const { current } = await status(cli)
    const file = join(cli.home, 'sessions', 'default', 'credentials', 'api.json.enc')
    const whole = readFileSync(file, 'utf8')
    writeFileSync(file, 'rubbish')
    const { stdout, stderr, status: exit } = await cli.run(['key', 'rotate', '--json'])
    expect(exit).toBe(8)
    expect(JSON.parse(stdout)).toMatchObject({
      resealed: 2,
      dropped: [],
      left: [{ file, code: 'record-damaged' }],
    })
    expect(stderr).toContain('1 record could not be resealed')
    expect(stderr).toMatch(/hint: .*hallpass key status\n$/)
    expect(readFileSync(file, 'utf8')).toBe('rubbish')
    // Put back, it opens, and what still hangs on the old key is told by name until the next rotation.
    writeFileSync(file, whole)
    await expectReadable(cli)
    const told = await cli.run(['key', 'status'])
    expect(told.stdout).toMatch(new RegExp(`^old key {8}${current}, made .*, seals 1 record$`, 'm'))
    expect(told.stdout).toContain(join('sessions', 'default', 'credentials', 'api.json.enc'))
    expect((await cli.run(['key', 'rotate'])).status).toBe(0)
    expect((await status(cli)).keys).toHaveLength(1)
    await expectReadable(cli)
  })

  test('tells beforehand that many records take a while', async () => {
    const cli = await filledHome()
    expect((await cli.run(['key', 'rotate'])).stderr).not.toContain('resealing')
    const hallpass = await openHallpass({ home: cli.home, env: cli.env })
    const hosts = Array.from({ length: 100 }, (_, n) => `https://s${n}.example/`)
    await Promise.all(hosts.map((url) => hallpass.saveCookies(url, ['sid=1'])))
    const { stderr, status: exit } = await cli.run(['key', 'rotate'])
    expect(exit).toBe(0)
    expect(stderr).toMatch(/^hallpass: resealing 103 records; .*\nhallpass: 103 records resealed/)
  })

  test('loses nothing while other processes read and write', async () => {
    const cli = await filledHome()
    const reader = () =>
      spawn(process.execPath, [readerFile, cookieUrl, cookieValue, tokenValue], { env: cli.env })
    const readers = [reader(), reader()]
    await Promise.all(readers.map((child) => said(child, /reading/)))
    const written = ['w1', 'w2', 'w3']
    const writers = written.map((name) => {
      return cli.run(['token', 'set', name, '--kind', 'bearer', '--host', 'w.example.com'], { stdin: name })
    })
    for (let round = 0; round < 3; round++)
      expect(await cli.run(['key', 'rotate'])).toMatchObject({ status: 0 })
    for (const writer of writers) expect(await writer).toMatchObject({ status: 0 })
    expect(await cli.run(['key', 'rotate'])).toMatchObject({ status: 0 })
    for (const child of readers) {
      const { status: exit, stdout } = await ended(child)
      expect(exit).toBe(0)
      expect(Number(stdout.replace('reading\n', ''))).toBeGreaterThan(3)
    }
    const session = await (await openHallpass({ home: cli.home, env: cli.env })).session()
    const values = written.map(async (name) => (await session.credentials.get(name)).value?.reveal())
    expect(await Promise.all(values)).toEqual(written)
    const { keys, foreign } = await status(cli)
    expect({ keys: keys.length, foreign }).toEqual({ keys: 1, foreign: [] })
  })

  test('leaves a running process its key when the protection changes', async () => {
    const cli = await filledHome()
    const child = spawn(process.execPath, [readerFile, cookieUrl, cookieValue, tokenValue], { env: cli.env })
    await said(child, /reading/)
    await cli.run(['key', 'protect', 'passphrase'], { stdin: 'correct horse' })
    expect((await ended(child)).status).toBe(0)
  })
})
