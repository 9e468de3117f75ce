import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import {
  type AuthorizationServer,
  startAuthorizationServer,
} from '../../test/support/authorization-server.ts'
import { BrowsingUser } from '../../test/support/browsing-user.ts'
import { testFetch } from '../../test/support/login-request.ts'
import type { OAuth2Definition, OAuth2Value } from '../credentials/oauth2.ts'
import { Secret } from '../secret.ts'
import { type DeviceCode, type LoginOptions, login } from './login.ts'

let server: AuthorizationServer
beforeAll(async () => {
  server = await startAuthorizationServer({ lifeSeconds: 600 })
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
})
afterEach(() => {
  server.instead.length = 0
  server.consent = 'allow'
})

const browser = { visit: (url: string) => void new BrowsingUser().visit(url) }

describe('a login', () => {
  it('seals the new tokens with the client secret, in place of the old ones', async () => {
    const { clientId, clientSecret } = server.clients.basic
    const subject = subjectOf({ clientId }, { ...worn, pending: undefined })
    const outcome = await run(subject, { ...browser, clientSecret: new Secret(clientSecret) })
    expect(outcome).toBe('signed-in')
    expect(subject.sealed).toEqual({
      clientSecret,
      tokens: {
        accessToken: expect.any(String),
        refreshToken: expect.any(String),
        scope: 'openid offline_access',
        receivedAt: 1_000_000,
        expiresAt: 1_600_000,
      },
      refreshes: 7,
    })
  })

  it('uses the kept client secret', async () => {
    const { clientId, clientSecret } = server.clients.service
    const subject = subjectOf({ clientId, flow: 'client-credentials' }, { clientSecret, refreshes: 0 })
    await run(subject, {})
    expect(subject.sealed).toMatchObject({ clientSecret, tokens: { accessToken: expect.any(String) } })
  })

  it('that fails changes nothing', async () => {
    server.consent = 'deny'
    const subject = subjectOf({}, worn)
    await expect(run(subject, browser)).rejects.toMatchObject({ code: 'login-failed' })
    expect(subject.sealed).toBe(worn)
  })

  it.each([
    [
      'an error page',
      (response) => response.writeHead(502, { 'content-type': 'text/html' }).end('<h1>502</h1>'),
      'status 502, text/html',
    ],
    [
      'malformed JSON',
      (response) => response.setHeader('content-type', 'application/json').end('{"access_token":"TOKEN'),
      'it is not JSON',
    ],
    [
      'another type of token',
      (response) =>
        response
          .setHeader('content-type', 'application/json')
          .end('{"access_token":"TOKEN","token_type":"mac"}'),
      'token_type',
    ],
    [
      'no token',
      (response) => response.setHeader('content-type', 'application/json').end('{"token_type":"bearer"}'),
      '"access_token"',
    ],
  ] satisfies [string, AuthorizationServer['instead'][number], string][])(
    'that is answered by %s says so without what it was',
    async (_, answer, what) => {
      server.instead.push(answer)
      const subject = subjectOf({}, worn)
      const failure = await run(subject, browser).then(
        () => undefined,
        (error: Error) => error,
      )
      expect(failure).toMatchObject({
        code: 'token-server',
        message: expect.stringContaining(
          `the answer of the token endpoint of ${server.issuer} is not usable: `,
        ),
      })
      expect(failure?.message).toContain(what)
      expect(`${failure?.message}${failure?.stack}${JSON.stringify(failure)}`).not.toContain('TOKEN')
      expect(subject.sealed).toBe(worn)
    },
  )

  it('names the missing part: a sign-in page, a client id, a server or a secret', async () => {
    const missing: [Partial<OAuth2Definition>, string][] = [
      [{}, 'the login needs a person at a sign-in page, and nothing here shows one'],
      [{ clientId: undefined }, 'the client id is missing: give it with --client-id'],
      [{ issuer: undefined }, 'the authorization server is missing: name it with --provider or --issuer'],
      [{ issuer: undefined, provider: 'okta' }, 'Okta needs an issuer: --issuer DOMAIN.okta.com'],
      [
        { issuer: undefined, provider: 'google' },
        'Google needs a client secret: with --client-secret hallpass asks for it',
      ],
      [{ provider: 'nobody' }, 'there is no provider "nobody". For any other server, use --issuer URL'],
      [{ provider: 'slack', flow: 'device' }, 'Slack has no device flow; there is code'],
      [
        { clientAuth: 'client_secret_post' },
        'client_secret_post needs a client secret: with --client-secret hallpass asks for it',
      ],
    ]
    for (const [definition, message] of missing) {
      await expect(run(subjectOf(definition, undefined), {})).rejects.toMatchObject({
        code: 'usage',
        message,
      })
    }
  })
})

describe('a login by device', () => {
  it('is sealed before anybody sees the code, beside the old tokens', async () => {
    const subject = subjectOf({ flow: 'device' }, { ...worn, pending: undefined })
    let sealedThen: OAuth2Value | undefined
    const showCode = () => {
      sealedThen = subject.sealed
    }
    expect(await run(subject, { showCode, wait: false })).toBe('pending')
    expect(sealedThen).toMatchObject({
      tokens: worn.tokens,
      needsLogin: worn.needsLogin,
      pending: { deviceCode: expect.any(String) },
    })
  })

  it('does not write over tokens that were refreshed meanwhile', async () => {
    const subject = subjectOf({ flow: 'device' }, { ...worn, pending: undefined })
    const renewed = { accessToken: 'renewed', refreshToken: 'renewed too', receivedAt: 5 }
    subject.sealed = { tokens: renewed, refreshes: 8 }
    await run(subject, { wait: false })
    expect(subject.sealed).toMatchObject({
      tokens: renewed,
      refreshes: 8,
      pending: { userCode: expect.any(String) },
    })
  })

  it('goes on from its sealed part, and leaves only the tokens', async () => {
    const first = subjectOf({ flow: 'device' }, undefined)
    const codes: DeviceCode[] = []
    await run(first, { wait: false, showCode: (code) => codes.push(code) })
    const sealed = { ...first.sealed, refreshes: 0, pending: soon(first.sealed?.pending) }
    await new BrowsingUser().approveDevice(codes[0]?.verificationUri ?? '', codes[0]?.userCode ?? '')
    const second = subjectOf({ flow: 'device' }, sealed)
    await run(second, { showCode: (code) => codes.push(code) })
    expect(codes.map(({ resumed, userCode }) => ({ resumed, userCode }))).toEqual([
      { resumed: false, userCode: codes[0]?.userCode },
      { resumed: true, userCode: codes[0]?.userCode },
    ])
    expect(second.sealed).toEqual({
      tokens: expect.objectContaining({ refreshToken: expect.any(String) }),
      refreshes: 0,
    })
  })

  it('begins anew when the sealed one has expired', async () => {
    const pending = { ...stale, expiresAt: 999_999 }
    const subject = subjectOf({ flow: 'device' }, { refreshes: 0, pending })
    const codes: DeviceCode[] = []
    await run(subject, { wait: false, showCode: (code) => codes.push(code) })
    expect(codes).toMatchObject([{ resumed: false, userCode: expect.not.stringMatching('OLD') }])
  })

  it('that is denied is no longer pending, and the old tokens stay', async () => {
    const first = subjectOf({ flow: 'device' }, worn)
    const codes: DeviceCode[] = []
    await run(first, { wait: false, showCode: (code) => codes.push(code) })
    await new BrowsingUser().denyDevice(codes[0]?.verificationUri ?? '', codes[0]?.userCode ?? '')
    const second = subjectOf({ flow: 'device' }, { ...worn, pending: soon(first.sealed?.pending) })
    await expect(run(second, {})).rejects.toMatchObject({ code: 'login-failed' })
    expect(second.sealed).toEqual({ ...worn, pending: undefined })
    expect(second.sealed).not.toHaveProperty('pending')
  })

  it('that two processes wait for is polled by one at a time, and the second gets the result of the first', async () => {
    const first = subjectOf({ flow: 'device' }, undefined)
    const codes: DeviceCode[] = []
    await run(first, { wait: false, showCode: (code) => codes.push(code) })
    const sealed = { ...first.sealed, refreshes: 0, pending: soon(first.sealed?.pending) }
    await new BrowsingUser().approveDevice(codes[0]?.verificationUri ?? '', codes[0]?.userCode ?? '')
    const shared = subjectOf({ flow: 'device' }, sealed)
    expect(await Promise.all([run(shared, {}), run(shared, {})])).toEqual(['signed-in', 'signed-in'])
    expect(server.record.revocations).toBe(0)
    expect(shared.sealed).toEqual({
      tokens: expect.objectContaining({ refreshToken: expect.any(String) }),
      refreshes: 0,
    })
  })

  it('whose waiter is slowed down does not send the code again after the other waiter has used it', async () => {
    const first = subjectOf({ flow: 'device' }, undefined)
    const codes: DeviceCode[] = []
    await run(first, { wait: false, showCode: (code) => codes.push(code) })
    const sealed = { ...first.sealed, refreshes: 0, pending: soon(first.sealed?.pending) }
    await new BrowsingUser().approveDevice(codes[0]?.verificationUri ?? '', codes[0]?.userCode ?? '')
    const shared = subjectOf({ flow: 'device' }, sealed)
    server.instead.push((response) =>
      response.writeHead(400, { 'content-type': 'application/json' }).end('{"error":"slow_down"}'),
    )
    expect(await Promise.all([run(shared, {}), run(shared, {})])).toEqual(['signed-in', 'signed-in'])
    expect(server.record.revocations).toBe(0)
    expect(shared.sealed).not.toHaveProperty('pending')
  })

  it('that is slowed down seals the longer interval for the next process', async () => {
    const pending = { ...stale, intervalSeconds: 0.02, expiresAt: 9e9 }
    const subject = subjectOf({ flow: 'device' }, { refreshes: 0, pending })
    const stop = new AbortController()
    const waiting = run(subject, { signal: stop.signal })
    server.instead.push((response) =>
      response.writeHead(400, { 'content-type': 'application/json' }).end('{"error":"slow_down"}'),
    )
    await expect.poll(() => subject.sealed?.pending?.intervalSeconds).toBe(5.02)
    stop.abort()
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' })
  })

  it.each<[string, OAuth2Value, string]>([
    ['has ended without tokens', { ...worn }, 'another process saw this login fail'],
    [
      'has ended without tokens before the old ones were refreshed',
      {
        tokens: { accessToken: 'renewed', receivedAt: 5 },
        last: { at: 5, result: 'refreshed', failures: 0 },
        refreshes: 8,
      },
      'another process saw this login fail',
    ],
    [
      'has another code',
      { refreshes: 0, pending: { ...stale, expiresAt: 9e9 } },
      'another login has begun in its place',
    ],
  ])('whose record %s is over, and the record stays', async (_, elsewhere, message) => {
    const pending = { ...stale, deviceCode: 'mine', intervalSeconds: 0.02, expiresAt: 9e9 }
    const subject = subjectOf({ flow: 'device' }, { ...worn, pending })
    subject.sealed = elsewhere
    const asked = server.record.tokenRequests
    await expect(run(subject, {})).rejects.toMatchObject({ code: 'login-failed', message })
    expect(server.record.tokenRequests).toBe(asked)
    expect(subject.sealed).toEqual(elsewhere)
  })

  it('stays pending when it is stopped', async () => {
    const subject = subjectOf({ flow: 'device' }, undefined)
    const stop = new AbortController()
    const stopped = run(subject, { signal: stop.signal, showCode: () => stop.abort() })
    await expect(stopped).rejects.toMatchObject({ name: 'AbortError' })
    expect(subject.sealed?.pending).toBeDefined()
  })
})

const stale = {
  deviceCode: 'old',
  userCode: 'OLD',
  verificationUri: 'https://id.test/device',
  intervalSeconds: 5,
  expiresAt: 0,
}

const worn: OAuth2Value = {
  tokens: { accessToken: 'old', refreshToken: 'worn', receivedAt: 1 },
  needsLogin: { since: 2, reason: 'invalid_grant' },
  refreshes: 7,
}

function subjectOf(more: Partial<OAuth2Definition>, value: OAuth2Value | undefined) {
  const definition: OAuth2Definition = { kind: 'oauth2', issuer: server.issuer, clientId: 'native', ...more }
  let lock: Promise<unknown> = Promise.resolve()
  const subject = {
    definition,
    value,
    name: 'api',
    sealed: value,
    save: (change: (before: OAuth2Value | undefined) => OAuth2Value) =>
      subject.exclusive(async () => {
        subject.sealed = change(subject.sealed)
      }),
    exclusive: <T>(
      work: (held: {
        readonly value: OAuth2Value
        readonly save: (next: OAuth2Value) => Promise<void>
      }) => Promise<T>,
    ): Promise<T> => {
      const save = async (next: OAuth2Value) => {
        subject.sealed = next
      }
      const done = lock.then(() => work({ value: subject.sealed ?? { refreshes: 0 }, save }))
      lock = done.catch(() => 'its caller gets the error')
      return done
    },
  }
  return subject
}

function run(subject: ReturnType<typeof subjectOf>, options: LoginOptions) {
  return login(subject, options, { fetch: testFetch(), now: () => 1_000_000 })
}

function soon(pending: OAuth2Value['pending']): OAuth2Value['pending'] {
  return pending && { ...pending, intervalSeconds: 0.02 }
}
