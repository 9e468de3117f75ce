import { existsSync, linkSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import type { Home } from '../../src/store/home.ts'
import { discardLock, withLock } from '../../src/store/lock.ts'
import { recordPath } from '../../src/store/record-path.ts'
import { temporaryHome } from '../support/temporary-home.ts'
import { diskError, type Watcher, watchFileCalls } from './file-calls.ts'
import { openStore } from './open-store.ts'
import { record, scenes } from './scenes.ts'
import { scratchFolder, scratchStore } from './scratch.ts'

const fresh = async (home: Home) => (await openStore(home)).store

let unwatch = () => {}
afterEach(() => unwatch())

async function watched<T>(home: Home, watcher: Watcher, run: () => Promise<T>): Promise<T> {
  unwatch = watchFileCalls(home.root, watcher)
  try {
    return await run()
  } finally {
    unwatch()
  }
}

describe.each(Object.entries(scenes))('when the disk fails during %s', (_, { prepare, act, allowed }) => {
  const stage = async () => {
    const opened = await scratchStore()
    await prepare?.(opened)
    return opened
  }

  it('at any of its calls, nothing is lost and the next try works', async () => {
    const calls: string[] = []
    const whole = await stage()
    await watched(whole.home, { before: (call) => calls.push(call) }, () => act(whole))
    expect(calls.length).toBeGreaterThan(5)

    for (const [failing, name] of calls.entries()) {
      const code = codes[failing % codes.length] ?? 'EIO'
      const at = `${code} at ${name}, call ${failing} of ${calls.join(' ')}`
      const opened = await stage()
      const { store, home } = opened
      let n = 0
      const before = (call: string) => {
        if (n++ === failing) throw diskError(code, call)
      }
      const failed = await watched(home, { before }, () => act(opened)).then(
        () => undefined,
        (error) => error,
      )
      if (failed !== undefined) expect(failed, at).toMatchObject({ code: 'not-saved' })
      for (const reader of [store, await fresh(home)]) {
        expect(allowed, at).toContain((await reader.read(record))?.value)
      }
      // Only what comes after the rename can fail with the new value in place.
      if (failed !== undefined && calls.indexOf('rename') >= failing) {
        expect((await store.read(record))?.value, at).toBe(allowed[0])
      }
      const value = (await store.read(record))?.value
      if (failed !== undefined && value !== allowed[0]) expect(failed.message, at).not.toContain('is intact')
      await act(opened)
      expect((await (await fresh(home)).read(record))?.value, at).toBe(allowed.at(-1))
      expect(leftovers(home), at).toEqual([])
    }
  })
})

describe('a write', () => {
  it('is on the disk before its name, and its name before the caller knows', async () => {
    const opened = await scratchStore()
    await opened.store.update(record, () => 'old')
    const calls: string[] = []
    const note = (call: string) => !call.endsWith('Sync') && calls.push(call)
    await watched(opened.home, { after: note }, () => opened.store.update(record, () => 'new'))
    expect(calls).toEqual(['open', 'writeFile', 'sync', 'close', 'rename', 'open', 'sync', 'close'])
  })

  it('that makes folders has them on the disk as well', async () => {
    const opened = await scratchStore()
    const calls: string[] = []
    const note = (call: string) => !call.endsWith('Sync') && calls.push(call)
    await watched(opened.home, { after: note }, () => opened.store.update(record, () => 'new'))
    expect(calls.slice(0, 8)).toEqual(['mkdir', 'open', 'sync', 'close', 'mkdir', 'open', 'sync', 'close'])
  })
})

describe('a write that failed', () => {
  it('takes its temporary file away again', async () => {
    const { store, home } = await scratchStore()
    const before = (call: string) => {
      if (call === 'rename') throw diskError('ENOSPC', call)
    }
    await expect(watched(home, { before }, () => store.update(record, () => 'new'))).rejects.toMatchObject({
      code: 'not-saved',
    })
    expect(leftovers(home)).toEqual([])
  })

  it('did so because a link was planted under its temporary name in the last moment: nothing goes through it', async () => {
    const { store, home } = await scratchStore()
    await store.update(record, () => 'old')
    const outside = join(scratchFolder(), 'outside')
    writeFileSync(outside, 'precious')
    const temporary = `${recordPath(home, record)}.tmp`
    const before = (call: string) => {
      if (call === 'open' && !existsSync(temporary)) linkSync(outside, temporary)
    }
    await expect(watched(home, { before }, () => store.update(record, () => 'new'))).rejects.toMatchObject({
      code: 'not-saved',
    })
    expect(readFileSync(outside, 'utf8')).toBe('precious')
    expect((await store.read(record))?.value).toBe('old')
  })
})

describe('a change that the disk does not confirm', () => {
  it('is there, and the error says so', async () => {
    const { store, home } = await scratchStore()
    await store.update(record, () => 'old')
    let renamed = false
    const before = (call: string) => {
      if (call === 'sync' && renamed) throw diskError('EIO', call)
      renamed ||= call === 'rename'
    }
    await expect(watched(home, { before }, () => store.update(record, () => 'new'))).rejects.toMatchObject({
      code: 'not-saved',
      message: expect.stringMatching(/has its new content, but the disk did not confirm it.*\(EIO\)$/),
    })
    expect((await store.read(record))?.value).toBe('new')
    await expect(
      watched(home, { before }, () => store.update(record, () => undefined)),
    ).rejects.toMatchObject({
      message: expect.stringMatching(/is removed, but the disk did not confirm it/),
    })
    expect(await store.read(record)).toBeUndefined()
  })
})

describe('a read that the disk fails', () => {
  it('names the file, and works when the disk works again', async () => {
    const { store, home } = await scratchStore()
    await store.update(record, () => 'kept')
    const before = (call: string) => {
      if (call === 'readFileSync') throw diskError('EIO', call)
    }
    const failure = {
      code: 'failed',
      message: expect.stringMatching(/cookies\.json\.enc could not be read \(EIO\)/),
    }
    await expect(watched(home, { before }, () => store.read(record))).rejects.toMatchObject(failure)
    expect((await store.read(record))?.value).toBe('kept')
  })
})

describe('when the disk fails while the first key is made', () => {
  it('there is no key or a whole one, and the next try works', async () => {
    const calls: string[] = []
    const first = temporaryHome()
    await watched(first, { before: (call) => calls.push(call) }, () => openStore(first))
    for (const [failing, name] of calls.entries()) {
      const home = temporaryHome()
      let n = 0
      const before = (call: string) => {
        if (n++ === failing) throw diskError('ENOSPC', call)
      }
      const failed = await watched(home, { before }, () => openStore(home)).then(
        () => undefined,
        (error) => error,
      )
      if (failed !== undefined) expect(['not-saved', 'failed'], name).toContain(failed.code)
      const { keys } = await openStore(home)
      expect((await openStore(home)).keys.kids, `${name}, call ${failing}`).toEqual([keys.current])
      expect(leftovers(home)).toEqual([])
    }
  })
})

describe('a lock', () => {
  it.each(['lstatSync', 'unlinkSync'])(
    'is free at once when the disk fails at any %s while it is taken or discarded',
    async (failing) => {
      const home = temporaryHome()
      const file = join(home.locks, 'some.lock')
      const before = (call: string) => {
        if (call === failing) throw diskError('EIO', call)
      }
      await withLock(file, async () => 'made')
      await watched(home, { before }, () => withLock(file, async () => 'held')).catch(() => 'the disk failed')
      await watched(home, { before }, async () => discardLock(file)).catch(() => 'the disk failed')
      expect(await withLock(file, async () => 'free', { timeoutMs: 200 })).toBe('free')
    },
  )
})

const codes = ['EIO', 'ENOSPC', 'EMFILE', 'EDQUOT'] as const

function leftovers(home: Home): string[] {
  return readdirSync(home.root, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /\.tmp$|\.removed-/.test(name),
  )
}
