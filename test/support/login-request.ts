import type { OAuth2Definition } from '../../src/credentials/oauth2.ts'
import { clientOf } from '../../src/oauth/authorization-server.ts'
import type { LoginRequest } from '../../src/oauth/flows/login-request.ts'
import { type TokenFetch, tokenFetch } from '../../src/oauth/token-fetch.ts'
import { Secret } from '../../src/secret.ts'
import { testRootPem } from './origin.ts'

/** A fetch that trusts the test root alone, with a cache of its own. */
export function testFetch(resolve: ReadonlyMap<string, string> = new Map(), deadlineMs?: number): TokenFetch {
  return tokenFetch({
    roots: [testRootPem()],
    resolve,
    ...(deadlineMs === undefined ? {} : { deadlineMs }),
  })
}

/** A login at an issuer, by the public client of the test servers unless another is named. */
export async function loginRequest(
  issuer: string,
  more: Partial<OAuth2Definition> & { readonly clientSecret?: string } = {},
  fetch: TokenFetch = testFetch(),
): Promise<LoginRequest> {
  const { clientSecret, ...rest } = more
  const definition: OAuth2Definition = { kind: 'oauth2', issuer, clientId: 'native', ...rest }
  const client = await clientOf(
    definition,
    clientSecret === undefined ? undefined : new Secret(clientSecret),
    fetch,
  )
  return { client, definition, provider: undefined }
}
