import { spawn } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { pemBlocks } from '../../src/certs/pem.ts'
import { CommandLine, ended, said } from '../support/command-line.ts'
import { testRootPem } from '../support/origin.ts'
import { cookieUrl, cookieValue, expectReadable, filledHome, tokenValue } from './filled-home.ts'
import { onTerminal } from './on-terminal.ts'

const caPem = (cli: CommandLine) => join(cli.home, 'ca', 'ca.pem')
const bundle = (cli: CommandLine) => join(cli.home, 'ca', 'bundle.pem')
const read = (file: string) => readFileSync(file, 'utf8')

async function lock(cli: CommandLine): Promise<void> {
  expect(await cli.run(['key', 'protect', 'passphrase'], { stdin: 'correct horse' })).toMatchObject({
    status: 0,
  })
}

describe('ca path', () => {
  test('as the first command makes the authority, and prints the path alone', async () => {
    const cli = new CommandLine()
    const { stdout, stderr, status } = await cli.run(['ca', 'path'])
    expect({ stdout, status }).toEqual({ stdout: `${caPem(cli)}\n`, status: 0 })
    expect(stderr).toMatch(/^(hallpass: made \/\S+, .*\n){3}$/)
    expect(new X509Certificate(read(caPem(cli))).ca).toBe(true)
  })

  test('is one document with --json', async () => {
    const cli = await filledHome()
    const { stdout } = await cli.run(['ca', 'path', '--json'])
    expect(JSON.parse(stdout)).toEqual({ schema: 'hallpass.ca-path/1', path: caPem(cli) })
  })
})

describe('ca show', () => {
  test('shows what a person and a browser compare', async () => {
    const cli = await filledHome()
    const certificate = new X509Certificate(read(caPem(cli)))
    const { stdout, stderr, status } = await cli.run(['ca', 'show'])
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 })
    expect(stdout).toContain(`sha256  ${certificate.fingerprint256}`)
    expect(stdout).toContain(`path    ${caPem(cli)}`)
    const { stdout: json } = await cli.run(['ca', 'show', '--json'])
    expect(JSON.parse(json)).toMatchObject({
      schema: 'hallpass.ca/1',
      fingerprint_sha256: certificate.fingerprint256,
      not_after: certificate.validToDate.toISOString(),
      path: caPem(cli),
      bundle: bundle(cli),
    })
  })

  test('asks for no passphrase: the certificate is public', async () => {
    const cli = await filledHome()
    await lock(cli)
    for (const word of ['show', 'path']) {
      expect(await cli.run(['ca', word])).toMatchObject({ status: 0, stderr: '' })
    }
  })

  test.each([
    ['whose key is gone', 'ca.key', undefined],
    ['whose certificate is damaged', 'ca.pem', 'rubbish'],
  ])('fails for an authority %s, and says how to have another', async (_, name, text) => {
    const cli = await filledHome()
    const file = join(cli.home, 'ca', name)
    if (text === undefined) rmSync(file)
    else writeFileSync(file, text)
    for (const word of ['show', 'path', 'bundle']) {
      const { stdout, stderr, status } = await cli.run(['ca', word])
      expect({ word, stdout, status }).toEqual({ word, stdout: '', status: 7 })
      expect(stderr).toContain(file)
      expect(stderr).toMatch(/hint: .*hallpass ca rotate\n$/)
    }
  })
})

describe('ca bundle', () => {
  test("writes the system's roots, the environment's and ours, and prints the path alone", async () => {
    const cli = await filledHome()
    const company = join(cli.folder, 'company.pem')
    writeFileSync(company, testRootPem())
    const { stdout, stderr, status } = await cli.run(['ca', 'bundle'], { env: { SSL_CERT_FILE: company } })
    expect({ stdout, stderr, status }).toEqual({ stdout: `${bundle(cli)}\n`, stderr: '', status: 0 })
    const pems = pemBlocks('CERTIFICATE', read(bundle(cli)))
    expect(pems).toContain(new X509Certificate(testRootPem()).toString())
    expect(pems.at(-1)).toBe(read(caPem(cli)))
    expect(pems.length).toBeGreaterThan(20)
    expect(statSync(bundle(cli)).mode & 0o777).toBe(0o600)
  })

  test('keeps a root that only the environment before knew', async () => {
    const cli = await filledHome()
    const company = join(cli.folder, 'company.pem')
    writeFileSync(company, testRootPem())
    await cli.run(['ca', 'bundle'], { env: { SSL_CERT_FILE: company } })
    const { stdout } = await cli.run(['ca', 'bundle', '--json'])
    const pems = pemBlocks('CERTIFICATE', read(bundle(cli)))
    expect(pems).toContain(new X509Certificate(testRootPem()).toString())
    expect(JSON.parse(stdout)).toEqual({
      schema: 'hallpass.ca-bundle/1',
      path: bundle(cli),
      certificates: pems.length,
    })
    expect(new Set(pems).size).toBe(pems.length)
  })

  test('names a variable that leads nowhere', async () => {
    const cli = await filledHome()
    const { stderr, status } = await cli.run(['ca', 'bundle'], { env: { CURL_CA_BUNDLE: '/nowhere.pem' } })
    expect(status).toBe(0)
    expect(stderr).toContain('warning: CURL_CA_BUNDLE: /nowhere.pem is not in the bundle')
  })
})

describe('ca rotate', () => {
  test('makes a new authority, rewrites the bundle without the old one, and says what to trust anew', async () => {
    const cli = await filledHome()
    await cli.run(['ca', 'bundle'])
    const before = new X509Certificate(read(caPem(cli)))
    const { stdout, stderr, status } = await cli.run(['ca', 'rotate', '--yes'])
    expect({ stdout, status }).toEqual({ stdout: '', status: 0 })
    const after = new X509Certificate(read(caPem(cli)))
    expect(after.fingerprint256).not.toBe(before.fingerprint256)
    expect(stderr).toContain(`trust ${caPem(cli)}`)
    expect(stderr).toContain(before.fingerprint256)
    const pems = pemBlocks('CERTIFICATE', read(bundle(cli)))
    expect(pems).toContain(after.toString())
    expect(pems).not.toContain(before.toString())
    await expectReadable(cli)
  })

  test('says old and new with --json', async () => {
    const cli = await filledHome()
    const before = new X509Certificate(read(caPem(cli)))
    const { stdout } = await cli.run(['ca', 'rotate', '--yes', '--json'])
    expect(JSON.parse(stdout)).toMatchObject({
      schema: 'hallpass.ca/1',
      fingerprint_sha256: new X509Certificate(read(caPem(cli))).fingerprint256,
      replaced: { fingerprint_sha256: before.fingerprint256 },
    })
  })

  test.each([
    ['damaged', (cli: CommandLine) => writeFileSync(caPem(cli), 'rubbish')],
    ['without its key', (cli: CommandLine) => rmSync(join(cli.home, 'ca', 'ca.key'))],
    ['of a lost certificate', (cli: CommandLine) => rmSync(caPem(cli))],
    ['that never was', (cli: CommandLine) => rmSync(join(cli.home, 'ca'), { recursive: true })],
  ])('replaces an authority that is %s', async (_, spoil) => {
    const cli = await filledHome()
    spoil(cli)
    expect(await cli.run(['ca', 'rotate', '--yes'])).toMatchObject({ status: 0 })
    expect(await cli.run(['ca', 'show'])).toMatchObject({ status: 0 })
  })

  test('mends a damaged authority also where the configuration is wrong', async () => {
    const cli = await filledHome()
    writeFileSync(join(cli.home, 'config', 'config.yaml'), 'listen: nowhere\n', { mode: 0o600 })
    expect(await cli.run(['ca', 'rotate', '--yes'])).toMatchObject({ status: 0 })
  })

  test.each([
    ['without a terminal', ['ca', 'rotate'], 2, '--yes'],
    ['with --no-input', ['ca', 'rotate', '--no-input'], 2, '--yes'],
  ])('changes nothing %s, and names the flag', async (_, args, exit, message) => {
    const cli = await filledHome()
    const before = read(caPem(cli))
    const { stdout, stderr, status } = await cli.run(args)
    expect({ stdout, status }).toEqual({ stdout: '', status: exit })
    expect(stderr).toContain(message)
    expect(read(caPem(cli))).toBe(before)
    expect(existsSync(bundle(cli))).toBe(false)
  })

  test('changes nothing when the key is locked', async () => {
    const cli = await filledHome()
    await lock(cli)
    const before = read(caPem(cli))
    const { stdout, status } = await cli.run(['ca', 'rotate', '--yes'])
    expect({ stdout, status }).toEqual({ stdout: '', status: 5 })
    expect(read(caPem(cli))).toBe(before)
  })

  test('asks on a terminal, and a no changes nothing', async (context) => {
    const cli = await filledHome()
    const before = read(caPem(cli))
    const question = [{ at: /Replace the certificate authority "hallpass /, keys: 'n' }]
    const { status } = await onTerminal(context, cli, ['ca', 'rotate'], question)
    expect(status).toBe(1)
    expect(read(caPem(cli))).toBe(before)
  })

  test('and key rotate leave each other whole, and a process that reads meanwhile', async () => {
    const cli = await filledHome()
    const reader = spawn(
      process.execPath,
      [join(import.meta.dirname, 'reader.ts'), cookieUrl, cookieValue, tokenValue],
      { env: cli.env },
    )
    await said(reader, /reading/)
    const rotations = await Promise.all(
      [1, 2].flatMap(() => [cli.run(['ca', 'rotate', '--yes']), cli.run(['key', 'rotate'])]),
    )
    for (const rotation of rotations) expect(rotation).toMatchObject({ status: 0 })
    expect(await ended(reader)).toMatchObject({ status: 0 })
    // Opens the sealed key and compares it with the certificate.
    expect(await cli.run(['ca', 'bundle'])).toMatchObject({ status: 0, stderr: '' })
    expect(pemBlocks('CERTIFICATE', read(bundle(cli))).at(-1)).toBe(read(caPem(cli)))
  })
})
