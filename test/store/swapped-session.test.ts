import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { SessionRecords } from '../../src/sessions/session-records.ts'
import type { Home } from '../../src/store/home.ts'
import { sessionFile, sessionFolder } from '../../src/store/record-path.ts'
import { formatSession } from '../../src/store/session-metadata.ts'
import { watchFileCalls } from './file-calls.ts'
import { record } from './scenes.ts'
import { scratchStore } from './scratch.ts'

const createdAt = '2026-11-21T08:00:00.000Z'

it.each([
  ['the first write of a record', undefined],
  ['a change of a record', 'old'],
])(
  '%s never lands in another session that gets the name between two of its steps, nor makes its changes fail',
  async (_, before) => {
    const stage = async () => {
      const opened = await scratchStore()
      if (before !== undefined) await opened.store.update(record, () => before)
      return opened
    }
    const calls: string[] = []
    const whole = await stage()
    const unwatch = watchFileCalls(whole.home.root, { before: (call) => calls.push(call) })
    const metadata = { name: 'work', id: 'one', createdAt }
    await new SessionRecords(whole.store, metadata).update(record, () => 'late').finally(unwatch)
    expect(calls).toContain('rename')

    for (const [at, call] of calls.entries()) {
      const { store, home } = await stage()
      let n = 0
      let own: Promise<number> | undefined
      const swap = () => {
        if (n++ !== at) return
        makeAgain(home)
        const records = new SessionRecords(store, { ...metadata, id: 'two' })
        // As soon as this process can see the other session.
        own = Promise.resolve().then(() => records.update(record, (value) => ['of the other', value ?? null]))
      }
      const stop = watchFileCalls(home.root, { before: swap })
      const late = new SessionRecords(store, metadata).update(record, () => 'late')
      const [{ status }] = await Promise.allSettled([late])
      const failure = await own?.then(
        () => undefined,
        (error: unknown) => error,
      )
      stop()
      const where = `swapped before ${call}, call ${at}, late ${status}`
      expect(own, where).toBeDefined()
      expect(failure, where).toBeUndefined()
      expect((await store.read(record))?.value, where).toEqual(['of the other', null])
    }
  },
)

/** As another process removes the session and makes it again. */
function makeAgain(home: Home): void {
  const folder = sessionFolder(home, 'work')
  renameSync(folder, `${home.sessions}/.removed-1`)
  mkdirSync(folder, { mode: 0o700 })
  const text = formatSession({ name: 'work', id: 'two', createdAt })
  writeFileSync(sessionFile(home, 'work'), text, { mode: 0o600 })
}
