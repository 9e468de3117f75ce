import type { Configuration } from 'openid-client'
import type { OAuth2Definition } from '../credentials/oauth2.ts'
import { type TokenSet, tokenSetOf } from '../credentials/token-response.ts'
import { parseJsonObject } from '../json.ts'
import type { Secret } from '../secret.ts'
import { clientParameters } from './flows/login-request.ts'
import { fetchFailure, oauthErrorOf, oauthErrorText, tokenServerError } from './token-server-error.ts'

/** What became of a request for new tokens, and of the refresh token in it. */
export type TokenAnswer =
  | { readonly kind: 'tokens'; readonly tokens: TokenSet }
  /** The refresh token is good for nothing any more. */
  | { readonly kind: 'used-up'; readonly reason: string }
  /** It was not used: it is as good as before. */
  | { readonly kind: 'not-used'; readonly reason: string; readonly retryAfter: string | null }
  /** Whether it has been replaced nobody knows. */
  | { readonly kind: 'unknown'; readonly reason: string }

/** @param refreshToken undefined: the client asks in its own name, RFC 6749 section 4.4. */
export async function requestTokens(
  client: Configuration,
  definition: OAuth2Definition,
  refreshToken: Secret | undefined,
  now: () => number,
): Promise<TokenAnswer> {
  const oauth = await import('openid-client')
  const heard = hear(client, oauth.customFetch)
  try {
    const response =
      refreshToken === undefined
        ? await oauth.clientCredentialsGrant(client, clientParameters(definition))
        : await oauth.refreshTokenGrant(client, refreshToken.reveal(), refreshParameters(definition))
    const tokens = tokenSetOf(response, now())
    if (tokens === undefined) return { kind: 'unknown', reason: 'the answer has no bearer token' }
    return { kind: 'tokens', tokens }
  } catch (error) {
    return failed(error, heard())
  }
}

interface Heard {
  readonly asked: boolean
  readonly response: Response | undefined
}

/**
 * Listens in on what is asked and answered.
 * An ID token in the answer is taken out: nothing here looks at it, and one that a wrong clock makes look expired would have
 * the new pair, the only one there is from then on, thrown away with it.
 */
function hear(client: Configuration, customFetch: typeof import('openid-client').customFetch): () => Heard {
  let heard: Heard = { asked: false, response: undefined }
  const fetch = client[customFetch]
  if (fetch === undefined) throw new Error('the client has no fetch of ours')
  client[customFetch] = async (url, init) => {
    heard = { asked: true, response: undefined }
    const response = await fetch(url, init)
    heard = { asked: true, response }
    const text = await response.clone().text()
    const { id_token: idToken, ...rest } = parseJsonObject(text) ?? {}
    if (idToken === undefined) return response
    return new Response(JSON.stringify(rest), { status: response.status, headers: response.headers })
  }
  return () => heard
}

function failed(error: unknown, { asked, response }: Heard): TokenAnswer {
  const reason = reasonOf(error)
  if (response === undefined) {
    const sent = fetchFailure(error)?.sent ?? asked
    return sent ? { kind: 'unknown', reason } : { kind: 'not-used', reason, retryAfter: null }
  }
  const { status } = response
  if (oauthErrorOf(error)?.error === 'invalid_grant') return { kind: 'used-up', reason }
  // 5xx but for 503 may come from behind the server that has just replaced the token; so may a 200 that cannot be read.
  const refused = (status >= 300 && status < 500) || status === 503
  if (!refused) return { kind: 'unknown', reason }
  return { kind: 'not-used', reason, retryAfter: response.headers.get('retry-after') }
}

function reasonOf(error: unknown): string {
  const named = oauthErrorOf(error)
  return named === undefined
    ? tokenServerError(error, 'the authorization server').message
    : oauthErrorText(named)
}

/** RFC 8707 section 2.2: without it a server may give a token for something else than the first was for. */
function refreshParameters({ resource }: OAuth2Definition): Record<string, string> {
  return resource === undefined ? {} : { resource }
}
