import { createHmac } from 'node:crypto'
import { chmodSync, lstatSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openStore, testEnv } from '../../test/store/open-store.ts'
import { scratchFolder, scratchStore } from '../../test/store/scratch.ts'
import { temporaryHome } from '../../test/support/temporary-home.ts'
import { Secret } from '../secret.ts'
import { FileStore } from './file.ts'
import type { Home } from './home.ts'
import { keyStatus } from './key-status.ts'
import { KeyRing, type KeyRingOptions } from './keyring.ts'
import { rotateKey } from './rotate.ts'
import type { SealId } from './seal.ts'

const id: SealId = { kind: 'cookies', session: 'work', name: 'example.com' }
const secret = Buffer.from('secret')
const open = (home: Home, options: Partial<KeyRingOptions> = {}) =>
  KeyRing.open(home, { env: testEnv, create: false, ...options })

describe('the key ring', () => {
  it('makes a key once, in a file that other users cannot read, and finds it again', async () => {
    const home = temporaryHome()
    const umask = process.umask(0)
    const first = await open(home, { create: true }).finally(() => process.umask(umask))
    const second = await open(home, { create: true })
    expect([first.created, second.created]).toEqual([true, false])
    expect(first.protector).toBe('file')
    expect(lstatSync(home.keyFile).mode & 0o777).toBe(0o600)
    expect(second.open(id, first.seal(id, secret))).toEqual(secret)
    expect(first.seal(id, secret)).not.toBe(first.seal(id, secret)) // a nonce is never used twice
  })

  it('makes no key unless asked', async () => {
    const home = temporaryHome()
    await expect(open(home)).rejects.toMatchObject({ code: 'key-missing', exit: 5 })
    expect(() => lstatSync(home.keyFile)).toThrow('ENOENT')
  })

  it('makes no key beside a record that a lost key sealed', async () => {
    const { home, store } = await scratchStore()
    await store.update(id, () => 1)
    rmSync(home.keyFile)
    await expect(open(home, { create: true })).rejects.toMatchObject({
      code: 'key-missing',
      message: expect.stringContaining(home.keyFile),
    })
    rmSync(home.sessions, { recursive: true })
    mkdirSync(home.sessions, { mode: 0o700 })
    expect((await open(home, { create: true })).created).toBe(true)
  })

  it('seals nothing more when its key file is gone, and still opens', async () => {
    const { home, store } = await scratchStore()
    await store.update(id, () => 1)
    const text = readFileSync(home.keyFile)
    rmSync(home.keyFile)
    await expect(store.update(id, () => 2)).rejects.toMatchObject({ code: 'key-missing' })
    expect((await store.read(id))?.value).toBe(1)
    writeFileSync(home.keyFile, text, { mode: 0o600 })
    expect(await store.update(id, () => 2)).toBe(2)
  })

  const edit = (changed: object) => (text: string) => JSON.stringify({ ...JSON.parse(text), ...changed })
  const withKey = (bytes: Buffer) => (text: string) => {
    const { keys, ...rest } = JSON.parse(text)
    return JSON.stringify({ ...rest, keys: [{ ...keys[0], key: bytes.toString('base64') }] })
  }
  const argon2 = { kind: 'passphrase', salt: 'AAAA', memoryKiB: 65536, passes: 3, lanes: 4 }
  const withPassphrase = (changed: object) => (text: string) => {
    const { keys, ...rest } = JSON.parse(text)
    const { kid, createdAt } = keys[0]
    const wrapped = { kid, createdAt, nonce: 'AAAA', data: 'AAAA' }
    return JSON.stringify({ ...rest, protector: { ...argon2, ...changed }, keys: [wrapped] })
  }
  const shortKey = Buffer.alloc(31, 1)
  const shortKid = createHmac('sha256', shortKey).update('hallpass kid').digest('hex').slice(0, 16)

  it.each<[string, (text: string) => string]>([
    ['is empty', () => ''],
    ['was cut', (text) => text.slice(0, 60)],
    ['is not JSON', () => 'key'],
    ['is a bare key', () => 'a'.repeat(64)],
    ['is of a later format', edit({ v: 2 })],
    ['has no keys', edit({ keys: [] })],
    ['has a current key that is not there', edit({ current: '0000000000000000' })],
    ['has a key of 31 bytes', withKey(Buffer.alloc(31))],
    ['has another key under the kid', withKey(Buffer.alloc(32))],
    ['has an unknown protector', edit({ protector: { kind: 'magic' } })],
    [
      'has a key of 31 bytes under its right kid',
      edit({ current: shortKid, keys: [{ kid: shortKid, createdAt: '', key: shortKey.toString('base64') }] }),
    ],
    ['asks for two gigabytes of memory', withPassphrase({ memoryKiB: 2 ** 21 })],
    ['asks for hardly any memory', withPassphrase({ memoryKiB: 64 })],
    ['asks for a thousand passes', withPassphrase({ passes: 1000 })],
    ['asks for half a pass', withPassphrase({ passes: 0.5 })],
    ['asks for a thousand lanes', withPassphrase({ lanes: 1000 })],
    ['claims a passphrase for a bare key', edit({ protector: argon2 })],
  ])('refuses a key file that %s, and leaves it', async (_, change) => {
    const home = temporaryHome()
    await open(home, { create: true })
    const bad = change(readFileSync(home.keyFile, 'utf8'))
    writeFileSync(home.keyFile, bad)
    const passphrase = async () => new Secret('p')
    await expect(open(home, { create: true, passphrase })).rejects.toMatchObject({
      code: 'key-invalid',
      message: expect.stringContaining(home.keyFile),
    })
    expect(readFileSync(home.keyFile, 'utf8')).toBe(bad)
  })

  it.each([0o640, 0o604, 0o620])('refuses a key file of mode %o', async (mode) => {
    const home = temporaryHome()
    await open(home, { create: true })
    chmodSync(home.keyFile, mode)
    await expect(open(home)).rejects.toMatchObject({
      code: 'state-unsafe',
      hint: `chmod 600 ${home.keyFile}`,
    })
  })

  it('refuses a key file that is a link', async () => {
    const home = temporaryHome()
    const planted = join(scratchFolder(), 'key')
    writeFileSync(planted, 'a'.repeat(64), { mode: 0o600 })
    symlinkSync(planted, home.keyFile)
    await expect(open(home, { create: true })).rejects.toMatchObject({ code: 'state-unsafe' })
    expect(readFileSync(planted, 'utf8')).toBe('a'.repeat(64))
  })
})

describe('a key from elsewhere', () => {
  function external(content: string | Uint8Array, mode = 0o600): { file: string; env: NodeJS.ProcessEnv } {
    const file = join(scratchFolder(), 'key')
    writeFileSync(file, content, { mode })
    chmodSync(file, mode)
    return { file, env: { ...testEnv, HALLPASS_KEY_FILE: file } }
  }

  it.each([0, 16, 31, 33, 48, 100])('of %i bytes is refused', async (size) => {
    const { env, file } = external(Buffer.alloc(size, 0xff))
    await expect(open(temporaryHome(), { env, create: true })).rejects.toMatchObject({
      code: 'key-invalid',
      message: expect.stringContaining(file),
    })
  })

  it.each([0o644, 0o640, 0o604])('of mode %o is refused', async (mode) => {
    const { env } = external('a'.repeat(64), mode)
    await expect(open(temporaryHome(), { env, create: true })).rejects.toMatchObject({ code: 'state-unsafe' })
  })

  it('that does not exist is not made', async () => {
    const env = { ...testEnv, HALLPASS_KEY_FILE: join(scratchFolder(), 'none') }
    await expect(open(temporaryHome(), { env, create: true })).rejects.toMatchObject({
      code: 'key-missing',
      message: expect.stringContaining('HALLPASS_KEY_FILE'),
    })
  })

  it('may be reached through links, as containers mount it, and has a second variable', async () => {
    const { file } = external(Buffer.alloc(32, 7))
    const link = join(scratchFolder(), 'link')
    symlinkSync(file, link)
    const keys = await open(temporaryHome(), { env: { ...testEnv, AI_ENCRYPTION_KEY_PATH: link } })
    expect(keys.protector).toBe('external')
    expect(keys.open(id, keys.seal(id, secret))).toEqual(secret)
  })

  it('is never changed here', async () => {
    const { env, file } = external('a'.repeat(64))
    const keys = await open(temporaryHome(), { env })
    await expect(keys.addKey()).rejects.toThrow('HALLPASS_KEY_FILE')
    await expect(keys.protect({ kind: 'file' })).rejects.toThrow('HALLPASS_KEY_FILE')
    expect(readFileSync(file, 'utf8')).toBe('a'.repeat(64))
  })
})

describe('a passphrase', () => {
  const words = new Secret('correct horse')
  const openWith = async (home: Home) => {
    const keys = await open(home, { passphrase: async () => words })
    return { keys, store: new FileStore(home, keys) }
  }
  const protectedHome = async () => {
    const { home, store, keys } = await scratchStore()
    await store.update(id, () => 'kept')
    const bare = JSON.parse(readFileSync(home.keyFile, 'utf8')).keys[0].key
    await keys.protect({ kind: 'passphrase', passphrase: words })
    return { home, store, keys, bare }
  }

  it('protects the existing keys against somebody who has only the file', async () => {
    const { home, keys, bare } = await protectedHome()
    expect(keys.protector).toBe('passphrase')
    expect(readFileSync(home.keyFile, 'utf8')).not.toContain(bare)
    const again = await open(home, { passphrase: async () => words })
    expect(again.open(id, keys.seal(id, secret))).toEqual(secret)
    expect(keyStatus(home, testEnv)).toMatchObject({ protector: 'passphrase', current: keys.current })
  })

  it('is asked for, and has to be right', async () => {
    const { home } = await protectedHome()
    await expect(open(home)).rejects.toMatchObject({ code: 'key-locked', exit: 5 })
    await expect(open(home, { passphrase: async () => new Secret('wrong') })).rejects.toMatchObject({
      code: 'key-locked',
      message: expect.not.stringContaining('wrong'),
    })
  })

  it('can be in a file that other users cannot read', async () => {
    const { home } = await protectedHome()
    const file = join(scratchFolder(), 'passphrase')
    writeFileSync(file, `${words.reveal()}\n`, { mode: 0o600 })
    const env = { ...testEnv, HALLPASS_PASSPHRASE_FILE: file }
    expect((await open(home, { env })).protector).toBe('passphrase')
    chmodSync(file, 0o644)
    await expect(open(home, { env })).rejects.toMatchObject({ code: 'state-unsafe' })
    rmSync(file)
    await expect(open(home, { env })).rejects.toMatchObject({
      code: 'key-locked',
      message: expect.stringContaining(file),
    })
  })

  it('may be typed in either Unicode form', async () => {
    const { home, keys } = await scratchStore()
    await keys.protect({ kind: 'passphrase', passphrase: new Secret('caf\u00e9') })
    expect((await open(home, { passphrase: async () => new Secret('cafe\u0301') })).current).toBe(
      keys.current,
    )
  })

  it('need not be asked for again when the key is rotated beside a running process', async () => {
    const { home, store, keys } = await protectedHome()
    const { store: running } = await openWith(home)
    await rotateKey(home, keys)
    expect(await running.update(id, () => 'after')).toBe(2)
    expect((await store.read(id))?.value).toBe('after')
  })

  it('is not empty', async () => {
    const { home, keys } = await scratchStore()
    const before = readFileSync(home.keyFile, 'utf8')
    await expect(keys.protect({ kind: 'passphrase', passphrase: new Secret('') })).rejects.toMatchObject({
      code: 'value-invalid',
    })
    expect(readFileSync(home.keyFile, 'utf8')).toBe(before)
  })

  it('set by another process does not stop a running one, and can be removed again', async () => {
    const { home } = await scratchStore()
    const running = await openStore(home)
    await running.store.update(id, () => 1)
    const admin = await open(home)
    await admin.protect({ kind: 'passphrase', passphrase: words })
    expect(await running.store.update(id, () => 2)).toBe(2)
    expect((await running.store.read(id))?.value).toBe(2)
    await admin.protect({ kind: 'file' })
    expect((await (await openStore(home)).store.read(id))?.value).toBe(2)
  })
})
