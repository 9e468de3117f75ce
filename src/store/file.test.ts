import { expect, it } from 'vitest'
import { onCoarseClock } from '../../test/store/coarse-clock.ts'
import { openStore } from '../../test/store/open-store.ts'
import { scratchStore } from '../../test/store/scratch.ts'
import type { RecordId } from './store.ts'

const api: RecordId = { kind: 'credential', session: 'work', name: 'api' }

it('a change of credentials by another process shows at once, also within one tick of the clock', async () => {
  onCoarseClock()
  const { home, store } = await scratchStore()
  const { store: other } = await openStore(home)
  const stamps = new Set<string>()
  for (let n = 10; n < 30; n++) {
    await other.update(api, () => n)
    stamps.add(store.credentialsStamp('work'))
    expect((await store.read(api))?.value).toBe(n)
  }
  expect(stamps.size).toBe(20)
})
