import { lstatSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { homePaths } from '../../src/store/home.ts'
import { withLock } from '../../src/store/lock.ts'
import { recordLock, recordPath } from '../../src/store/record-path.ts'
import { rotateKey } from '../../src/store/rotate.ts'
import { openStore } from './open-store.ts'
import { record } from './scenes.ts'
import { scratchFolder, scratchStore } from './scratch.ts'
import { startWorker } from './start-worker.ts'

const eight = Array.from({ length: 8 }, (_, n) => `w${n}`)

describe('eight processes at once', () => {
  it('that find no key make one', async () => {
    for (let round = 0; round < 3; round++) {
      const root = join(scratchFolder(), 'home')
      const workers = eight.map(() => startWorker('open', root))
      await Promise.all(workers.map(({ said }) => said(1)))
      for (const { child } of workers) child.stdin?.write('go\n')
      await Promise.all(workers.map(({ ended }) => ended))
      const opened = workers.map(({ lines }) => JSON.parse(lines[1] ?? 'null'))
      expect(new Set(opened.map(({ kid }) => kid)).size).toBe(1)
      expect(opened.filter(({ created }) => created)).toHaveLength(1)
      expect((await openStore(homePaths(root))).keys.current).toBe(opened[0].kid)
    }
  })

  it('that write one record, each many times at once, lose nothing', async () => {
    const { home, store } = await scratchStore()
    const workers = eight.map((name) => startWorker('count', home.root, [name, '60', '6']))
    const ends = await Promise.all(workers.map(({ ended }) => ended))
    expect(ends.map(({ code }) => code)).toEqual(eight.map(() => 0))
    const found = await store.read(record)
    expect(found?.value).toEqual(Object.fromEntries(eight.map((name) => [name, 60])))
    // Fewer writes than changes: those that came together shared one.
    expect(found?.version).toBeLessThan(8 * 60)
    expect(found?.version).toBeGreaterThanOrEqual(8 * 10)
  })
})

describe('a record with a holder in one process', () => {
  it('is changed by no other between reading and saving, whether the other holds it or updates it', async () => {
    const { home, store } = await scratchStore()
    const holders = eight.slice(0, 4).map((name) => startWorker('holdAndCount', home.root, [name, '25']))
    const writers = eight.slice(4).map((name) => startWorker('count', home.root, [name, '60', '6']))
    const ends = await Promise.all([...holders, ...writers].map(({ ended }) => ended))
    expect(ends.map(({ code }) => code)).toEqual(eight.map(() => 0))
    const counts = Object.fromEntries(eight.map((name, index) => [name, index < 4 ? 25 : 60]))
    expect((await store.read(record))?.value).toEqual(counts)
  })

  it('can be read meanwhile, is free at once when the holder is killed, and keeps the saved value', async () => {
    const { home, store } = await scratchStore()
    const holder = startWorker('hold', home.root)
    await holder.said(1)
    expect((await store.read(record))?.value).toBe('noted')
    const lock = recordLock(home, record)
    await expect(withLock(lock, async () => 'in', { timeoutMs: 50 })).rejects.toMatchObject({
      code: 'lock-timeout',
    })
    const waiting = store.exclusive(record, async ({ value }) => value)
    holder.child.kill('SIGKILL')
    expect(await waiting).toBe('noted')
  })
})

describe('a reader in another process', () => {
  it('has each change with its next read', async () => {
    const { home, store } = await scratchStore()
    const writer = startWorker('count', home.root, ['w', '200'])
    for (let n = 1; n <= 200; n++) {
      await writer.said(n + 1)
      const before = Number(writer.lines.at(-1))
      const { value } = (await store.read(record)) ?? {}
      expect((value as { w: number }).w).toBeGreaterThanOrEqual(before)
    }
    expect((await writer.ended).code).toBe(0)
    expect((await store.read(record))?.value).toEqual({ w: 200 })
  })
})

describe('the state folder', () => {
  it('has nothing that other users can read, and nothing in clear, whatever the umask', async () => {
    const root = join(scratchFolder(), 'home')
    const secret = 'hallpass-canary-51c2'
    const worker = startWorker('everything', root, [secret])
    expect(await worker.ended).toEqual({ code: 0, signal: null })
    expect(worker.lines).toEqual(['done'])
    const paths = ['', ...readdirSync(root, { recursive: true, encoding: 'utf8' })].map((name) =>
      join(root, name),
    )
    expect(paths.length).toBeGreaterThan(20)
    for (const path of paths) {
      const stat = lstatSync(path)
      expect(stat.mode & 0o077, path).toBe(0)
      expect(path).not.toContain(secret)
      if (stat.isFile()) expect(readFileSync(path, 'latin1'), path).not.toContain(secret)
    }
  })
})

describe('a write that the system cuts off in the middle', () => {
  it('is not saved, leaves the old record, and the next one works', async () => {
    const { home, store } = await scratchStore()
    await store.update(record, () => 'old')
    // The largest file allowed: 64 blocks of 512 bytes; the kernel takes that much and then fails with EFBIG.
    const worker = startWorker('large', home.root, [], 'ulimit -f 64')
    await worker.ended
    expect(worker.lines).toEqual(['not-saved'])
    const { store: fresh } = await openStore(home)
    expect((await fresh.read(record))?.value).toBe('old')
    await fresh.update(record, () => 'x'.repeat(200_000))
    expect((await store.read(record))?.value).toHaveLength(200_000)
  })
})

describe('rotating the key', () => {
  /** For a wait of this process, a second is a hundred. */
  function clockRunsFast() {
    const now = performance.now.bind(performance)
    const spy = vi.spyOn(performance, 'now').mockImplementation(() => now() * 100)
    onTestFinished(() => spy.mockRestore())
  }

  it('finishes while another process has a window open', async () => {
    const { home, store, keys } = await scratchStore()
    await store.update(record, () => 'value')
    const before = keys.current
    const window = startWorker('holdWindow', home.root)
    await window.said(1)
    clockRunsFast()
    expect(await rotateKey(home, keys)).toMatchObject({ resealed: 1, dropped: [before], left: [] })
  })

  it('leaves out a record that another process holds too long, and the next rotation finishes it', async () => {
    const { home, store, keys } = await scratchStore()
    const other = { ...record, name: 'other.example' }
    await store.update(other, () => 'value')
    const before = keys.current
    const holder = startWorker('hold', home.root)
    await holder.said(1)
    clockRunsFast()
    const rotation = await rotateKey(home, keys)
    const error = expect.objectContaining({ code: 'lock-timeout' })
    const left = [{ file: recordPath(home, record), error }]
    expect(rotation).toEqual({ current: keys.current, resealed: 1, dropped: [], left })
    expect(keys.kids).toContain(before)
    holder.child.kill('SIGKILL')
    await holder.ended
    const { dropped } = await rotateKey(home, keys)
    expect(dropped).toEqual([before, rotation.current])
    expect(keys.kids).toEqual([keys.current])
    expect((await store.read(record))?.value).toBe('noted')
    expect((await store.read(other))?.value).toBe('value')
  })
})
