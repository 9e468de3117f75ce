import { describe, expect, it } from 'vitest'
import { startAuthorizationServer } from '../support/authorization-server.ts'
import { requestTo } from '../support/material.ts'
import { temporaryHome } from '../support/temporary-home.ts'
import { troubles } from './false-answers.ts'
import { sessionHere } from './session-here.ts'
import { definitionFor } from './signed-in.ts'
import { Stage } from './stage.ts'

const lifeSeconds = 3600
const second = 1000

describe('a token server that answers', () => {
  it.each(Object.entries(troubles))(
    '%s leaves the tokens as they are and gets few requests',
    async (_, { answer, unused, refusal }) => {
      await using server = await startAuthorizationServer({ lifeSeconds })
      const stage = await Stage.set(server)
      const { access_token: accessToken, refresh_token: refreshToken } = stage.issued
      server.instead.push(answer)
      server.again = true

      // A refresh is due for five minutes, with a request every ten seconds.
      for (let left = 295; left > 5; left -= 10) {
        stage.at((lifeSeconds - left) * second)
        expect(await stage.attached()).toBe(accessToken)
      }
      const whileAlive = server.record.tokenRequests
      expect(whileAlive).toBeGreaterThanOrEqual(1)
      // A refresh token of unknown fate is not sent again while the access token lives.
      expect(whileAlive).toBeLessThanOrEqual(unused ? 12 : 1)

      // The same for ten minutes after the access token has run out.
      for (let over = 10; over < 600; over += 10) {
        stage.at((lifeSeconds + over) * second)
        expect(await stage.attached()).toBe(accessToken)
      }
      expect(server.record.tokenRequests - whileAlive).toBeLessThanOrEqual(18)
      expect(await stage.sealed()).toMatchObject({ tokens: { accessToken, refreshToken } })
      expect((await stage.sealed()).needsLogin !== undefined).toBe(refusal === true)
      expect(stage.messages.length).toBeGreaterThan(0)

      // The server is well again.
      server.again = false
      server.instead.length = 0
      stage.at((lifeSeconds + 7200) * second)
      expect(await stage.session.tokens.refresh('api', { because: 'expired' })).toEqual({
        kind: 'refreshed',
      })
      expect(server.record).toMatchObject({ refreshes: 1, reuses: 0, revocations: 0 })
      expect((await stage.sealed()).attempt).toBeUndefined()
      expect(await stage.attached()).not.toBe(accessToken)
    },
  )
})

describe('an answer that gets lost after the server has rotated', () => {
  it.each(Object.entries(troubles).filter(([, { unused }]) => !unused))(
    '%s: the session needs a login after the access token has run out, and not before',
    async (_, { answer }) => {
      await using server = await startAuthorizationServer({ lifeSeconds })
      const stage = await Stage.set(server)
      server.after.push(answer)
      stage.at((lifeSeconds - 200) * second)
      for (let n = 0; n < 20; n++) expect(await stage.attached()).toBe(stage.issued.access_token)
      expect(server.record).toMatchObject({ refreshes: 1, reuses: 0, tokenRequests: 1 })
      stage.at((lifeSeconds + 600) * second)
      await stage.attached()
      expect(await stage.session.tokens.refresh('api', { because: 'expired' })).toMatchObject({
        kind: 'needs-login',
      })
      const asked = server.record.tokenRequests
      const { tokens, needsLogin } = await stage.sealed()
      expect(needsLogin).toMatchObject({ reason: expect.any(String) })
      expect(tokens).toMatchObject({ refreshToken: stage.issued.refresh_token })
      // The state stays, without another request.
      for (let n = 0; n < 20; n++) {
        stage.at((lifeSeconds + 600 + n * 600) * second)
        await stage.attached()
      }
      expect(server.record.tokenRequests).toBe(asked)
      expect(asked).toBeLessThanOrEqual(2)
    },
  )
})

describe('a token server', () => {
  it('that is slow delays no request with a token that still holds', async () => {
    await using server = await startAuthorizationServer({ lifeSeconds })
    const stage = await Stage.set(server)
    const asked = Promise.withResolvers<void>()
    const answer = Promise.withResolvers<void>()
    server.observe = (moment) => {
      if (moment === 'came') asked.resolve()
      return moment === 'came' ? answer.promise : undefined
    }
    stage.at((lifeSeconds - 200) * second)
    for (let n = 0; n < 20; n++) {
      const { credentials } = await stage.session.plan(requestTo(server.resource), {})
      expect(credentials.attached).toHaveLength(1)
    }
    await asked.promise
    expect(server.record).toMatchObject({ tokenRequests: 1, refreshes: 0 })
    answer.resolve()
    expect(await stage.session.tokens.refresh('api', { because: 'due' })).toMatchObject({
      kind: expect.stringMatching(/refreshed|adopted/),
    })
    expect(server.record).toMatchObject({ tokenRequests: 1, refreshes: 1 })
  })

  it('that says invalid_grant makes the session need a login, and its tokens stay', async () => {
    await using server = await startAuthorizationServer({ lifeSeconds })
    const stage = await Stage.set(server)
    server.instead.push((response) =>
      response.writeHead(400, { 'content-type': 'application/json' }).end('{"error":"invalid_grant"}'),
    )
    stage.at((lifeSeconds - 200) * second)
    expect(await stage.attached()).toBe(stage.issued.access_token)
    expect(await stage.sealed()).toMatchObject({
      tokens: { accessToken: stage.issued.access_token, refreshToken: stage.issued.refresh_token },
      needsLogin: { reason: expect.stringContaining('invalid_grant') },
    })
    // The access token lives on.
    expect(await stage.attached()).toBe(stage.issued.access_token)
    expect(server.record.tokenRequests).toBe(1)
    expect(stage.messages.join('\n')).toMatch(/login/)
  })

  it('that says Retry-After gets no request for so long, also from another process', async () => {
    await using server = await startAuthorizationServer({ lifeSeconds })
    const stage = await Stage.set(server)
    server.instead.push((response) => response.writeHead(429, { 'retry-after': '240' }).end())
    stage.at((lifeSeconds - 290) * second)
    await stage.attached()
    expect(server.record.tokenRequests).toBe(1)
    for (let left = 280; left > 55; left -= 5) {
      stage.at((lifeSeconds - left) * second)
      expect(await stage.attached()).toBe(stage.issued.access_token)
    }
    const other = await sessionHere(stage.home, { now: () => Date.now() + (lifeSeconds - 100) * second })
    expect(await other.session.tokens.refresh('api', { because: 'due' })).toMatchObject({
      kind: 'waiting',
    })
    expect(server.record.tokenRequests).toBe(1)
    stage.at((lifeSeconds - 30) * second)
    await stage.attached()
    expect(server.record).toMatchObject({ tokenRequests: 2, refreshes: 1 })
  })

  it('with a bad certificate gets nothing, and the refresh token still works', async () => {
    await using server = await startAuthorizationServer({ lifeSeconds, hosts: ['127.0.0.1'] })
    const home = temporaryHome()
    const issued = await server.issue()
    const ahead = { now: () => Date.now() + (lifeSeconds + 60) * second }
    const distrusting = await sessionHere(home, { ...ahead, roots: [] })
    await distrusting.session.credentials.set('api', definitionFor(server), JSON.stringify(issued))
    const outcome = await distrusting.session.tokens.refresh('api', { because: 'asked' })
    expect(outcome).toMatchObject({ kind: 'waiting', reason: expect.stringMatching(/certificate/) })
    expect(server.record.tokenRequests).toBe(0)
    const later = await sessionHere(home, { now: () => Date.now() + 3 * lifeSeconds * second })
    expect(await later.session.tokens.refresh('api', { because: 'expired' })).toEqual({
      kind: 'refreshed',
    })
    expect(server.record).toMatchObject({ tokenRequests: 1, refreshes: 1, reuses: 0 })
  })

  it('that is away is not asked in a loop, and the refresh succeeds when it is back', async () => {
    const home = temporaryHome()
    let port: number
    let ahead = lifeSeconds - 200
    const here = await sessionHere(home, { now: () => Date.now() + ahead * second })
    {
      await using server = await startAuthorizationServer({ lifeSeconds })
      port = server.port
      await here.session.credentials.set('api', definitionFor(server), JSON.stringify(await server.issue()))
    }
    ahead += lifeSeconds
    for (let n = 0; n < 30; n++)
      expect(await here.session.tokens.refresh('api', { because: 'due' })).toMatchObject({
        kind: 'waiting',
      })
    await using again = await startAuthorizationServer({ lifeSeconds, port })
    // The new server does not know the token and says invalid_grant. The test checks only that it was asked.
    ahead += 7200
    expect(await here.session.tokens.refresh('api', { because: 'expired' })).toMatchObject({
      kind: 'needs-login',
    })
    expect(again.record.tokenRequests).toBe(1)
  })
})

describe('an origin that answers 401 to everything', () => {
  it('does not cause a refresh for each request', async () => {
    await using server = await startAuthorizationServer({ lifeSeconds })
    const stage = await Stage.set(server)
    for (let n = 0; n < 100; n++) {
      stage.at(n * second)
      // The steps of the proxy: a 401, a refresh, the request once more, a 401.
      const plan = () => stage.session.plan(requestTo(server.resource), {})
      if ((await stage.session.tokens.rejected(await plan())) === 'retry')
        await stage.session.tokens.rejected(await plan(), true)
    }
    // In a hundred seconds there are a few refreshes, because any of them could have helped.
    expect(server.record.refreshes).toBeGreaterThanOrEqual(1)
    expect(server.record.refreshes).toBeLessThanOrEqual(5)
    expect(server.record).toMatchObject({ reuses: 0, revocations: 0 })
  })
})
