import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type AuthorizationServer,
  startAuthorizationServer,
} from '../../../test/support/authorization-server.ts'
import { loginRequest } from '../../../test/support/login-request.ts'
import { clientCredentials } from './client-credentials.ts'

let server: AuthorizationServer
beforeAll(async () => {
  server = await startAuthorizationServer()
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
})

describe('a token for the client itself', () => {
  it('is obtained with the secret alone', async () => {
    const { clientId, clientSecret } = server.clients.service
    const tokens = await clientCredentials(await loginRequest(server.issuer, { clientId, clientSecret }))
    expect(tokens).toMatchObject({ access_token: expect.any(String), token_type: 'bearer' })
  })

  it.each([
    [
      'a wrong secret',
      { clientId: 'service', clientSecret: 'guessed' },
      /gave the client no token: invalid_client/,
    ],
    [
      'a client that may not',
      { clientId: 'confidential-basic', clientSecret: 'secret-of-basic-0c9d1f2e' },
      /gave the client no token: invalid_request/,
    ],
  ])('is refused to %s', async (_, who, message) => {
    await expect(clientCredentials(await loginRequest(server.issuer, who))).rejects.toMatchObject({
      code: 'login-failed',
      message: expect.stringMatching(message),
    })
  })
})
