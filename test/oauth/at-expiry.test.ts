import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { startAuthorizationServer } from '../support/authorization-server.ts'
import { signedIn } from './signed-in.ts'
import { startWorker } from './start-worker.ts'

const crowd = 32

describe(`${crowd} processes and ${crowd} requests through a proxy that find the token expired`, () => {
  it('make one refresh at a quick server and at a slow server, and all get an answer', async () => {
    await using quick = await startAuthorizationServer({ lifeSeconds: 1 })
    await using slow = await startAuthorizationServer({ lifeSeconds: 1 })
    slow.delayBeforeMs = 400
    const home = await signedIn(quick, slow)
    const [proxy, ...others] = await Promise.all(
      Array.from({ length: crowd + 1 }, () => startWorker(home.root)),
    )
    await sleep(1000)
    for (const { record, resource: url } of [quick, slow]) {
      expect(record.alive).toBe(0)
      record.lifeSeconds = 3600
      const [answered, ...used] = await Promise.all([
        proxy?.ask('requests', { url, count: crowd, everyMs: 0 }),
        ...others.map((worker) => worker.ask('use', { url })),
      ])
      expect(answered).toEqual({ 200: crowd })
      expect(used).toEqual(others.map(() => 200))
      expect(record).toMatchObject({ tokenRequests: 1, refreshes: 1, reuses: 0, revocations: 0 })
      expect(record.resource).toEqual({ good: 2 * crowd, refused: 0 })
    }
  }, 150_000)
})
