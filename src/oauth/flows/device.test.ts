import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import {
  type AuthorizationServer,
  startAuthorizationServer,
} from '../../../test/support/authorization-server.ts'
import { BrowsingUser } from '../../../test/support/browsing-user.ts'
import { loginRequest, testFetch } from '../../../test/support/login-request.ts'
import type { TokenFetch } from '../token-fetch.ts'
import { awaitDevice, beginDevice, type PendingLogin } from './device.ts'

let server: AuthorizationServer
beforeAll(async () => {
  server = await startAuthorizationServer()
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
})
afterEach(() => {
  server.instead.length = 0
  server.again = false
})

/** The server says no interval; five seconds are the default that a test need not wait for. */
const soon = (pending: PendingLogin): PendingLogin => ({ ...pending, intervalSeconds: 0.02 })

describe('a login by device', () => {
  it('begins with a code, its page, its life and an interval, by default that of the RFC', async () => {
    const pending = await beginDevice(await loginRequest(server.issuer), 1_000_000)
    expect(pending).toEqual({
      deviceCode: expect.any(String),
      userCode: expect.stringMatching(/^[A-Z]{4}-[A-Z]{4}$/),
      verificationUri: `${server.issuer}/device`,
      verificationUriComplete: `${server.issuer}/device?user_code=${pending.userCode}`,
      intervalSeconds: 5,
      expiresAt: expect.any(Number),
    })
    expect(pending.expiresAt).toBeGreaterThan(1_000_000)
  })

  it('obtains a token, and a refresh token, once the person has said yes', async () => {
    const request = await loginRequest(server.issuer)
    const pending = soon(await beginDevice(request, Date.now()))
    const waiting = awaitDevice(request, pending, { now: Date.now })
    const before = server.record.tokenRequests
    await expect.poll(() => server.record.tokenRequests).toBeGreaterThan(before)
    await new BrowsingUser().approveDevice(pending.verificationUri, pending.userCode)
    expect(await waiting).toMatchObject({
      access_token: expect.any(String),
      refresh_token: expect.any(String),
    })
  })

  it('can be waited for by a process that has only the sealed part', async () => {
    const begun = soon(await beginDevice(await loginRequest(server.issuer), Date.now()))
    const sealed = JSON.parse(JSON.stringify(begun)) as PendingLogin
    await new BrowsingUser().approveDevice(begun.verificationUri, begun.userCode)
    const waiting = awaitDevice(await loginRequest(server.issuer), sealed, {
      now: Date.now,
    })
    expect(await waiting).toMatchObject({ access_token: expect.any(String) })
  })

  it('fails when the person says no', async () => {
    const request = await loginRequest(server.issuer)
    const pending = soon(await beginDevice(request, Date.now()))
    await new BrowsingUser().denyDevice(pending.verificationUri, pending.userCode)
    await expect(awaitDevice(request, pending, { now: Date.now })).rejects.toMatchObject({
      code: 'login-failed',
      message: 'the sign-in was denied at the other device',
    })
  })

  it('asks less often for good after slow_down, and says the new interval', async () => {
    const errors = ['slow_down', 'authorization_pending', 'slow_down', 'access_denied']
    const request = await loginRequest(server.issuer, {}, answering(errors))
    const slept: number[] = []
    const sealed: number[] = []
    const waiting = awaitDevice(request, pendingFor(900_000), {
      now: Date.now,
      alone: async (ask) => {
        const answer = await ask()
        if (answer.kind === 'slow_down') sealed.push(answer.intervalSeconds)
        return answer
      },
      sleep: async (ms) => void slept.push(ms / 1000),
    })
    await expect(waiting).rejects.toMatchObject({ message: expect.stringContaining('denied') })
    expect(slept).toEqual([5, 10, 10, 15])
    expect(sealed).toEqual([10, 15])
  })

  it.each([
    ['the server says', 'expired_token', 900_000],
    ['the clock says', 'authorization_pending', 30],
  ])('ends when the code has expired, by %s', async (_, error, lifeMs) => {
    const request = await loginRequest(server.issuer, {}, answering([error]))
    const pending = soon(pendingFor(lifeMs))
    await expect(awaitDevice(request, pending, { now: Date.now })).rejects.toMatchObject({
      code: 'login-failed',
      message: 'the code expired before anybody entered it',
    })
  })

  it('outlives a server that cannot be reached for a while', async () => {
    const request = await loginRequest(server.issuer)
    const pending = soon(await beginDevice(request, Date.now()))
    await new BrowsingUser().approveDevice(pending.verificationUri, pending.userCode)
    server.instead.push(
      (response) => response.destroy(),
      (response) => response.writeHead(503).end('<h1>down</h1>'),
      (response) => response.writeHead(429).end(),
    )
    const tokens = await awaitDevice(request, pending, { now: Date.now })
    expect(tokens).toMatchObject({ access_token: expect.any(String) })
    expect(server.instead).toEqual([])
  })

  it('asks a server in trouble less and less often, but at least once a minute', async () => {
    const down: TokenFetch = async (url, init) =>
      init.method === 'POST' ? new Response('down', { status: 503 }) : await testFetch()(url, init)
    const request = await loginRequest(server.issuer, {}, down)
    const slept: number[] = []
    let now = 0
    const waiting = awaitDevice(
      request,
      { ...pendingFor(0), expiresAt: 300_000 },
      {
        now: () => now,
        sleep: async (ms) => {
          slept.push(ms / 1000)
          now += ms
        },
      },
    )
    await expect(waiting).rejects.toMatchObject({ message: expect.stringContaining('expired') })
    expect(slept).toEqual([5, 10, 20, 40, 60, 60, 60, 45])
  })

  it('stops at an abort', async () => {
    const request = await loginRequest(server.issuer)
    const stop = new AbortController()
    const waiting = awaitDevice(request, pendingFor(900_000), {
      now: Date.now,
      signal: stop.signal,
    })
    stop.abort()
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' })
  })

  it.each([
    ['an unknown client', { clientId: 'nobody' }, 'token-server', /refused: invalid_client/],
    [
      'a client that may not',
      { clientId: 'service', clientSecret: 'secret-of-service-e41b90aa' },
      'token-server',
      /refused: invalid_request \(urn:ietf:params:oauth:grant-type:device_code is not allowed/,
    ],
  ])('does not begin for %s', async (_, who, code, message) => {
    await expect(beginDevice(await loginRequest(server.issuer, who), Date.now())).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    })
  })

  it('shows no text that starts a program or drives the terminal', async () => {
    const answer = {
      device_code: 'd',
      user_code: 'AB\u001b[2JCD',
      verification_uri: `${server.issuer}/\u001b]0;x`,
      expires_in: 60,
    }
    const saying = async (more: object) => {
      const fetch = testFetch()
      const request = await loginRequest(server.issuer, {}, async (url, init) =>
        init.method === 'POST' ? Response.json({ ...answer, ...more }) : await fetch(url, init),
      )
      return await beginDevice(request, 0)
    }
    expect(await saying({})).toMatchObject({
      userCode: 'AB\\x1b[2JCD',
      verificationUri: `${server.issuer}/%1B]0;x`,
    })
    for (const uri of ['file:///etc/passwd', 'javascript:0', 'http://id.example/']) {
      const expected = { code: 'token-server', message: expect.stringMatching(/is not an https URL$/) }
      await expect(saying({ verification_uri: uri })).rejects.toMatchObject(expected)
      await expect(saying({ verification_uri_complete: uri })).rejects.toMatchObject(expected)
    }
  })

  it('does not begin at a server without device logins', async () => {
    const endpoints = {
      tokenEndpoint: `${server.issuer}/token`,
      authorizationEndpoint: `${server.issuer}/auth`,
    }
    await expect(beginDevice(await loginRequest(server.issuer, endpoints), Date.now())).rejects.toMatchObject(
      {
        code: 'usage',
        message: `${server.issuer} has no device logins; leave --device out to sign in with a browser here`,
      },
    )
  })
})

function pendingFor(lifeMs: number): PendingLogin {
  return {
    deviceCode: 'device',
    userCode: 'ABCD-EFGH',
    verificationUri: `${server.issuer}/device`,
    intervalSeconds: 5,
    expiresAt: Date.now() + lifeMs,
  }
}

/** Errors in turn for token requests, the last one for good. */
function answering(errors: readonly string[]): TokenFetch {
  const fetch = testFetch()
  let asked = 0
  return async (url, init) => {
    if (init.method !== 'POST') return fetch(url, init)
    const error = errors[Math.min(asked++, errors.length - 1)]
    return Response.json({ error }, { status: 400 })
  }
}
