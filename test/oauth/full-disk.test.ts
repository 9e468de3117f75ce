import { afterEach, describe, expect, it } from 'vitest'
import { diskError, watchFileCalls } from '../store/file-calls.ts'
import { startAuthorizationServer } from '../support/authorization-server.ts'
import { sessionHere } from './session-here.ts'
import { Stage } from './stage.ts'

const lifeSeconds = 3600
const second = 1000

let unwatch = () => {}
afterEach(() => unwatch())

/** A disk that becomes full when the server has rotated. */
async function fullOnceRotated() {
  const server = await startAuthorizationServer({ lifeSeconds })
  const stage = await Stage.set(server)
  const disk = { full: false }
  server.observe = (moment) => {
    if (moment === 'done') disk.full = true
  }
  unwatch = watchFileCalls(stage.home.root, {
    before(call) {
      if (disk.full && call === 'writeFile') throw diskError('ENOSPC', call)
    },
  })
  return { server, stage, disk }
}

describe('a rotated pair that a full disk does not take', () => {
  it('is used, is reported, serves the next refresh, and is saved when there is room', async () => {
    const { server, stage, disk } = await fullOnceRotated()
    await using _ = server
    stage.at((lifeSeconds - 200) * second)
    await stage.attached()
    expect(server.record.refreshes).toBe(1)
    const first = await stage.attached()
    expect(first).not.toBe(stage.issued.access_token)
    expect(server.record.isAlive(first ?? '')).toBe(true)
    expect(stage.messages.join('\n')).toMatch(/not (be )?(saved|written)/)
    expect((await stage.sealed()).tokens?.refreshToken).toBe(stage.issued.refresh_token)

    // A whole life later the disk is still full.
    stage.at((2 * lifeSeconds - 200) * second)
    await stage.attached()
    const latest = await stage.attached()
    expect(latest).not.toBe(first)
    expect(server.record).toMatchObject({ refreshes: 2, reuses: 0, revocations: 0, tokenRequests: 2 })
    expect([...server.record.spent.values()]).toEqual([1, 1])

    disk.full = false
    server.observe = () => {}
    await expect.poll(async () => (await stage.sealed()).tokens?.accessToken).toBe(latest)
    const { attempt, needsLogin } = await stage.sealed()
    expect({ attempt, needsLogin }).toEqual({ attempt: undefined, needsLogin: undefined })
    // The next process goes on from the saved pair.
    const next = await sessionHere(stage.home, { now: () => Date.now() + 10 * lifeSeconds * second })
    expect(await next.session.tokens.refresh('api', { because: 'expired' })).toEqual({ kind: 'refreshed' })
    expect(server.record).toMatchObject({ refreshes: 3, reuses: 0 })
  })

  it('is saved when the process ends, if there is room by then', async () => {
    const { server, stage, disk } = await fullOnceRotated()
    await using _ = server
    stage.at((lifeSeconds - 200) * second)
    await stage.attached()
    const token = await stage.attached()
    disk.full = false
    await stage.sessions.flush()
    expect((await stage.sealed()).tokens?.accessToken).toBe(token)
  })

  it('is not requested when the disk was full before', async () => {
    const { server, stage, disk } = await fullOnceRotated()
    await using _ = server
    disk.full = true
    stage.at((lifeSeconds - 200) * second)
    // Without the note nobody could know later whether the refresh token was sent.
    expect(await stage.attached()).toBe(stage.issued.access_token)
    expect(server.record.tokenRequests).toBe(0)
    disk.full = false
    stage.at((lifeSeconds + 600) * second)
    await stage.attached()
    expect(server.record).toMatchObject({ refreshes: 1, tokenRequests: 1 })
  })
})
