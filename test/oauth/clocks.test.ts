import { describe, expect, it } from 'vitest'
import { startAuthorizationServer } from '../support/authorization-server.ts'
import { Stage } from './stage.ts'

const lifeSeconds = 3600
const lives = 3
const second = 1000
const skews = [-36_000, -600, 600, 36_000]

/** One request a minute, for several lives of the token. */
async function live(stage: Stage, fromMs: number): Promise<void> {
  for (let at = 0; at < lives * lifeSeconds; at += 60) {
    stage.at(fromMs + at * second)
    expect(await stage.attached()).toEqual(expect.any(String))
  }
}

describe('a wrong clock', () => {
  it.each(skews)(
    'by %d s at a server whose JWTs alone give their expiry refreshes once a life',
    async (aheadSeconds) => {
      await using server = await startAuthorizationServer({
        lifeSeconds,
        jwt: { aheadSeconds },
        withoutExpiresIn: true,
      })
      const stage = await Stage.set(server)
      await live(stage, 0)
      expect((await stage.sealed()).tokens?.accessToken).toMatch(/^eyJ/)
      expect(server.record).toMatchObject({ refreshes: lives, tokenRequests: lives, reuses: 0 })
    },
  )

  it.each(skews)('by %d s here refreshes once a life', async (aheadSeconds) => {
    await using server = await startAuthorizationServer({ lifeSeconds })
    const stage = await Stage.set(server, aheadSeconds * second)
    await live(stage, aheadSeconds * second)
    expect(server.record).toMatchObject({ refreshes: lives, tokenRequests: lives, reuses: 0 })
  })

  it.each(skews)(
    'that jumps by %d s under a running session refreshes once more at most',
    async (jumpSeconds) => {
      await using server = await startAuthorizationServer({ lifeSeconds })
      const stage = await Stage.set(server)
      await live(stage, 0)
      const before = server.record.refreshes
      await live(stage, (lives * lifeSeconds + jumpSeconds) * second)
      const more = server.record.refreshes - before
      expect(more).toBeLessThanOrEqual(lives + 1)
      expect(server.record.tokenRequests).toBe(server.record.refreshes)
    },
  )
})

describe('a token without a known life', () => {
  it('is used until it is rejected, and then refreshed once for all', async () => {
    await using server = await startAuthorizationServer({ lifeSeconds, withoutExpiresIn: true })
    const stage = await Stage.set(server)
    await stage.session.tokens.refresh('api', { because: 'asked' })
    await live(stage, 0)
    expect(server.record.refreshes).toBe(1)
    const plan = await stage.session.explain(server.resource)
    const answers = await Promise.all(Array.from({ length: 8 }, () => stage.session.tokens.rejected(plan)))
    expect(answers).toEqual(Array.from({ length: 8 }, () => 'retry'))
    expect(server.record).toMatchObject({ refreshes: 2, tokenRequests: 2 })
    // A rejection of a token that is already replaced makes no request.
    expect(await stage.session.tokens.rejected(plan)).toBe('retry')
    expect(server.record.tokenRequests).toBe(2)
  })
})
