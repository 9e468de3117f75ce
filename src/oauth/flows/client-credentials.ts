import { HallpassError } from '../../errors.ts'
import { oauthErrorOf, oauthErrorText, tokenServerError } from '../token-server-error.ts'
import { clientParameters, type LoginRequest } from './login-request.ts'

/**
 * Obtains a token for the client itself, RFC 6749 section 4.4. Nobody signs in.
 *
 * @returns the token response
 * @throws HallpassError `login-failed` when the server refuses the client or the request
 */
export async function clientCredentials({
  client,
  definition,
  provider,
}: LoginRequest): Promise<Readonly<Record<string, unknown>>> {
  const oauth = await import('openid-client')
  try {
    return await oauth.clientCredentialsGrant(client, clientParameters(definition))
  } catch (error) {
    const named = oauthErrorOf(error)
    const server = provider?.title ?? client.serverMetadata().issuer
    if (named !== undefined)
      throw new HallpassError('login-failed', `${server} gave the client no token: ${oauthErrorText(named)}`)
    throw tokenServerError(error, `the token endpoint of ${server}`)
  }
}
