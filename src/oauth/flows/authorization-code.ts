import { HallpassError } from '../../errors.ts'
import { oauthErrorOf, oauthErrorText, tokenServerError } from '../token-server-error.ts'
import { awaitCallback, type SignInOptions } from './await-callback.ts'
import { askedFor, audienceOf, type LoginRequest, pageUrl } from './login-request.ts'
import { type Callback, LoopbackCallback } from './loopback-callback.ts'

/**
 * The authorization code flow in a browser, RFC 6749 section 4.1 as RFC 8252 and RFC 9700 would have it: PKCE with S256, whatever
 * the server says it offers; state; nonce where there is an ID token; the issuer of RFC 9207.
 *
 * @returns the token response
 * @throws HallpassError `login-failed` saying why
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
    // RFC 9700 section 2.1.1: `plain` gives the verifier away to whoever sees the request.
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
  // What stands before the query is ours to say: openid-client takes the redirect URI from it.
  if (url === null || url.search === '')
    throw new HallpassError(
      'login-failed',
      `that is not the URL that the browser ended up at; it begins with ${redirectUri}?`,
    )
  return { url: new URL(url.search, redirectUri), answer: () => {} }
}

/** What openid-client found wrong with a callback, or the server with the code. */
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
      'the answer has a wrong state: it belongs to another login, or another program sent it; nothing was kept',
    )
  }
  if (reason.includes('"iss" (issuer)')) {
    return new HallpassError(
      'login-failed',
      `the answer says it comes from another authorization server than ${issuer} (or does not say from which); nothing was kept`,
    )
  }
  if (reason.includes('"nonce"')) {
    return new HallpassError(
      'login-failed',
      'the ID token has a wrong nonce: it belongs to another login; nothing was kept',
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

/** The innermost message: openid-client wraps what oauth4webapi found. */
function reasonOf(error: Error): string {
  return error.cause instanceof Error ? error.cause.message : error.message
}
