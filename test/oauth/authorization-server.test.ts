import { createHash, randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import {
  type AuthorizationServer,
  startAuthorizationServer,
  type TokenResponse,
} from '../support/authorization-server.ts'
import { BrowsingUser } from '../support/browsing-user.ts'

/* The measuring instrument measured: were it blind, every test that counts with it would pass. */

async function ask(server: AuthorizationServer, form: Record<string, string>) {
  const response = await fetch(server.tokenEndpoint, { method: 'POST', body: new URLSearchParams(form) })
  return { status: response.status, body: (await response.json()) as TokenResponse & { error?: string } }
}

const refresh = (server: AuthorizationServer, token: string) =>
  ask(server, { grant_type: 'refresh_token', refresh_token: token, client_id: 'native' })

async function reach(server: AuthorizationServer, accessToken: string): Promise<number> {
  const { status } = await fetch(server.resource, { headers: { authorization: `Bearer ${accessToken}` } })
  return status
}

describe('the authorization server of the tests', () => {
  it('rotates, and revokes the whole grant when a refresh token comes twice', async () => {
    await using server = await startAuthorizationServer()
    const first = await server.issue()
    const bystander = await server.issue()
    expect(await reach(server, first.access_token)).toBe(200)
    const second = await refresh(server, first.refresh_token)
    expect(second.body.refresh_token).not.toBe(first.refresh_token)
    expect(second.body.expires_in).toBe(3600)
    expect(await reach(server, second.body.access_token)).toBe(200)
    expect(await refresh(server, first.refresh_token)).toMatchObject({
      status: 400,
      body: { error: 'invalid_grant' },
    })
    expect(await reach(server, second.body.access_token)).toBe(401)
    expect(await refresh(server, second.body.refresh_token)).toMatchObject({ status: 400 })
    expect(await reach(server, bystander.access_token)).toBe(200)
    expect(server.record).toMatchObject({
      refreshes: 1,
      reuses: 1,
      revocations: 1,
      tokenRequests: 3,
      alive: 1,
    })
    expect(server.record.spent.get(first.refresh_token)).toBe(2)
    expect(server.record.resource).toEqual({ good: 3, refused: 1 })
  })

  it('takes an access token for as long as it announced', async () => {
    await using server = await startAuthorizationServer({ lifeSeconds: 1 })
    const { access_token: token } = await server.issue()
    expect(await reach(server, token)).toBe(200)
    await expect.poll(() => reach(server, token)).toBe(401)
  })

  it.each([{}, { hosts: ['127.0.0.1'] }])('signs a user in by code and PKCE, %j', async (options) => {
    await using server = await startAuthorizationServer(options)
    const verifier = randomBytes(32).toString('base64url')
    const query = new URLSearchParams({
      client_id: 'native',
      response_type: 'code',
      redirect_uri: 'http://127.0.0.1:1/callback',
      scope: 'openid read',
      state: 'xyz',
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
    })
    const page = await new BrowsingUser().visit(
      `${server.issuer}/auth?${query}`,
      undefined,
      /^http:\/\/127\.0\.0\.1:1\//,
    )
    const { searchParams } = new URL(page.url)
    expect(Object.fromEntries(searchParams)).toMatchObject({
      state: 'xyz',
      iss: server.issuer,
      code: expect.any(String),
    })
    server.consent = 'deny'
    const denied = await new BrowsingUser().visit(
      `${server.issuer}/auth?${query}`,
      undefined,
      /^http:\/\/127\.0\.0\.1:1\//,
    )
    expect(denied.url).toContain('error=access_denied')
  })

  it('lets a device in when the user approves, and answers slow_down and a denial when a test asks for them', async () => {
    await using server = await startAuthorizationServer()
    const begin = async () => {
      const body = new URLSearchParams({ client_id: 'native', scope: 'openid' })
      const response = await fetch(`${server.issuer}/device/auth`, { method: 'POST', body })
      return (await response.json()) as { device_code: string; user_code: string; verification_uri: string }
    }
    const poll = ({ device_code }: { device_code: string }) =>
      ask(server, {
        grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
        device_code,
        client_id: 'native',
      })
    const approved = await begin()
    server.slowDowns = 1
    expect((await poll(approved)).body.error).toBe('slow_down')
    expect((await poll(approved)).body.error).toBe('authorization_pending')
    expect(
      (await new BrowsingUser().approveDevice(approved.verification_uri, approved.user_code)).body,
    ).toContain('signed in')
    const { body } = await poll(approved)
    expect(await reach(server, body.access_token)).toBe(200)
    const denied = await begin()
    await new BrowsingUser().denyDevice(denied.verification_uri, denied.user_code)
    expect((await poll(denied)).body.error).toBe('access_denied')
  })

  it('gives a service a token, and makes JWTs by a clock that is ahead', async () => {
    await using server = await startAuthorizationServer({
      jwt: { aheadSeconds: 600 },
      withoutExpiresIn: true,
    })
    const { clientId, clientSecret } = server.clients.service
    const given = await fetch(server.tokenEndpoint, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}` },
      body: new URLSearchParams({ grant_type: 'client_credentials' }),
    })
    const body = (await given.json()) as TokenResponse
    expect(body.expires_in).toBeUndefined()
    const { iat, exp } = JSON.parse(
      Buffer.from(body.access_token.split('.')[1] ?? '', 'base64url').toString(),
    )
    expect(exp - iat).toBe(3600)
    expect(iat).toBeGreaterThan(Date.now() / 1000 + 300)
    expect(await reach(server, body.access_token)).toBe(200)
  })

  it('gives the false answers of a test, before or after it acts', async () => {
    await using server = await startAuthorizationServer()
    const { refresh_token: token } = await server.issue()
    server.instead.push((response) => response.writeHead(500).end('{}'))
    expect((await refresh(server, token)).status).toBe(500)
    server.after.push((response) => response.destroy())
    await expect(refresh(server, token)).rejects.toThrow()
    expect(server.record).toMatchObject({ refreshes: 1, reuses: 0 })
    expect((await refresh(server, token)).body.error).toBe('invalid_grant')
    expect(server.record.reuses).toBe(1)
  })
})
