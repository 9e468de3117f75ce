import { HallpassError } from '../../errors.ts'
import { oauthErrorOf, oauthErrorText, tokenServerError } from '../token-server-error.ts'
import { awaitCallback, type SignInOptions } from './await-callback.ts'
import { askedFor, audienceOf, type LoginRequest, pageUrl } from './login-request.ts'
import { type Callback, LoopbackCallback } from './loopback-callback.ts'

/**
 * The authorization code flow in a browser, RFC 6749 section 4.1, with the rules of RFC 8252 and RFC 9700: always PKCE with S256,
 * a state, a nonce for an ID token, and the issuer of RFC 9207.
 *
 * @returns the token response
 * @throws HallpassError `login-failed` with the reason
 */
export async function authorizationCode(
  request: LoginRequest,
  options: SignInOptions,
): Promise<Readonly<Record<string, unknown>>> {
  const oauth = await import('openid-client')
  const { client, definition } = request
  const server = client.serverMetadata()
  if (server.authorization_endpoint === undefined)
    throw new HallpassError(
      'usage',
      `${server.issuer} has no page to sign in at: there is no authorization endpoint`,
    )
  await using loopback = await LoopbackCallback.open(options.redirect)
  const parameters = askedFor(request)
  const verifier = oauth.randomPKCECodeVerifier()
  const state = oauth.randomState()
  const nonce = parameters.scope?.split(' ').includes('openid') === true ? oauth.randomNonce() : undefined
  const url = oauth.buildAuthorizationUrl(client, {
    ...parameters,
    response_type: 'code',
    redirect_uri: loopback.redirectUri,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    // RFC 9700 section 2.1.1: with `plain`, everybody who sees the request has the verifier.
    code_challenge_method: 'S256',
    state,
    ...(nonce === undefined ? {} : { nonce }),
  })
  const page = pageUrl(url.href, 'sign-in page')
  const start = loopback.begin(page, (query) => query.get('state') === state)
  const came = await awaitCallback(loopback, { page, start }, options)
  const callback = typeof came === 'string' ? pastedCallback(came, loopback.redirectUri) : came
  try {
    const tokens = await oauth.authorizationCodeGrant(
      client,
      callback.url,
      {
        pkceCodeVerifier: verifier,
        expectedState: state,
        ...(nonce === undefined ? {} : { expectedNonce: nonce }),
      },
      audienceOf(definition),
    )
    callback.answer(true)
    return tokens
  } catch (error) {
    callback.answer(false)
    throw loginFailure(error, server.issuer)
  }
}

function pastedCallback(text: string, redirectUri: string): Callback {
  const url = URL.parse(text.trim())
  // openid-client takes the redirect URI from the part before the query, so that part must be ours.
  if (url === null || url.search === '')
    throw new HallpassError(
      'login-failed',
      `that is not the URL at which the browser ended, which begins with ${redirectUri}?`,
    )
  return { url: new URL(url.search, redirectUri), answer: () => {} }
}

/** The fault that openid-client found in a callback, or the server in the code. */
function loginFailure(error: unknown, issuer: string): HallpassError {
  if (!(error instanceof Error)) return tokenServerError(error, issuer)
  if (error.name === 'AuthorizationResponseError') {
    const named = oauthErrorOf(error)
    const denied = named?.error === 'access_denied'
    const what = named === undefined ? 'an error' : oauthErrorText(named)
    return new HallpassError(
      'login-failed',
      `${denied ? 'the sign-in was denied' : 'the server answered'}: ${what}`,
    )
  }
  const reason = reasonOf(error)
  if (reason.includes('"state"')) {
    return new HallpassError(
      'login-failed',
      'the answer has a wrong state: it belongs to another login, or another program sent it. Nothing was kept',
    )
  }
  if (reason.includes('"iss" (issuer)')) {
    return new HallpassError(
      'login-failed',
      `the answer names another authorization server than ${issuer}, or none. Nothing was kept`,
    )
  }
  if (reason.includes('"nonce"')) {
    return new HallpassError(
      'login-failed',
      'the ID token has a wrong nonce: it belongs to another login. Nothing was kept',
    )
  }
  const named = oauthErrorOf(error)
  if (named !== undefined)
    return new HallpassError(
      'login-failed',
      `the server refused the code of the sign-in: ${oauthErrorText(named)}`,
    )
  return tokenServerError(error, `the token endpoint of ${issuer}`)
}

/** The innermost message: openid-client wraps the errors of oauth4webapi. */
function reasonOf(error: Error): string {
  return error.cause instanceof Error ? error.cause.message : error.message
}
