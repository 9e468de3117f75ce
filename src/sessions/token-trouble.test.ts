import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { scratchFolder } from '../../test/store/scratch.ts'
import { SessionStage, second, sentBy, url } from '../../test/support/session-stage.ts'
import { type Deed, pair } from '../../test/support/token-server.ts'

let stage: SessionStage
beforeEach(async () => {
  stage = await SessionStage.set()
})

describe('a request', () => {
  it.each<[string, Deed]>([
    ['is away for some seconds', { status: 503, body: '' }],
    ['says that it may be asked at once', { status: 503, headers: { 'retry-after': '0' }, body: '' }],
    ['cuts the connection', 'reset'],
  ])('waits for the next tries while the token server %s', async (_, deed) => {
    await stage.set(pair(1))
    stage.now += 3600 * second
    // Four waits take 2.8 to 3.75 s.
    const backAt = stage.now + 2.5 * second
    stage.server.deed = () => (stage.now < backAt ? deed : { body: pair(2) })
    expect(await Promise.all([stage.sent(), stage.sent(`${url}2`)])).toEqual(Array(2).fill('Bearer access-2'))
    expect(stage.asked()).toEqual(Array(5).fill('refresh-1'))
    expect(stage.now).toBeLessThan(backAt + 2 * second)
  })

  it('waits at most ten seconds for a token server that stays away, and the next one does not wait', async () => {
    await stage.set(pair(1))
    stage.now += 3600 * second
    const began = stage.now
    stage.server.deed = () => ({ status: 503, body: '' })
    expect(await stage.sent()).toBe('Bearer access-1')
    expect(stage.now - began).toBeLessThanOrEqual(10 * second)
    const [tries, gaveUp] = [stage.asked().length, stage.now]
    expect(await stage.sent()).toBe('Bearer access-1')
    expect([stage.asked().length, stage.now]).toEqual([tries, gaveUp])
  })

  it('goes with the expired token when there is no other, and tries again only after the wait', async () => {
    await stage.set(pair(1))
    stage.now += 3600 * second
    stage.server.deed = () => ({ status: 503, headers: { 'retry-after': '60' }, body: '' })
    expect(await stage.sent()).toBe('Bearer access-1')
    stage.now += 59 * second
    expect(await stage.sent()).toBe('Bearer access-1')
    expect(await stage.planned()).toBe(await stage.planned())
    expect(stage.asked()).toHaveLength(1)
    stage.server.deed = () => ({ body: pair(2) })
    stage.now += second
    expect(await stage.sent()).toBe('Bearer access-2')
  })

  it('tries again after the wait also when the full disk could not keep the failure', async () => {
    await stage.set(pair(1))
    stage.now += 3600 * second
    stage.store.full = true
    expect(await stage.sent()).toBe('Bearer access-1')
    stage.store.full = false
    expect(await stage.sent()).toBe('Bearer access-1')
    stage.now += 8 * second
    expect(await stage.sent()).toBe('Bearer access-2')
  })

  it('goes with tokens that are only in memory', async () => {
    await stage.set(pair(1))
    await stage.planned()
    stage.now += 3600 * second
    stage.server.deed = async () => {
      await stage.session.credentials.list() // what was looked at a moment ago is not what holds
      stage.store.full = true
      return { body: pair(2) }
    }
    expect(await stage.sent()).toBe('Bearer access-2')
    expect(await stage.sent()).toBe('Bearer access-2')
    stage.store.full = false
    await stage.settled()
    await stage.open()
    expect(await stage.sent()).toBe('Bearer access-2')
    expect(stage.asked()).toEqual(['refresh-1'])
  })

  it('goes with the expired token when only a login helps, and asks no server', async () => {
    await stage.set(pair(1))
    stage.now += 3600 * second
    stage.server.deed = () => ({ status: 400, body: { error: 'invalid_grant' } })
    const plan = await stage.planned()
    expect(sentBy(plan)).toBe('Bearer access-1')
    expect(plan.credentials.attached[0]?.freshness).toMatchObject({ needsLogin: 'invalid_grant' })
    stage.now += 3600 * second
    expect(await stage.planned()).toBe(plan)
    expect(stage.asked()).toHaveLength(1)
  })
})

describe('a 401 of an origin', () => {
  const rejectedOf = async () => {
    const plan = await stage.planned()
    return stage.session.tokens.rejected(plan)
  }

  it('renews a token that should have held', async () => {
    await stage.set(pair(1))
    expect(await rejectedOf()).toBe('retry')
    expect(await stage.sent()).toBe('Bearer access-2')
  })

  it('renews it once for all requests that got it', async () => {
    await stage.set(pair(1))
    const plan = await stage.planned()
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => stage.session.tokens.rejected(plan)))
    expect(outcomes).toEqual(Array(20).fill('retry'))
    expect(await stage.session.tokens.rejected(plan)).toBe('retry')
    expect(stage.asked()).toEqual(['refresh-1'])
  })

  it('needs a login when only that helps', async () => {
    await stage.set(pair(1))
    stage.server.deed = () => ({ status: 400, body: { error: 'invalid_grant' } })
    expect(await rejectedOf()).toBe('needs-login')
    expect(await rejectedOf()).toBe('needs-login')
    expect(stage.asked()).toHaveLength(1)
  })

  it('is answered with the tokens of a login that ended meanwhile', async () => {
    await stage.set(pair(1))
    stage.server.deed = () => ({ status: 400, body: { error: 'invalid_grant' } })
    expect(await rejectedOf()).toBe('needs-login')
    const plan = await stage.planned()
    await stage.set(pair(5))
    expect(await stage.session.tokens.rejected(plan)).toBe('retry')
  })

  it('needs a login when the token has expired and nothing can renew it', async () => {
    await stage.set({ ...pair(1), refresh_token: undefined })
    expect(await rejectedOf()).toBe('no')
    stage.now += 3600 * second
    expect(await rejectedOf()).toBe('needs-login')
  })

  it('is passed on when the server has trouble', async () => {
    await stage.set(pair(1))
    stage.server.deed = () => ({ status: 503, body: '' })
    expect(await rejectedOf()).toBe('no')
  })

  it('to new tokens does not lead to more of them for a while', async () => {
    await stage.set(pair(1))
    expect(await rejectedOf()).toBe('retry')
    expect(await stage.session.tokens.rejected(await stage.planned(), true)).toBe('no')
    for (let n = 0; n < 5; n++) expect(await rejectedOf()).toBe('no')
    expect(stage.asked()).toHaveLength(1)
    stage.now += 60 * second
    expect(await rejectedOf()).toBe('retry')
  })

  it('leaves the value of a command that fails now to the other hosts, and does not run it for each 401', async () => {
    const folder = scratchFolder()
    const file = (name: string) => join(folder, name)
    const lines = ['#!/bin/sh', `cd '${folder}'`, 'echo >> runs', '[ ! -e broken ] && echo value-1']
    writeFileSync(file('print'), `${lines.join('\n')}\n`, { mode: 0o700 })
    const runs = () => readFileSync(file('runs'), 'utf8').length
    await stage.open({
      api: { kind: 'bearer', hosts: ['api.test', 'other.test'], fromCommand: file('print') },
    })
    expect(await stage.sent()).toBe('Bearer value-1')
    writeFileSync(file('broken'), '')
    for (let n = 0; n < 3; n++) expect(await rejectedOf()).toBe('needs-login')
    expect(runs()).toBe(2)
    expect(await stage.sent('https://other.test/')).toBe('Bearer value-1')
    stage.now += 10 * second
    expect(await rejectedOf()).toBe('needs-login')
    expect(runs()).toBe(3)
    stage.now += 3600 * second
    expect(await stage.sent()).toBeUndefined()
  })

  it('leads to nothing for other kinds, and for a request without a token', async () => {
    await stage.session.credentials.set('api', { kind: 'bearer', hosts: ['api.test'] }, 'x')
    expect(await rejectedOf()).toBe('no')
    expect(await stage.session.tokens.rejected(await stage.planned('https://other.test/'))).toBe('no')
  })
})
