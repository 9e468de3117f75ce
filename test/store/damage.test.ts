import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  copyFileSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import type { FileStore } from '../../src/store/file.ts'
import { type Home, prepareHome } from '../../src/store/home.ts'
import { recordLock, recordPath } from '../../src/store/record-path.ts'
import type { RecordId } from '../../src/store/store.ts'
import { openStore } from './open-store.ts'
import { scratchFolder, scratchStore } from './scratch.ts'

const id: RecordId = { kind: 'cookies', session: 'work', name: 'example.com' }
const value = { sid: 'hallpass-canary-7f3a' }

let home: Home
let store: FileStore
let path: string
let good: string

beforeEach(async () => {
  ;({ home, store } = await scratchStore())
  await store.update(id, () => value)
  path = recordPath(home, id)
  good = readFileSync(path, 'utf8')
})

/** A store that remembers nothing: what is on disk is all that it has. */
const fresh = async () => (await openStore(home)).store

describe('a record on disk', () => {
  it('holds nothing in clear', () => {
    expect(good).not.toContain('canary')
    expect(Object.keys(JSON.parse(good))).toEqual(['v', 'kid', 'nonce', 'data'])
    expect(lstatSync(path).mode & 0o777).toBe(0o600)
  })

  const part = (name: 'kid' | 'nonce' | 'data', change: (text: string) => string) => (text: string) => {
    const parsed = JSON.parse(text)
    return JSON.stringify({ ...parsed, [name]: change(parsed[name]) })
  }
  const noKid = '0000000000000000'

  it.each<[string, (text: string) => string, string]>([
    ['is empty', () => '', 'record-damaged'],
    ['was cut in the middle', (text) => text.slice(0, text.length / 2), 'record-damaged'],
    ['lacks its last byte', (text) => text.slice(0, -1), 'record-damaged'],
    ['has a byte too many', (text) => `${text}\n`, 'record-damaged'],
    ['is full of zeros', (text) => '\0'.repeat(text.length), 'record-damaged'],
    ['is not JSON', () => 'hello', 'record-damaged'],
    ['is JSON of another shape', () => '[1]', 'record-damaged'],
    ['is null', () => 'null', 'record-damaged'],
    ['has a format version of its own making', (text) => text.replace('"v":1', '"v":0'), 'record-damaged'],
    ['has a format version that is a text', (text) => text.replace('"v":1', '"v":"1"'), 'record-damaged'],
    ['is of a later format', (text) => text.replace('"v":1', '"v":2'), 'record-newer'],
    ['is of a later format with members unknown', () => '{"v":3,"cipher":"x"}', 'record-newer'],
    ['was sealed with a key that is not listed', part('kid', () => noKid), 'record-foreign-key'],
    ['names the prototype as its key', part('kid', () => '__proto__'), 'record-foreign-key'],
    ['has a shorter nonce', part('nonce', (text) => text.slice(4)), 'record-damaged'],
    ['has no nonce', part('nonce', () => ''), 'record-damaged'],
    ['has no data', part('data', () => ''), 'record-damaged'],
    ['has a tag alone', part('data', (text) => text.slice(-24)), 'record-damaged'],
    [
      'lacks its tag',
      part('data', (text) => Buffer.from(text, 'base64').subarray(0, -16).toString('base64')),
      'record-damaged',
    ],
    ['has spaces', (text) => text.replace(':', ': '), 'record-damaged'],
    ['has a member more', (text) => text.replace('}', ',"x":1}'), 'record-damaged'],
    ['has a member twice', (text) => text.replace('"v":1', '"v":1,"v":1'), 'record-damaged'],
    ['starts with a byte order mark', (text) => `\ufeff${text}`, 'record-damaged'],
  ])('that %s is refused, named and left alone', async (_, change, code) => {
    const bad = change(good)
    expect(bad).not.toBe(good)
    writeFileSync(path, bad)
    const refused = expect.objectContaining({ code, message: expect.stringContaining(path) })
    for (const reader of [store, await fresh()]) {
      await expect(reader.read(id)).rejects.toEqual(refused)
      await expect(reader.update(id, () => 'overwritten')).rejects.toEqual(refused)
      await expect(reader.update(id, () => undefined)).rejects.toEqual(refused)
    }
    expect(readFileSync(path, 'utf8')).toBe(bad)
    writeFileSync(path, good)
    expect((await store.read(id))?.value).toEqual(value)
  })

  it('with any one bit changed is never believed', async () => {
    const reader = await fresh()
    const bytes = Buffer.from(good)
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const bad = Buffer.from(bytes)
      bad[bit >> 3] = (bad[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      writeFileSync(path, bad)
      const found = await reader.read(id).catch((error) => error.code)
      expect(['record-damaged', 'record-foreign-key', 'record-newer'], `bit ${bit}`).toContain(found)
    }
  })

  it('that was blown up is refused before it fills the memory', async () => {
    truncateSync(path, 2 ** 40)
    await expect((await fresh()).read(id)).rejects.toMatchObject({
      code: 'record-damaged',
      message: `${path} is far too large`,
    })
  })

  it('cut short anywhere is never believed', async () => {
    const reader = await fresh()
    for (let length = 0; length < good.length; length++) {
      writeFileSync(path, good.slice(0, length))
      await expect(reader.read(id), `${length} bytes`).rejects.toMatchObject({ code: 'record-damaged' })
    }
  })

  it.each<[string, RecordId]>([
    ['another site', { ...id, name: 'example.org' }],
    ['another session', { ...id, session: 'other' }],
    ['another kind', { ...id, kind: 'storage' }],
    ['a credential', { kind: 'credential', session: 'work', name: 'example.com' }],
  ])('exchanged with that of %s is refused by both', async (_, other) => {
    await store.addSession({ name: 'other', id: 'one', createdAt: '' })
    await store.update(other, () => 'other')
    const otherPath = recordPath(home, other)
    renameSync(path, `${path}.kept`)
    renameSync(otherPath, path)
    renameSync(`${path}.kept`, otherPath)
    for (const reader of [store, await fresh()]) {
      for (const one of [id, other])
        await expect(reader.read(one)).rejects.toMatchObject({ code: 'record-damaged' })
    }
  })

  it('made under another key is refused', async () => {
    const { home: foreignHome, store: foreign } = await scratchStore()
    await foreign.update(id, () => 'foreign')
    copyFileSync(recordPath(foreignHome, id), path)
    await expect(store.read(id)).rejects.toMatchObject({ code: 'record-foreign-key', exit: 5 })
  })

  it('does not keep other records from being used', async () => {
    writeFileSync(path, 'broken')
    const other = { ...id, name: 'example.org' }
    await store.update(other, () => 1)
    expect((await (await fresh()).read(other))?.value).toBe(1)
  })
})

describe('a file or folder that others could have put there', () => {
  const refused = expect.objectContaining({ code: 'state-unsafe' })

  it('is not read or written as a link, and its target stays as it is', async () => {
    const outside = join(scratchFolder(), 'outside')
    writeFileSync(outside, good, { mode: 0o600 })
    rmSync(path)
    symlinkSync(outside, path)
    for (const reader of [store, await fresh()]) {
      await expect(reader.read(id)).rejects.toEqual(refused)
      await expect(reader.update(id, () => 1)).rejects.toEqual(refused)
    }
    expect(readFileSync(outside, 'utf8')).toBe(good)
    expect(lstatSync(path).isSymbolicLink()).toBe(true)
  })

  it.each(['.tmp'])(
    'planted under the name of a temporary file (%s) is not written through',
    async (suffix) => {
      const outside = join(scratchFolder(), 'outside')
      writeFileSync(outside, 'precious')
      symlinkSync(outside, path + suffix)
      await store.update(id, () => 2)
      expect(readFileSync(outside, 'utf8')).toBe('precious')
      linkSync(outside, path + suffix)
      await store.update(id, () => 3)
      expect(readFileSync(outside, 'utf8')).toBe('precious')
      expect((await (await fresh()).read(id))?.value).toBe(3)
    },
  )

  it.each(['sessions/work/sites/example.com', 'sessions/work/sites', 'sessions/work', 'sessions'])(
    'is not followed as a folder: %s',
    async (folder) => {
      const outside = scratchFolder()
      const inside = join(home.root, folder)
      renameSync(inside, join(outside, 'moved'))
      symlinkSync(join(outside, 'moved'), inside)
      const before = lstatSync(join(outside, 'moved'), { bigint: true }).mtimeNs
      const reader = await fresh()
      await expect(reader.read(id)).rejects.toEqual(refused)
      await expect(reader.update(id, () => 1)).rejects.toEqual(refused)
      expect(lstatSync(join(outside, 'moved'), { bigint: true }).mtimeNs).toBe(before)
    },
  )

  it.each(['lock', 'folder of locks'])('is not followed as a %s', async (what) => {
    const outside = scratchFolder()
    rmSync(home.locks, { recursive: true })
    if (what === 'lock') {
      mkdirSync(home.locks, { mode: 0o700 })
      symlinkSync(join(outside, 'planted'), recordLock(home, id))
      await expect(store.update(id, () => 1)).rejects.toEqual(refused)
      expect(() => lstatSync(join(outside, 'planted'))).toThrow('ENOENT')
    } else {
      symlinkSync(outside, home.locks)
      expect(() => prepareHome(home)).toThrow(refused)
    }
  })

  it.each([0o640, 0o604, 0o620, 0o602, 0o666])('is not believed with mode %o', async (mode) => {
    await store.read(id)
    chmodSync(path, mode)
    for (const reader of [store, await fresh()]) await expect(reader.read(id)).rejects.toEqual(refused)
    chmodSync(path, 0o600)
    expect((await store.read(id))?.value).toEqual(value)
  })

  it.skipIf(process.getuid?.() !== 0)(
    "is not believed when it is another user's (root only: needs chown)",
    async () => {
      chownSync(path, 4711, 4711)
      for (const reader of [store, await fresh()]) await expect(reader.read(id)).rejects.toEqual(refused)
      chownSync(path, 0, 0)
      chownSync(dirname(path), 4711, 4711)
      await expect((await fresh()).read(id)).rejects.toEqual(refused)
    },
  )

  it('is not waited for when it is a pipe', async () => {
    rmSync(path)
    execFileSync('mkfifo', ['-m', '600', path])
    await expect((await fresh()).read(id)).rejects.toEqual(refused)
  })

  it('is not believed as a folder', async () => {
    rmSync(path)
    mkdirSync(path, { mode: 0o700 })
    await expect((await fresh()).read(id)).rejects.toEqual(refused)
  })
})

describe('a record too large to be read again', () => {
  it('is not written', async () => {
    const letters = 'x'.repeat(50 * 1024 * 1024) // more than 64 MiB as Base64
    await expect(store.update(id, () => letters)).rejects.toMatchObject({ code: 'not-saved' })
    expect((await store.read(id))?.value).toEqual(value)
  })
})

describe('the metadata of a session', () => {
  it.each([
    '',
    '{',
    '[]',
    '{"name":"other","createdAt":""}',
    '{"name":"work"}',
    '{"name":"work","createdAt":"","expiresAt":1}',
  ])('is refused and named when it is %j', async (text) => {
    const file = join(home.sessions, 'work', 'session.json')
    writeFileSync(file, text)
    await expect(store.readSession('work')).rejects.toMatchObject({
      code: 'record-damaged',
      message: expect.stringContaining(file),
    })
  })
})
