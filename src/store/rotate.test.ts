import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openStore, testEnv } from '../../test/store/open-store.ts'
import { scratchStore } from '../../test/store/scratch.ts'
import type { FileStore } from './file.ts'
import { keyStatus } from './key-status.ts'
import { withLock } from './lock.ts'
import { recordLock, recordPath } from './record-path.ts'
import { rotateKey } from './rotate.ts'
import { caKeyId, type SealId } from './seal.ts'

const ids: readonly SealId[] = [
  caKeyId,
  { kind: 'cookies', session: 'work', name: 'example.com' },
  { kind: 'cookies', session: 'work', name: '::1' },
  { kind: 'storage', session: 'work', name: 'example.com' },
  { kind: 'credential', session: 'work', name: 'api' },
  { kind: 'undo', session: 'work', name: '' },
]
const [, first = caKeyId] = ids

async function filled() {
  const opened = await scratchStore()
  for (const [n, id] of ids.entries()) await opened.store.update(id, () => n)
  return opened
}

async function expectAllThere(store: FileStore) {
  for (const [n, id] of ids.entries()) expect((await store.read(id))?.value, id.kind).toBe(n)
}

describe('rotating the key', () => {
  it('reseals everything, drops the old key and leaves values and versions', async () => {
    const { home, store, keys } = await filled()
    const before = keys.current
    const old = readFileSync(recordPath(home, first), 'utf8')
    const rotation = await rotateKey(home, keys)
    expect(rotation).toEqual({ current: keys.current, resealed: ids.length, dropped: [before], left: [] })
    expect(keys.current).not.toBe(before)
    expect(keyStatus(home, testEnv)?.keys.map(({ kid }) => kid)).toEqual([keys.current])
    for (const id of ids)
      expect(JSON.parse(readFileSync(recordPath(home, id), 'utf8')).kid).toBe(keys.current)
    for (const reader of [store, (await openStore(home)).store]) await expectAllThere(reader)
    expect((await store.read(first))?.version).toBe(1)
    writeFileSync(recordPath(home, first), old)
    await expect(store.read(first)).rejects.toMatchObject({ code: 'record-foreign-key' })
  })

  it('is taken over by a store that was open before', async () => {
    const { home, keys } = await filled()
    const { store: running } = await openStore(home)
    await expectAllThere(running)
    await rotateKey(home, keys)
    expect(await running.update(first, () => 'new')).toBe(2)
    expect((await (await openStore(home)).store.read(first))?.value).toBe('new')
    await rotateKey(home, keys)
    expect((await running.read(caKeyId))?.value).toBe(0)
  })

  it('keeps the old key while a record could not be resealed, and ends it the next time', async () => {
    const { home, store, keys } = await filled()
    const before = keys.current
    const path = recordPath(home, first)
    const good = readFileSync(path, 'utf8')
    writeFileSync(path, good.slice(0, -1))
    const rotation = await rotateKey(home, keys)
    expect(rotation).toMatchObject({ resealed: ids.length - 1, dropped: [], left: [{ file: path }] })
    expect(readFileSync(path, 'utf8')).toBe(good.slice(0, -1))
    writeFileSync(path, good)
    await expectAllThere(store)
    expect((await rotateKey(home, keys)).dropped).toContain(before)
    await expectAllThere(store)
  })

  it('is not held up by a record of a key that was never listed', async () => {
    const { home, keys } = await filled()
    const stranger = await filled()
    const path = recordPath(home, first)
    copyFileSync(recordPath(stranger.home, first), path)
    const before = readFileSync(path, 'utf8')
    expect(await rotateKey(home, keys)).toMatchObject({ resealed: ids.length - 1, left: [] })
    expect(readFileSync(path, 'utf8')).toBe(before)
  })

  it('waits for a writer that chose the old key for a record in no folder yet', async () => {
    const { home, keys } = await filled()
    const late: SealId = { kind: 'cookies', session: 'work', name: 'late.example' }
    const { promise: written, resolve: write } = Promise.withResolvers<void>()
    const { keys: slow } = await openStore(home)
    let rotated = false
    const writer = withLock(recordLock(home, late), async () => {
      const sealed = slow.seal(late, Buffer.from('{"version":1,"value":"late"}'))
      await written
      expect(rotated).toBe(false)
      const path = recordPath(home, late)
      mkdirSync(dirname(path), { mode: 0o700 })
      writeFileSync(path, sealed, { mode: 0o600 })
    })
    const rotation = rotateKey(home, keys).then(() => (rotated = true))
    setTimeout(write, 50)
    await Promise.all([writer, rotation])
    expect((await (await openStore(home)).store.read(late))?.value).toBe('late')
  })

  it('by two at once loses nothing', async () => {
    const { home, keys, store } = await filled()
    const { keys: second } = await openStore(home)
    await Promise.all([rotateKey(home, keys), rotateKey(home, second)])
    await expectAllThere(store)
    await expectAllThere((await openStore(home)).store)
  })
})
