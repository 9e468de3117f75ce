import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { type Home, homePaths } from '../../src/store/home.ts'
import { rotateKey } from '../../src/store/rotate.ts'
import { temporaryHome } from '../support/temporary-home.ts'
import { watchFileCalls } from './file-calls.ts'
import { type Opened, openStore } from './open-store.ts'
import { expiredSessions, record, scenes } from './scenes.ts'
import { scratchStore } from './scratch.ts'
import { startWorker } from './start-worker.ts'

/** Calls after which the disk is another one; a kill before any other call finds what a kill before the next of these finds. */
const changing = new Set([
  'open',
  'openSync',
  'writeFile',
  'sync',
  'rename',
  'unlink',
  'mkdir',
  'rmdir',
  'rm',
])
/** Under a lock that a dead process held, nothing would come for thirty seconds. */
const staleLockMs = 20_000

describe.each(Object.entries(scenes))('a process killed during %s', (name, { prepare, act, allowed }) => {
  const stage = async (): Promise<Opened> => {
    const opened = await scratchStore()
    await prepare?.(opened)
    return opened
  }

  it('before any of its calls leaves the old value or the new one, and the next try works', async () => {
    const calls: string[] = []
    const whole = await openStore((await stage()).home) // as the worker does, with nothing in memory
    const unwatch = watchFileCalls(whole.home.root, { before: (call) => calls.push(call) })
    const { now } = Date
    Date.now = () => 0 // as in the worker
    await act(whole).finally(() => {
      unwatch()
      Date.now = now
    })
    const points = [...calls.entries()].filter(([, call]) => changing.has(call))
    expect(points.length).toBeGreaterThan(2)

    const killAt = async ([point, call]: readonly [number, string]) => {
      const at = `killed at ${call}, call ${point} of ${calls.join(' ')}`
      const { home } = await stage()
      expect((await startWorker('die', home.root, [name, `${point}`]).ended).signal, at).toBe('SIGKILL')
      const after = await openStore(home)
      expect(allowed, at).toContain((await after.store.read(record))?.value)
      await within(staleLockMs, act(after))
      expect((await (await openStore(home)).store.read(record))?.value, at).toBe(allowed.at(-1))
      expect(leftovers(home), at).toEqual([])
    }
    await inPairs(points, killAt)
  })
})

describe('a process killed during a sweep of expired sessions', () => {
  const stage = async (): Promise<Opened> => {
    const opened = await scratchStore()
    const { home, store } = opened
    const createdAt = '2026-11-21T08:00:00.000Z'
    for (const name of ['one', 'two'])
      await store.addSession({ name, id: name, createdAt, expiresAt: createdAt })
    for (const session of ['one', 'two', 'work']) {
      await store.update({ ...record, session }, () => 'cookies')
      await store.update({ kind: 'credential', session, name: 'api' }, () => 'token')
      const profile = join(home.browser, session, 'chromium')
      mkdirSync(profile, { recursive: true, mode: 0o700 })
      writeFileSync(join(profile, 'Cookies'), session)
    }
    return opened
  }
  const contents = async ({ store }: Opened, session: string) => [
    (await store.read({ ...record, session }))?.value,
    (await store.read({ kind: 'credential', session, name: 'api' }))?.value,
  ]

  it('before any of its calls leaves whole sessions or none, and the next sweep removes the rest', async () => {
    const calls: string[] = []
    const whole = await stage()
    const unwatch = watchFileCalls(whole.home.root, { before: (call) => calls.push(call) })
    await expiredSessions(whole.store).prune().finally(unwatch)
    const points = [...calls.entries()].filter(([, call]) => changing.has(call))
    expect(points.length).toBeGreaterThan(6)
    await inPairs(points, async ([point, call]) => {
      const at = `killed at ${call}, call ${point} of ${calls.join(' ')}`
      const { home } = await stage()
      expect((await startWorker('dieSweeping', home.root, [`${point}`]).ended).signal, at).toBe('SIGKILL')
      const after = await openStore(home)
      const left = await after.store.sessions()
      for (const session of ['one', 'two']) {
        const all = left.includes(session) ? ['cookies', 'token'] : [undefined, undefined]
        expect(await contents(after, session), at).toEqual(all)
        if (!left.includes(session)) expect(existsSync(join(home.browser, session)), at).toBe(false)
      }
      await within(staleLockMs, expiredSessions(after.store).prune())
      expect(await after.store.sessions(), at).toEqual(['work'])
      expect(await contents(after, 'work'), at).toEqual(['cookies', 'token'])
      expect(readdirSync(home.browser), at).toEqual(['work'])
      expect(leftovers(home), at).toEqual([])
    })
  })
})

describe('a process killed while it makes the first key', () => {
  it('leaves no key or a whole one, and the next opens or makes it', async () => {
    const calls: string[] = []
    const { root } = temporaryHome()
    const unwatch = watchFileCalls(root, { before: (call) => calls.push(call) })
    await openStore(homePaths(root)).finally(unwatch)
    const points = [...calls.entries()].filter(([, call]) => changing.has(call))
    expect(points.length).toBeGreaterThan(5)
    await inPairs(points, async ([point]) => {
      const home = temporaryHome()
      expect((await startWorker('dieOpening', home.root, [`${point}`]).ended).signal).toBe('SIGKILL')
      const { keys } = await within(staleLockMs, openStore(home))
      expect((await openStore(home)).keys.kids).toEqual([keys.current])
      expect(leftovers(home)).toEqual([])
    })
  })
})

describe('sixty writers of one record, killed at any moment', () => {
  it('lose nothing that was saved, leave it readable and unlocked', async () => {
    const { home, store } = await scratchStore()
    const saved = new Map<string, number>()
    const killOne = async (n: number) => {
      const name = `w${n}`
      const worker = startWorker('count', home.root, [name, '100000', `${1 + (n % 3)}`])
      await worker.said(2) // ready, and one saved
      await sleep(Math.random() * 12)
      worker.child.kill('SIGKILL')
      expect((await worker.ended).signal).toBe('SIGKILL')
      saved.set(name, Number(worker.lines.at(-1)))
      await within(
        staleLockMs,
        store.update(record, (value) => ({ ...(value as object), parent: n })),
      )
      expect(counts(await store.read(record))[name]).toBeGreaterThanOrEqual(saved.get(name) ?? 0)
    }
    await inPairs(
      Array.from({ length: 60 }, (_, n) => n),
      killOne,
    )
    const found = counts(await (await openStore(home)).store.read(record))
    const lost = [...saved].filter(([name, count]) => (found[name] ?? 0) < count)
    expect(lost).toEqual([])
    expect(saved.size).toBe(60)
    expect(leftovers(home)).toEqual([])
  })
})

describe('twenty rotations of the key, killed at any moment beside a writer', () => {
  it('lose nothing and leave every record readable', async () => {
    const { home, store } = await scratchStore()
    const others = Array.from({ length: 6 }, (_, n) => ({ ...record, name: `site${n}.example` }))
    for (const id of others) await store.update(id, () => id.name)
    const writer = startWorker('count', home.root, ['w', '100000'])
    await inPairs(
      Array.from({ length: 20 }, (_, n) => n),
      async () => {
        const worker = startWorker('rotate', home.root)
        await worker.said(1)
        await sleep(Math.random() * 60)
        worker.child.kill('SIGKILL')
        await worker.ended
        expect(worker.lines.every((left) => left === '0')).toBe(true)
      },
    )
    writer.child.kill('SIGKILL')
    expect((await writer.ended).signal).toBe('SIGKILL')
    const { store: fresh, keys } = await openStore(home)
    expect(counts(await fresh.read(record)).w).toBeGreaterThanOrEqual(Number(writer.lines.at(-1)))
    for (const id of others) expect((await fresh.read(id))?.value).toBe(id.name)
    expect((await rotateKey(home, keys)).left).toEqual([])
    expect(keys.kids).toEqual([keys.current])
  })
})

function counts(found: { readonly value: unknown } | undefined): Readonly<Record<string, number>> {
  return (found?.value ?? {}) as Readonly<Record<string, number>>
}

/** Two at a time: there are few cores, and one alone would leave nobody to be disturbed. */
async function inPairs<T>(all: readonly T[], run: (one: T) => Promise<void>): Promise<void> {
  const rest = all.values()
  const lane = async () => {
    for (const one of rest) await run(one)
  }
  await Promise.all([lane(), lane()])
}

async function within<T>(ms: number, run: Promise<T>): Promise<T> {
  const late = new AbortController()
  const limit = sleep(ms, undefined, { signal: late.signal }).then(() => {
    throw new Error(`nothing after ${ms} ms`)
  })
  return Promise.race([run, limit]).finally(() => {
    limit.catch(() => undefined)
    late.abort()
  })
}

function leftovers(home: Home): string[] {
  return readdirSync(home.root, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /\.tmp$|\.removed-/.test(name),
  )
}
