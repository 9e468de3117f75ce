import { describe, expect, it } from 'vitest'
import { startAuthorizationServer } from '../support/authorization-server.ts'
import { signedIn } from './signed-in.ts'
import { startWorker } from './start-worker.ts'

const eight = Array.from({ length: 8 })
const lives = 12

describe('eight processes, each with a proxy of its own, on one token that rotates', () => {
  it('refresh it once a life, and every request is served', async () => {
    // Long enough that a request arrives within it on a busy machine, or, after a 401, the second one.
    const lifeSeconds = 4
    await using server = await startAuthorizationServer({ lifeSeconds })
    const home = await signedIn(server)
    const workers = await Promise.all(eight.map(() => startWorker(home.root)))
    const { record } = server
    const round = { url: server.resource, count: 40, everyMs: 100 }
    let rounds = 0
    for (; record.refreshes < lives; rounds++)
      expect(await Promise.all(workers.map((worker) => worker.ask('requests', round)))).toEqual(
        eight.map(() => ({ 200: round.count })),
      )
    expect(record.resource.good).toBe(8 * rounds * round.count)
    expect([...record.spent.values()]).toEqual(Array.from({ length: record.refreshes }, () => 1))
    expect(record).toMatchObject({ reuses: 0, revocations: 0, tokenRequests: record.refreshes, refused: {} })
    // Nobody refreshed a token that another had just refreshed.
    expect(Math.min(...record.ageAtRefresh)).toBeGreaterThan(0.75)
  })
})
