import { describe, expect, it } from 'vitest'
import { type Deed, loopbackFetch, pair, startTokenServer } from '../../test/support/token-server.ts'
import type { OAuth2Definition } from '../credentials/oauth2.ts'
import { Secret } from '../secret.ts'
import { clientOf } from './authorization-server.ts'
import { awaitDevice, beginDevice } from './flows/device.ts'
import { requestTokens } from './token-request.ts'

const now = Date.UTC(2026, 10, 30)
const form = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' }
const date = { date: new Date(now + 3_600_000).toUTCString() }

async function setUp(deed: Deed) {
  const server = await startTokenServer()
  server.deed = () => deed
  const definition: OAuth2Definition = {
    kind: 'oauth2',
    tokenEndpoint: server.url,
    deviceAuthorizationEndpoint: server.url,
    clientId: 'c',
  }
  const notes: string[] = []
  const fetch = loopbackFetch()
  const client = () => clientOf(definition, undefined, fetch, { note: (text) => notes.push(text) })
  return { server, definition, notes, client }
}

async function refreshWith(deed: Deed) {
  const { definition, client, notes, server } = await setUp(deed)
  const answer = async () => requestTokens(await client(), definition, new Secret('r'), () => now)
  return { answer: await answer(), again: answer, notes, server }
}

const tokens = (more: object = {}) => ({
  kind: 'tokens',
  tokens: {
    accessToken: 'access-2',
    refreshToken: 'refresh-2',
    receivedAt: now,
    expiresAt: now + 3_600_000,
    ...more,
  },
})

describe('the answer to a refresh', () => {
  it.each<[string, Deed]>([
    ['as the RFC says', { body: pair(2) }],
    ['with status 201', { status: 201, body: pair(2) }],
    ['with status 400 and no error', { status: 400, body: pair(2) }],
    ['with status 500 and no error', { status: 500, body: pair(2) }],
    ['with an empty error', { body: pair(2, { error: '', errors: [], error_code: 0 }) }],
    [
      'beside words about the refresh token before',
      { body: pair(2, { message: 'The old refresh token is no longer valid.' }) },
    ],
    ['with an error of 0 in text', { body: pair(2, { errcode: '0' }) }],
    [
      'in an envelope that has the type',
      { body: { token_type: 'bearer', data: pair(2, { token_type: null }) } },
    ],
    ['as text', { headers: { 'content-type': 'text/plain' }, body: pair(2) }],
    ['as HTML', { headers: { 'content-type': 'text/html' }, body: pair(2) }],
    ['after a byte order mark', { body: `\ufeff${JSON.stringify(pair(2))}` }],
    ['in an envelope', { body: { code: 0, msg: 'ok', data: pair(2) } }],
    ['without a type', { body: pair(2, { token_type: null }) }],
    ['with a life in text', { body: pair(2, { expires_in: '3600' }) }],
    [
      'with its end by the clock of a server that is an hour ahead',
      { headers: date, body: pair(2, { expires_in: null, expires_at: (now + 7_200_000) / 1000 }) },
    ],
    [
      'as a form',
      {
        headers: form,
        body: 'access_token=access-2&refresh_token=refresh-2&expires_in=3600&token_type=bearer',
      },
    ],
    [
      'as a form that says it is text',
      {
        headers: { 'content-type': 'text/plain' },
        body: 'access_token=access-2&refresh_token=refresh-2&expires=3600',
      },
    ],
    [
      'in the spelling of AWS',
      { body: { accessToken: 'access-2', refreshToken: 'refresh-2', expiresIn: 3600, tokenType: 'Bearer' } },
    ],
    ['beside an ID token of another type', { body: pair(2, { id_token: 7 }) }],
  ])('is taken %s', async (_, deed) => {
    expect((await refreshWith(deed)).answer).toEqual(tokens())
  })

  it.each([null, 'soon', -1, 0, true, {}])('is taken with the life %j, which stays unknown', async (life) => {
    const { answer } = await refreshWith({ body: pair(2, { expires_in: life }) })
    expect(answer).toEqual(tokens({ expiresAt: undefined }))
  })

  it('is taken with an end in the past, which would have every request refresh', async () => {
    const { answer } = await refreshWith({
      headers: date,
      body: pair(2, { expires_in: null, expires_at: now / 1000 }),
    })
    expect(answer).toEqual(tokens({ expiresAt: undefined }))
  })

  it('has a note on what is ignored, once', async () => {
    const { again, notes, server } = await refreshWith({ body: pair(2, { expires_in: 'soon', scope: 7 }) })
    await again()
    expect(notes).toEqual([
      `${new URL(server.url).origin} sent fields that are not usable and are ignored: expires_in, scope`,
    ])
  })

  it.each<[string, Deed, string]>([
    ['another type', { body: pair(2, { token_type: 'DPoP' }) }, 'unknown'],
    ['another type in another spelling', { body: { accessToken: 'a', tokenType: 'mac' } }, 'unknown'],
    ['a type that is a number', { body: pair(2, { token_type: 1 }) }, 'unknown'],
    ['an access token that is a number', { body: pair(2, { access_token: 12 }) }, 'unknown'],
    [
      'an error beside the tokens and the status of one',
      { status: 400, body: pair(2, { error: 'x' }) },
      'not-used',
    ],
    ['half a form', { headers: form, body: 'access_token' }, 'unknown'],
    [
      'another type beside its envelope',
      { body: { token_type: 'DPoP', data: { access_token: 'x' } } },
      'unknown',
    ],
    [
      'an error that repeats a token, with status 200',
      { body: { ok: false, error: 'temporarily_unavailable', token: 'echoed' } },
      'not-used',
    ],
    ['a token of something else in a refusal', { status: 403, body: { token: 'captcha-1' } }, 'not-used'],
    ['a redirect', { status: 302, body: { access_token: 'x' } }, 'not-used'],
  ])('is not taken with %s', async (_, deed, kind) => {
    expect((await refreshWith(deed)).answer).toMatchObject({ kind })
  })
})

describe('a refusal of a refresh token', () => {
  it.each<[string, Deed]>([
    ['the RFC', { status: 400, body: { error: 'invalid_grant' } }],
    ['the RFC, with status 200', { body: { error: 'invalid_grant' } }],
    ['the RFC, with status 500', { status: 500, body: { error: 'invalid_grant' } }],
    ['the RFC, as a form', { headers: form, body: 'error=invalid_grant&error_description=gone' }],
    [
      'the RFC, as HTML',
      { status: 400, headers: { 'content-type': 'text/html' }, body: { error: 'invalid_grant' } },
    ],
    [
      'the RFC, in a list',
      { status: 401, body: { errors: [{ errorType: 'invalid_grant', message: 'Refresh token invalid' }] } },
    ],
    [
      'Atlassian',
      { status: 403, body: { error: 'unauthorized_client', error_description: 'refresh_token is invalid' } },
    ],
    [
      'HubSpot',
      { status: 400, body: { status: 'BAD_REFRESH_TOKEN', message: 'missing or unknown refresh token' } },
    ],
    [
      'OpenAI',
      {
        status: 401,
        body: { error: { message: 'Your session has ended.', code: 'refresh_token_invalidated' } },
      },
    ],
    ['AWS', { status: 400, body: { __type: 'InvalidGrantException' } }],
    ['a description alone', { status: 400, body: { message: 'The refresh token has expired.' } }],
  ])('means a login in the words of %s', async (_, deed) => {
    expect((await refreshWith(deed)).answer).toMatchObject({
      kind: 'used-up',
      reason: expect.stringMatching(/^invalid_grant/),
    })
  })

  it('keeps the words of the server', async () => {
    const body = { status: 'BAD_REFRESH_TOKEN', message: 'missing or unknown refresh token' }
    expect((await refreshWith({ status: 400, body })).answer).toMatchObject({
      reason: 'invalid_grant (BAD_REFRESH_TOKEN: missing or unknown refresh token)',
    })
  })

  it.each<[string, Deed]>([
    ['a busy server', { status: 429, body: { error: 'token_expired' } }],
    ['a server in trouble', { status: 503, body: { message: 'no refresh token is valid now' } }],
    ['a wrong client', { status: 401, body: { error: 'invalid_client' } }],
    [
      'a lacking parameter',
      { status: 400, body: { error: 'invalid_request', error_description: 'the refresh token is missing' } },
    ],
    ['an object', { status: 400, body: { error: { code: 'rate_limited', message: 'slower' } } }],
    [
      'a wrong secret, in words that name the refresh token',
      {
        status: 401,
        body: { error: 'invalid_client', error_description: 'Bad client secret for refresh_token grant' },
      },
    ],
    ...(
      [
        ['invalid_scope', 'scope is not valid for this refresh token'],
        ['invalid_target', 'unknown resource for the refresh token'],
        ['unsupported_grant_type', 'refresh_token is not valid here'],
        ['temporarily_unavailable', 'refresh token service: unknown failure'],
        ['server_error', 'refresh token store: invalid answer'],
        ['slow_down', 'refresh token reused too early'],
        ['invalid_request', 'Unknown parameter: refresh_token'],
        ['invalid_request', 'Bad Request: missing refresh_token'],
        ['invalid_request', 'unknown parameter refresh_token'],
      ] as const
    ).map(([error, error_description]): [string, Deed] => [
      `${error}: ${error_description}`,
      { status: 400, body: { error, error_description } },
    ]),
  ])('counts as temporary for %s', async (_, deed) => {
    expect((await refreshWith(deed)).answer).toMatchObject({ kind: 'not-used' })
  })

  it.each<[string, object, string]>([
    ['an object', { error: { code: 'rate_limited', message: 'slower' } }, 'rate_limited (slower)'],
    [
      'Okta',
      { errorCode: 'E0000011', errorSummary: 'Invalid token provided' },
      'E0000011 (Invalid token provided)',
    ],
    ['a gateway', { message: 'Forbidden' }, 'Forbidden'],
    ['an error without a text', { error: 'invalid_scope', error_description: null }, 'invalid_scope'],
  ])('gives its reason in the words of %s', async (_, body, reason) => {
    expect((await refreshWith({ status: 403, body })).answer).toMatchObject({ reason })
  })
})

describe('the answer to the start of a device login', () => {
  const codes = {
    device_code: 'd',
    user_code: 'U',
    verification_uri: 'https://id.test/device',
    expires_in: 60,
  }
  const begun = {
    deviceCode: 'd',
    userCode: 'U',
    verificationUri: 'https://id.test/device',
    intervalSeconds: 5,
    expiresAt: now + 60_000,
  }
  const begin = async (deed: Deed) => {
    const { client, definition, notes } = await setUp(deed)
    const request = { client: await client(), definition, provider: undefined }
    return { pending: await beginDevice(request, now), notes }
  }

  it.each<[string, Deed, object]>([
    ['as the RFC says', { body: codes }, {}],
    ['with status 201', { status: 201, body: codes }, {}],
    [
      'as a form',
      { headers: form, body: new URLSearchParams({ ...codes, expires_in: '60' }).toString() },
      {},
    ],
    ['in an envelope', { body: { data: codes } }, {}],
    [
      'with the page as Google spells it',
      { body: { ...codes, verification_uri: undefined, verification_url: 'https://id.test/device' } },
      {},
    ],
    [
      'in camel case',
      {
        body: {
          deviceCode: 'd',
          userCode: 'U',
          verificationUri: 'https://id.test/device',
          expiresIn: '60',
          interval: '7',
        },
      },
      { intervalSeconds: 7 },
    ],
    ['with a code of digits', { body: { ...codes, user_code: 123456 } }, { userCode: '123456' }],
    ['with an interval in text', { body: { ...codes, interval: '7' } }, { intervalSeconds: 7 }],
    ['with an interval of 0', { body: { ...codes, interval: 0 } }, {}],
    ['with an interval below 0', { body: { ...codes, interval: -1 } }, {}],
    ['with an interval that is null', { body: { ...codes, interval: null } }, {}],
    ['with an interval in milliseconds', { body: { ...codes, interval: 5000 } }, {}],
    ['without a life', { body: { ...codes, expires_in: undefined } }, { expiresAt: now + 900_000 }],
    [
      'with a life that is no number',
      { body: { ...codes, expires_in: 'soon' } },
      { expiresAt: now + 900_000 },
    ],
    [
      'with an end',
      {
        headers: { date: new Date(now).toUTCString() },
        body: { ...codes, expires_in: null, expires_at: now / 1000 + 60 },
      },
      {},
    ],
    ['with a whole address that is null', { body: { ...codes, verification_uri_complete: null } }, {}],
    ['with a whole address that is a number', { body: { ...codes, verification_uri_complete: 7 } }, {}],
    [
      'with a whole address only',
      { body: { ...codes, verification_uri: null, verification_uri_complete: 'https://id.test/device?c=U' } },
      {
        verificationUri: 'https://id.test/device?c=U',
        verificationUriComplete: 'https://id.test/device?c=U',
      },
    ],
  ])('is taken %s', async (_, deed, more) => {
    expect((await begin(deed)).pending).toEqual({ ...begun, ...more })
  })

  it('has a note on what is ignored', async () => {
    const { notes } = await begin({ body: { ...codes, interval: 'x', expires_in: {} } })
    expect(notes.join()).toMatch(/are ignored: expires_in, interval$/)
  })

  it.each<[string, object]>([
    ['no code', { device_code: null }],
    ['a page in another scheme', { verification_uri: 'javascript:0' }],
    ['no page', { verification_uri: null }],
  ])('is refused with %s', async (_, more) => {
    await expect(begin({ body: { ...codes, ...more } })).rejects.toMatchObject({ code: 'token-server' })
  })

  it.each<[string, Deed]>([
    ['with status 200', { body: { error: 'authorization_pending' } }],
    ['with status 500', { status: 500, body: { error: 'authorization_pending' } }],
    ['as a form', { headers: form, body: 'error=authorization_pending' }],
    ['as AWS spells it', { status: 400, body: { __type: 'com.amazonaws#AuthorizationPendingException' } }],
    ['in an object', { status: 428, body: { error: { code: 'AUTHORIZATION_PENDING' } } }],
  ])('is followed by a poll that stays pending %s', async (_, deed) => {
    const { client, definition, server } = await setUp(deed)
    const request = { client: await client(), definition, provider: undefined }
    const denied = { status: 400, body: { error: 'authorization_declined' } }
    server.deed = () => (server.asked.length < 3 ? deed : denied)
    const pending = { ...begun, intervalSeconds: 0.01, expiresAt: Date.now() + 60_000 }
    const waiting = awaitDevice(request, pending, { now: Date.now })
    await expect(waiting).rejects.toMatchObject({ message: 'the sign-in was denied at the other device' })
    expect(server.asked).toHaveLength(3)
  })
})
