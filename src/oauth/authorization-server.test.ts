import type { RequestListener, ServerResponse } from 'node:http'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { testFetch } from '../../test/support/login-request.ts'
import { makeCertificate } from '../../test/support/make-certificate.ts'
import { certificateFor, httpOrigin } from '../../test/support/origin.ts'
import type { OAuth2Definition } from '../credentials/oauth2.ts'
import { Secret } from '../secret.ts'
import { clientOf } from './authorization-server.ts'
import { providers } from './providers.ts'

describe('the endpoints of an authorization server', () => {
  it('are discovered, once for all logins and refreshes of the hour', async () => {
    const asked: string[] = []
    await using world = await serving((path, answer) => {
      asked.push(path)
      json(answer, metadataOf('https://id.test'))
    })
    for (const clientId of ['one', 'two']) {
      const client = await clientOf(at('https://id.test', { clientId }), undefined, world.fetch)
      expect(client.serverMetadata().token_endpoint).toBe('https://id.test/token')
    }
    expect(asked).toEqual(['/.well-known/openid-configuration'])
  })

  it('are discovered at the place of RFC 8414 too', async () => {
    await using world = await serving((path, answer) => {
      if (path !== '/.well-known/oauth-authorization-server/tenant') return void answer.writeHead(404).end()
      json(answer, metadataOf('https://id.test/tenant'))
    })
    const client = await clientOf(at('https://id.test/tenant'), undefined, world.fetch)
    expect(client.serverMetadata().token_endpoint).toBe('https://id.test/tenant/token')
  })

  it.each<[string, (answer: ServerResponse) => void]>([
    ['a page of the server', (answer) => answer.setHeader('content-type', 'text/html').end('<p>')],
    ['a sign-in', (answer) => answer.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end()],
    ['a gone one', (answer) => answer.writeHead(410).end()],
  ])('are discovered at the place of RFC 8414 behind %s', async (_, otherwise) => {
    await using world = await serving((path, answer) => {
      if (path !== '/.well-known/oauth-authorization-server') return otherwise(answer)
      json(answer, metadataOf('https://id.test'))
    })
    const client = await clientOf(at('https://id.test'), undefined, world.fetch)
    expect(client.serverMetadata().token_endpoint).toBe('https://id.test/token')
  })

  it('are taken from a document with unusable fields, which a note names', async () => {
    await using world = await serving((_path, answer) => {
      answer.writeHead(203, { 'content-type': 'text/plain' })
      answer.end(
        JSON.stringify({
          ...metadataOf('https://id.test'),
          authorization_endpoint: '/auth',
          device_authorization_endpoint: 7,
          scopes_supported: 'openid offline_access',
          id_token_signing_alg_values_supported: null,
          authorization_response_iss_parameter_supported: 'true',
        }),
      )
    })
    const notes: string[] = []
    const options = { note: (text: string) => void notes.push(text) }
    const client = await clientOf(at('https://id.test'), undefined, world.fetch, options)
    const metadata = client.serverMetadata()
    expect(metadata).toMatchObject({
      authorization_endpoint: 'https://id.test/auth',
      scopes_supported: ['openid', 'offline_access'],
      authorization_response_iss_parameter_supported: true,
    })
    expect(metadata.device_authorization_endpoint).toBeUndefined()
    expect(notes).toEqual([
      'https://id.test sent fields that are not usable and are ignored: device_authorization_endpoint',
    ])
  })

  it.each<[unknown, boolean]>([
    ['True', true],
    ['yes', true],
    [1, true],
    [{}, true],
    [false, false],
    ['False', false],
    [0, false],
  ])('keep the check of the issuer unless the document says no: %j', async (said, kept) => {
    await using world = await serving((_path, answer) =>
      json(answer, {
        ...metadataOf('https://id.test'),
        authorization_response_iss_parameter_supported: said,
        id_token_signing_alg_values_supported: [1],
      }),
    )
    const metadata = (await clientOf(at('https://id.test'), undefined, world.fetch)).serverMetadata()
    expect(metadata.authorization_response_iss_parameter_supported).toBe(kept)
    // Of an empty list openid-client would accept no ID token.
    expect(metadata).not.toHaveProperty('id_token_signing_alg_values_supported')
  })

  it.each([
    ['https://id.test/app/', 'https://id.test/app'],
    ['https://id.test/app', 'https://id.test/app/'],
  ])('are not taken of the issuer %s for %s, and the hint is the command to type', async (named, given) => {
    await using world = await serving((_path, answer) =>
      json(answer, { ...metadataOf(named), issuer: named }),
    )
    const asked = clientOf(at(given), undefined, world.fetch, { name: 'api' })
    await expect(asked).rejects.toMatchObject({
      code: 'token-server',
      message: `the discovery document names the issuer "${named}", and the credential has "${given}": they differ by the final slash`,
      hint: `hallpass token login api --issuer ${named}`,
    })
  })

  it.each<[string, (answer: ServerResponse) => unknown, string]>([
    [
      'of another issuer',
      (answer) => json(answer, metadataOf('https://evil.test')),
      'the discovery document names the issuer "https://evil.test", and the credential has "https://id.test": the two must be equal',
    ],
    [
      'that is not JSON',
      (answer) => answer.setHeader('content-type', 'application/json').end('{"issuer'),
      'the answer of the authorization server https://id.test/ is not usable: it is not JSON',
    ],
    [
      'that is a page',
      (answer) => answer.setHeader('content-type', 'text/html').end('<p>'),
      'the answer of the authorization server https://id.test/ is not usable: status 200, text/html',
    ],
    [
      'that is an error',
      (answer) => answer.writeHead(500).end(),
      'the answer of the authorization server https://id.test/ is not usable: status 500, no content type',
    ],
    [
      'that redirects',
      (answer) => answer.writeHead(302, { location: 'https://evil.test/' }).end(),
      'the answer of the authorization server https://id.test/ is not usable: status 302, no content type',
    ],
    [
      'that never ends',
      endless,
      'the authorization server https://id.test/ could not be reached: id.test did not answer: its answer is larger than 1 MiB',
    ],
    [
      'that is cut',
      (answer) => answer.destroy(),
      'the authorization server https://id.test/ could not be reached: id.test did not answer: connection reset',
    ],
  ])('are refused from a document %s', async (_, answer, message) => {
    await using world = await serving((_path, response) => void answer(response))
    await expect(clientOf(at('https://id.test'), undefined, world.fetch)).rejects.toMatchObject({
      code: 'token-server',
      message,
    })
  })

  it('are not taken from a server without a certificate for its name', async () => {
    const stranger = makeCertificate({ commonName: 'id.test' })
    const certificate = {
      cert: stranger.cert,
      key: stranger.key.export({ type: 'pkcs8', format: 'pem' }).toString(),
    }
    await using origin = await httpOrigin((_, answer) => json(answer, metadataOf('https://id.test')), {
      certificate,
    })
    const fetch = testFetch(new Map([['id.test', `127.0.0.1:${origin.port}`]]))
    await expect(clientOf(at('https://id.test'), undefined, fetch)).rejects.toMatchObject({
      code: 'upstream-certificate',
      hint: 'hallpass config path',
      message: expect.stringMatching(/^the certificate of id\.test was not accepted: .*upstreamCa/),
    })
    expect(origin.received).toBe('')
  })

  it('are still known when the server is away after an hour', async () => {
    vi.useFakeTimers({ toFake: ['performance'] })
    onTestFinished(() => void vi.useRealTimers())
    let up = true
    let asked = 0
    await using world = await serving((_, answer) => {
      asked++
      if (!up) return void answer.writeHead(503).end()
      json(answer, metadataOf('https://id.test'))
    })
    await clientOf(at('https://id.test'), undefined, world.fetch)
    up = false
    vi.advanceTimersByTime(2 * 60 * 60_000)
    const client = await clientOf(at('https://id.test'), undefined, world.fetch)
    expect(client.serverMetadata().token_endpoint).toBe('https://id.test/token')
    expect(asked).toBe(2)
    // Another set of roots has learnt nothing from the first.
    await expect(clientOf(at('https://id.test'), undefined, world.another())).rejects.toMatchObject({
      code: 'token-server',
    })
  })

  it('are the given ones, without a request', async () => {
    const definition = at(undefined, {
      tokenEndpoint: 'https://id.test/t',
      authorizationEndpoint: 'https://id.test/a',
      deviceAuthorizationEndpoint: 'https://id.test/d',
    })
    const client = await clientOf(definition, undefined, () => Promise.reject(new Error('asked')))
    expect(client.serverMetadata()).toMatchObject({
      issuer: 'https://id.test',
      token_endpoint: 'https://id.test/t',
      authorization_endpoint: 'https://id.test/a',
      device_authorization_endpoint: 'https://id.test/d',
    })
  })

  it('of the tenants of Microsoft are discovered although no tenant is the issuer of `common`', async () => {
    await using world = await serving((path, answer) => {
      expect(path).toBe('/common/v2.0/.well-known/openid-configuration')
      json(answer, {
        ...metadataOf('https://login.microsoftonline.com/common'),
        issuer: 'https://login.microsoftonline.com/{tenantid}/v2.0',
      })
    }, 'login.microsoftonline.com')
    const client = await clientOf(at(undefined, { provider: 'microsoft' }), undefined, world.fetch)
    expect(client.serverMetadata().token_endpoint).toBe('https://login.microsoftonline.com/common/token')
  })
})

describe('a client proves itself', () => {
  const endpoints = { tokenEndpoint: 'https://id.test/token' }
  const secret = new Secret('s~c-r.e_t:+ä')
  it.each<
    [string, Partial<OAuth2Definition>, Secret | undefined, string | undefined, Record<string, string>]
  >([
    ['not at all without a secret', {}, undefined, undefined, { client_id: 'me' }],
    ['by Basic, as a form encodes both', {}, secret, 'me:s%7Ec-r.e_t%3A%2B%C3%A4', {}],
    [
      'in the form when that is said',
      { clientAuth: 'client_secret_post' },
      secret,
      undefined,
      { client_id: 'me', client_secret: secret.reveal() },
    ],
    [
      'in the form when the provider wants that',
      { provider: 'github' },
      secret,
      undefined,
      { client_id: 'me', client_secret: secret.reveal() },
    ],
    ['not at all when that is said', { clientAuth: 'none' }, secret, undefined, { client_id: 'me' }],
  ])('%s', async (_, more, clientSecret, basic, form) => {
    const sent: [Record<string, string>, string][] = []
    const client = await clientOf(
      at(undefined, { ...endpoints, ...more, clientId: 'me' }),
      clientSecret,
      async (_url, init) => {
        sent.push([init.headers, String(init.body)])
        return Response.json({ access_token: 'a', token_type: 'bearer' })
      },
    )
    const { refreshTokenGrant } = await import('openid-client')
    await refreshTokenGrant(client, 'r')
    const [[headers, body] = [{}, '']] = sent
    const authorization = new Headers(headers).get('authorization')
    expect(authorization).toBe(basic === undefined ? null : `Basic ${btoa(basic)}`)
    const {
      grant_type: _grant,
      refresh_token: _refresh,
      ...rest
    } = Object.fromEntries(new URLSearchParams(body))
    expect(rest).toEqual(form)
  })
})

describe('errors that come with status 200', () => {
  it.each([
    ['github', { error: 'bad_refresh_token' }, 'invalid_grant'],
    ['github', { error: 'authorization_pending' }, 'authorization_pending'],
    ['slack', { ok: false, error: 'invalid_refresh_token' }, 'invalid_grant'],
    ['slack', { ok: false, error: 'invalid_client_id' }, 'invalid_client_id'],
    [undefined, { error: 'invalid_grant' }, 'invalid_grant'],
  ])('of %s are errors: %j', async (provider, answer, error) => {
    const definition = at(
      undefined,
      provider === undefined ? { tokenEndpoint: 'https://id.test/token' } : { provider },
    )
    const client = await clientOf(definition, undefined, async () => Response.json(answer))
    const { refreshTokenGrant } = await import('openid-client')
    await expect(refreshTokenGrant(client, 'r')).rejects.toMatchObject({ error, status: 400 })
  })

  it('are not seen in a token of a user of Slack', async () => {
    const answer = {
      ok: true,
      access_token: 'xoxe.xoxp-1',
      token_type: 'user',
      expires_in: 43_200,
      refresh_token: 'xoxe-1',
    }
    const client = await clientOf(at(undefined, { provider: 'slack' }), undefined, async () =>
      Response.json(answer),
    )
    const { refreshTokenGrant } = await import('openid-client')
    expect(await refreshTokenGrant(client, 'r')).toMatchObject({
      access_token: 'xoxe.xoxp-1',
      token_type: 'bearer',
    })
  })
})

describe.each(providers.map((provider) => [provider.name, provider] as const))(
  'the entry of %s',
  (name, provider) => {
    const issuer = provider.issuer ?? provider.issuerOf?.('own.example.com') ?? ''

    it('has an issuer, endpoints and a place to register by https', () => {
      const endpoints = provider.flows.flatMap((flow) =>
        Object.values(provider.endpoints?.(issuer, flow) ?? {}),
      )
      for (const url of [issuer, provider.register, ...endpoints, ...Object.values(provider.oauth1 ?? {})])
        expect(new URL(url).protocol).toBe('https:')
    })

    it('has API hosts that can be the hosts of a credential, and a flow', () => {
      expect(provider.hosts(issuer).length).toBeGreaterThan(0)
      expect(provider.flows.length).toBeGreaterThan(0)
    })

    it('does not ask for scopes that it warns of', () => {
      for (const scope of provider.scopes) expect(Object.keys(provider.broad ?? {})).not.toContain(scope)
    })

    it('names the document that it follows', async () => {
      const { readFileSync } = await import('node:fs')
      const text = readFileSync(new URL(`providers/${name}.ts`, import.meta.url), 'utf8')
      expect(text).toMatch(/\/\*\*[\s\S]*?\((?:[\w.-]+\.(?:com|dev|org))\/[\s\S]*?\*\//)
    })
  },
)

function at(issuer: string | undefined, more: Partial<OAuth2Definition> = {}): OAuth2Definition {
  return { kind: 'oauth2', issuer, clientId: 'me', ...more }
}

function metadataOf(issuer: string) {
  return {
    issuer,
    authorization_endpoint: `${issuer}/auth`,
    token_endpoint: `${issuer}/token`,
    jwks_uri: `${issuer}/jwks`,
    response_types_supported: ['code'],
  }
}

function json(answer: ServerResponse, value: unknown): void {
  answer.setHeader('content-type', 'application/json').end(JSON.stringify(value))
}

async function serving(serve: (path: string, answer: ServerResponse) => void, host = 'id.test') {
  const listener: RequestListener = ({ url = '' }, answer) => serve(url, answer)
  const origin = await httpOrigin(listener, { certificate: certificateFor(host) })
  const another = () => testFetch(new Map([[host, `127.0.0.1:${origin.port}`]]))
  return { fetch: another(), another, [Symbol.asyncDispose]: () => origin[Symbol.asyncDispose]() }
}

function endless(answer: ServerResponse): void {
  answer.setHeader('content-type', 'application/json')
  const more = () => {
    while (!answer.destroyed && answer.write(' '.repeat(65_536)));
  }
  answer.on('drain', more)
  more()
}
