import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { startAuthorizationServer } from '../support/authorization-server.ts'
import { troubles } from './false-answers.ts'
import { signedIn } from './signed-in.ts'
import { startWorker } from './start-worker.ts'

const crowd = 16

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
  })
})

describe('requests through a proxy that find the token expired', () => {
  it.each([
    ['takes 3 s to answer', 3000, []],
    ['cuts one connection', 0, ['a cut connection']],
    ['is down for four tries', 0, ['503', '503', '503', '503']],
  ])('are served by a new one, even if the token server %s', async (_, delayMs, answers) => {
    await using server = await startAuthorizationServer({ lifeSeconds: 1 })
    const home = await signedIn(server)
    const worker = await startWorker(home.root)
    await sleep(1000)
    server.record.lifeSeconds = 3600
    server.delayBeforeMs = delayMs
    server.instead.push(...answers.flatMap((name) => troubles[name]?.answer ?? []))
    const answered = await worker.ask('requests', { url: server.resource, count: 20, everyMs: 100 })
    expect(answered).toEqual({ 200: 20 })
    expect(server.record).toMatchObject({ refreshes: 1, reuses: 0, tokenRequests: answers.length + 1 })
  })
})
