import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, it } from 'vitest'
import { now, requestTo, ruleSet } from '../../test/support/material.ts'
import { MemoryStore } from '../store/memory.ts'
import type { RecordId, StoredRecord } from '../store/store.ts'
import { Sessions } from './sessions.ts'

const mebibyte = 1024 * 1024
const cookiesPerSite = 100
const cookieBytes = 4000

/** A store that has large cookies of every site, and holds none of them in memory. */
class LargeStore extends MemoryStore {
  override async read(id: RecordId): Promise<StoredRecord | undefined> {
    if (id.kind !== 'cookies') return super.read(id)
    const cookies = Array.from({ length: cookiesPerSite }, (_, index) => ({
      name: `c${index}`,
      value: Buffer.alloc(cookieBytes, 'x').toString('latin1'),
      domain: id.name,
      hostOnly: true,
      path: index === 0 ? '/only' : '/',
      secure: true,
      httpOnly: true,
      sameSite: 'lax',
      createdAt: now,
      updatedAt: now,
    }))
    return { version: 1, value: { cookies, covers: [] } }
  }

  override stamp(id: RecordId): string | undefined {
    return id.kind === 'cookies' ? 'same' : super.stamp(id)
  }
}

it('many destinations with large cookies, in several sessions, fill no more than 64 MiB', async () => {
  const sessions = new Sessions({ store: new LargeStore(), config: ruleSet(), now: () => now })
  const before = heapAfterCollection()
  for (let number = 0; number < 5; number++) {
    const session = await sessions.create({ name: `s${number}` })
    for (let site = 0; site < 100; site++) {
      for (const path of ['/', '/only', '/other']) {
        const plan = await session.plan(requestTo(`https://site${site}.test${path}`), {})
        expect(plan.cookies.attached.length).toBeGreaterThanOrEqual(cookiesPerSite - 1)
      }
    }
  }
  // The cookies of 500 sites are some 190 MiB.
  expect(heapAfterCollection() - before).toBeLessThan(64 * mebibyte)
  // Used after the measuring, so that they are not collected before it.
  expect(await sessions.list()).toHaveLength(6)
})

function heapAfterCollection(): number {
  setFlagsFromString('--expose-gc')
  const collect: () => void = runInNewContext('gc')
  collect()
  return process.memoryUsage().heapUsed
}
