import { execFile } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { chmodSync, existsSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { makeCertificate } from '../../test/support/make-certificate.ts'
import { temporaryHome } from '../../test/support/temporary-home.ts'
import type { Home } from '../store/home.ts'
import { KeyRing } from '../store/keyring.ts'
import { rotateKey } from '../store/rotate.ts'
import { caKeyId } from '../store/seal.ts'
import { Authority } from './authority.ts'

const year = 365 * 86_400_000

/** HALLPASS_KEY_FILE would be the machine's own; an empty environment is a fresh user. */
const keysOf = (home: Home) => KeyRing.open(home, { env: { HALLPASS_NO_KEYRING: '1' }, create: true })

async function fresh(): Promise<{ home: Home; keys: KeyRing; authority: Authority }> {
  const home = temporaryHome()
  const keys = await keysOf(home)
  return { home, keys, authority: await Authority.open(home, keys, { create: true }) }
}

const open = (home: Home, keys: KeyRing) => Authority.open(home, keys, { create: true })

describe('the authority of an installation', () => {
  it('is made once and the same ever after', async () => {
    const { home, keys, authority } = await fresh()
    expect(authority.created).toBe(true)
    const again = await open(home, keys)
    expect(again.created).toBe(false)
    expect(again.certificatePem).toBe(authority.certificatePem)
    expect(again.spkiSha256).toBe(authority.spkiSha256)
    expect(authority.spkiSha256).toMatch(/^[A-Za-z0-9+/]{43}=$/)
  })

  it('is not made by a reader', async () => {
    const home = temporaryHome()
    const keys = await keysOf(home)
    await expect(Authority.open(home, keys, { create: false })).rejects.toMatchObject({
      code: 'ca-missing',
      hint: 'hallpass start',
    })
    expect(existsSync(home.caPem)).toBe(false)
  })

  it('has both files closed to others, and its key nowhere in clear', async () => {
    const { home, keys } = await fresh()
    for (const file of [home.caKey, home.caPem]) expect(statSync(file).mode & 0o777).toBe(0o600)
    const sealed = readFileSync(home.caKey, 'utf8')
    expect(sealed).not.toContain('PRIVATE')
    const secret = keys.open(caKeyId, sealed).toString('utf8').split('\n')[1] ?? ''
    expect(secret).toHaveLength(64)
    expect(sealed + readFileSync(home.caPem, 'utf8')).not.toContain(secret)
  })

  it('is the same for eight processes that all come first', async () => {
    const home = temporaryHome()
    const script = `
      import { Authority } from ${JSON.stringify(join(import.meta.dirname, 'authority.ts'))}
      import { homePaths } from ${JSON.stringify(join(import.meta.dirname, '../store/home.ts'))}
      import { KeyRing } from ${JSON.stringify(join(import.meta.dirname, '../store/keyring.ts'))}
      const home = homePaths(${JSON.stringify(home.root)})
      const keys = await KeyRing.open(home, { env: { HALLPASS_NO_KEYRING: '1' }, create: true })
      const authority = await Authority.open(home, keys, { create: true })
      console.log(JSON.stringify([authority.created, authority.certificatePem]))`
    const run = promisify(execFile)
    const said = await Promise.all(
      Array.from({ length: 8 }, () =>
        run(process.execPath, ['--input-type=module-typescript', '-e', script]),
      ),
    )
    const seen = said.map(({ stdout }) => JSON.parse(stdout) as [boolean, string])
    expect(new Set(seen.map(([, pem]) => pem))).toEqual(new Set([readFileSync(home.caPem, 'utf8')]))
    expect(seen.filter(([created]) => created)).toHaveLength(1)
  })

  it.each<[string, (home: Home) => void, 'caKey' | 'caPem']>([
    ['ca.key is gone', (home) => rmSync(home.caKey), 'caKey'],
    ['ca.key is empty', (home) => writeFileSync(home.caKey, ''), 'caKey'],
    [
      'ca.key is truncated',
      (home) => writeFileSync(home.caKey, readFileSync(home.caKey, 'utf8').slice(0, 200)),
      'caKey',
    ],
    [
      'ca.key has one byte changed',
      (home) =>
        writeFileSync(
          home.caKey,
          readFileSync(home.caKey, 'utf8').replace(
            /"data":"(.)/,
            (_, first) => `"data":"${first === 'A' ? 'B' : 'A'}`,
          ),
        ),
      'caKey',
    ],
    ['ca.pem is empty', (home) => writeFileSync(home.caPem, ''), 'caPem'],
    ['ca.pem is no certificate', (home) => writeFileSync(home.caPem, 'hello\n'), 'caPem'],
    [
      "ca.pem is another's certificate",
      (home) => writeFileSync(home.caPem, makeCertificate({}).cert),
      'caPem',
    ],
  ])('is refused with the file named and nothing overwritten when %s', async (_, damage, file) => {
    const { home, keys } = await fresh()
    damage(home)
    const before = [home.caKey, home.caPem].map((path) => existsSync(path) && readFileSync(path, 'utf8'))
    await expect(open(home, keys)).rejects.toMatchObject({
      code: 'ca-missing',
      message: expect.stringContaining(home[file]),
      hint: 'hallpass ca rotate',
    })
    expect([home.caKey, home.caPem].map((path) => existsSync(path) && readFileSync(path, 'utf8'))).toEqual(
      before,
    )
    const rotated = await Authority.rotate(home, keys)
    expect((await open(home, keys)).certificatePem).toBe(rotated.certificatePem)
  })

  it('is refused when its key and its certificate do not belong together', async () => {
    const { home, keys, authority } = await fresh()
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const text = `${privateKey.export({ type: 'pkcs8', format: 'pem' })}${authority.certificatePem}`
    writeFileSync(home.caKey, keys.seal(caKeyId, Buffer.from(text)))
    await expect(open(home, keys)).rejects.toMatchObject({ code: 'ca-missing' })
  })

  it('is refused when another installation sealed it, as a matter of the key', async () => {
    const { home, keys } = await fresh()
    const other = await fresh()
    writeFileSync(home.caKey, readFileSync(other.home.caKey))
    await expect(open(home, keys)).rejects.toMatchObject({ code: 'record-foreign-key' })
  })

  it.each<[string, (home: Home) => void]>([
    ['ca.key can be read by others', (home) => chmodSync(home.caKey, 0o644)],
    [
      'ca.pem is a symbolic link',
      (home) => {
        writeFileSync(`${home.caPem}.real`, readFileSync(home.caPem), { mode: 0o600 })
        rmSync(home.caPem)
        symlinkSync(`${home.caPem}.real`, home.caPem)
      },
    ],
  ])('is refused when %s', async (_, damage) => {
    const { home, keys } = await fresh()
    damage(home)
    await expect(open(home, keys)).rejects.toMatchObject({ code: 'state-unsafe' })
  })

  it('is refused when its time is over', async () => {
    const { home, keys } = await fresh()
    const later = { create: true, now: () => Date.now() + 11 * year }
    await expect(Authority.open(home, keys, later)).rejects.toMatchObject({
      code: 'ca-missing',
      message: expect.stringMatching(/expired on \d{4}-\d\d-\d\d/),
    })
  })

  it('comes back whole when a kill fell between its two files', async () => {
    const { home, keys, authority } = await fresh()
    rmSync(home.caPem)
    expect((await open(home, keys)).certificatePem).toBe(authority.certificatePem)
    const old = readFileSync(home.caPem)

    const rotated = await Authority.rotate(home, keys)
    writeFileSync(home.caPem, old)
    expect((await open(home, keys)).certificatePem).toBe(rotated.certificatePem)
    expect(readFileSync(home.caPem, 'utf8')).toBe(rotated.certificatePem)
  })

  it('is replaced by a rotation, and a holder of the old one then signs with the new one', async () => {
    const { home, authority } = await fresh()
    const before = await authority.issuer()
    expect(await authority.issuer()).toBe(before)
    const old = authority.certificate

    const rotated = await Authority.rotate(home, await keysOf(home))
    const after = await authority.issuer()
    expect(after.pem).toBe(rotated.certificatePem)
    expect(authority.certificatePem).toBe(rotated.certificatePem)
    expect(after.pem).not.toBe(before.pem)
    expect(rotated.isOurs(old)).toBe(true)
  })

  it('signs nothing while it is damaged, and goes on when it is put right', async () => {
    const { home, authority } = await fresh()
    const pem = readFileSync(home.caPem)
    writeFileSync(home.caPem, 'hello')
    await expect(authority.issuer()).rejects.toMatchObject({ code: 'ca-missing' })
    writeFileSync(home.caPem, pem)
    expect((await authority.issuer()).pem).toBe(pem.toString())
  })

  it('outlives a rotation of the data key by another process', async () => {
    const { home, keys, authority } = await fresh()
    await rotateKey(home, await keysOf(home))
    const rotated = await Authority.rotate(home, await keysOf(home))
    expect((await authority.issuer()).pem).toBe(rotated.certificatePem)
    expect((await open(home, keys)).certificatePem).toBe(rotated.certificatePem)
  })
})
