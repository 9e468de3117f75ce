import { describe, expect, it } from 'vitest'
import { startAuthorizationServer } from '../support/authorization-server.ts'
import { signedIn } from './signed-in.ts'
import { startWorker } from './start-worker.ts'

const eight = Array.from({ length: 8 })
const lives = 20
const requests = 200

describe('eight processes, each with a proxy, on one token that rotates', () => {
  it('refresh the token once a life, and never send a request without a live token', async () => {
    const lifeSeconds = 2
    await using server = await startAuthorizationServer({ lifeSeconds })
    const home = await signedIn(server)
    const workers = await Promise.all(eight.map(() => startWorker(home.root)))
    // A life this short is refreshed at 80 % of it; some more, so that the last of them is not the end.
    const everyMs = ((lives + 2) * 0.8 * lifeSeconds * 1000) / requests
    const ask = { url: server.resource, count: requests, everyMs }
    const answered = await Promise.all(workers.map((worker) => worker.ask('requests', ask)))
    const { record } = server
    expect(answered).toEqual(eight.map(() => ({ 200: requests })))
    // The first may have run out while the processes started. A later refresh that a busy machine began with the last of the life may find a request on its way; its 401 stayed with the proxy.
    const late = record.ageAtRefresh.slice(1).filter((age) => age > 0.95).length
    expect(record.resource).toEqual({ good: 8 * requests, refused: late === 0 ? 0 : expect.any(Number) })
    expect(record.refreshes).toBeGreaterThanOrEqual(lives)
    expect([...record.spent.values()]).toEqual(Array.from({ length: record.refreshes }, () => 1))
    expect(record).toMatchObject({ reuses: 0, revocations: 0, tokenRequests: record.refreshes, refused: {} })
    // Nobody refreshed a token that another had just refreshed.
    expect(Math.min(...record.ageAtRefresh)).toBeGreaterThan(0.75)
  }, 150_000)
})
