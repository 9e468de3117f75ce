import { readdirSync } from 'node:fs'
import { afterEach, describe, expect, it } from 'vitest'
import type { FileStore } from '../../src/store/file.ts'
import type { Home } from '../../src/store/home.ts'
import type { KeyRing } from '../../src/store/keyring.ts'
import { rotateKey } from '../../src/store/rotate.ts'
import type { RecordId } from '../../src/store/store.ts'
import { diskError, type Watcher, watchFileCalls } from './file-calls.ts'
import { openStore, scratchStore } from './scratch.ts'

const id: RecordId = { kind: 'cookies', session: 'work', name: 'example.com' }
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

interface Scene {
  readonly act: (store: FileStore, home: Home, keys: KeyRing) => Promise<unknown>
  /** Values of the record that may be there after a failure. */
  readonly allowed: readonly unknown[]
  readonly prepare?: (store: FileStore) => Promise<unknown>
}

const old = (store: FileStore) => store.update(id, () => 'old')
const scenes: Readonly<Record<string, Scene>> = {
  'the first write of a record': {
    act: (store) => store.update(id, () => 'new'),
    allowed: [undefined, 'new'],
  },
  'a change of a record': {
    prepare: old,
    act: (store) => store.update(id, () => 'new'),
    allowed: ['old', 'new'],
  },
  'the removal of a record': {
    prepare: old,
    act: (store) => store.update(id, () => undefined),
    allowed: ['old', undefined],
  },
  'a change of the session': {
    prepare: old,
    act: (store) => store.writeSession({ name: 'work', createdAt: 'x' }),
    allowed: ['old'],
  },
  'the removal of the session': {
    prepare: old,
    act: (store) => store.removeSession('work'),
    allowed: ['old', undefined],
  },
  'a change of protector': {
    prepare: old,
    act: (_store, _home, keys) => keys.protect({ kind: 'file' }),
    allowed: ['old'],
  },
  'a rotation of the key': {
    prepare: old,
    act: (_store, home, keys) => rotateKey(home, keys),
    allowed: ['old'],
  },
}

describe.each(Object.entries(scenes))('when the disk fails during %s', (_, { prepare, act, allowed }) => {
  const stage = async () => {
    const opened = await scratchStore()
    await prepare?.(opened.store)
    return opened
  }

  it('at any of its calls, nothing is lost and the next try works', async () => {
    const calls: string[] = []
    const whole = await stage()
    await watched(whole.home, { before: (call) => calls.push(call) }, () =>
      act(whole.store, whole.home, whole.keys),
    )
    expect(calls.length).toBeGreaterThan(5)

    for (const [failing, name] of calls.entries()) {
      const code = codes[failing % codes.length] ?? 'EIO'
      const at = `${code} at ${name}, call ${failing} of ${calls.join(' ')}`
      const { store, home, keys } = await stage()
      let n = 0
      const before = (call: string) => {
        if (n++ === failing) throw diskError(code, call)
      }
      const failed = await watched(home, { before }, () => act(store, home, keys)).then(
        () => undefined,
        (error) => error,
      )
      if (failed !== undefined) expect(failed, at).toMatchObject({ code: 'not-saved' })
      for (const reader of [store, await fresh(home)]) {
        expect(allowed, at).toContain((await reader.read(id))?.value)
      }
      // Only what comes after the rename can fail with the new value in place.
      if (failed !== undefined && calls.indexOf('rename') >= failing) {
        expect((await store.read(id))?.value, at).toBe(allowed[0])
      }
      await act(store, home, keys)
      expect((await (await fresh(home)).read(id))?.value, at).toBe(allowed.at(-1))
      expect(leftovers(home), at).toEqual([])
    }
  })
})

const codes = ['EIO', 'ENOSPC', 'EMFILE', 'EDQUOT'] as const

function leftovers(home: Home): string[] {
  return readdirSync(home.root, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /\.tmp$|\.removed-/.test(name),
  )
}
