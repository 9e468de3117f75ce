import type { Configuration } from 'openid-client'
import type { OAuth2Definition } from '../credentials/oauth2.ts'
import { type TokenSet, tokenSetOf } from '../credentials/token-response.ts'
import { parseJsonObject } from '../json.ts'
import type { Secret } from '../secret.ts'
import { clientParameters } from './flows/login-request.ts'
import { fetchFailure, oauthErrorOf, oauthErrorText, tokenServerError } from './token-server-error.ts'

/** The outcome of a request for new tokens, and the fate of its refresh token. */
export type TokenAnswer =
  | { readonly kind: 'tokens'; readonly tokens: TokenSet }
  /** The refresh token does not work any more. */
  | { readonly kind: 'used-up'; readonly reason: string }
  /** The server did not use the refresh token. It still works. */
  | {
      readonly kind: 'not-used'
      readonly reason: string
      readonly retryAfter: string | null
      /** The server refused the request itself. Otherwise it is busy or in trouble, or was not reached. */
      readonly refused: boolean
    }
  /** Nobody knows whether the server has replaced the refresh token. */
  | { readonly kind: 'unknown'; readonly reason: string }

/** @param refreshToken undefined when the client asks in its own name, RFC 6749 section 4.4 */
export async function requestTokens(
  client: Configuration,
  definition: OAuth2Definition,
  refreshToken: Secret | undefined,
  now: () => number,
  signal?: AbortSignal,
): Promise<TokenAnswer> {
  const oauth = await import('openid-client')
  const heard = hear(client, oauth.customFetch, signal)
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
 * Notes the request and its answer.
 * It takes the ID token out of the answer. Nothing here reads it, and with a wrong clock it looks expired: openid-client would
 * then throw the new pair of tokens away, the only pair that still works.
 */
function hear(
  client: Configuration,
  customFetch: typeof import('openid-client').customFetch,
  signal: AbortSignal | undefined,
): () => Heard {
  let heard: Heard = { asked: false, response: undefined }
  const fetch = client[customFetch]
  if (fetch === undefined) throw new Error('the client has no fetch of ours')
  client[customFetch] = async (url, init) => {
    heard = { asked: true, response: undefined }
    const signals = [init.signal, signal].filter((each) => each !== undefined)
    const response = await fetch(url, { ...init, signal: AbortSignal.any(signals) })
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
    return sent ? { kind: 'unknown', reason } : { kind: 'not-used', reason, retryAfter: null, refused: false }
  }
  const { status } = response
  const named = oauthErrorOf(error)?.error
  if (named === 'invalid_grant') return { kind: 'used-up', reason }
  // A 5xx other than 503, or a 200 that cannot be read, may come after the server has replaced the token.
  const unused = (status >= 300 && status < 500) || status === 503
  if (!unused) return { kind: 'unknown', reason }
  const refused =
    status >= 400 && status < 500 && !busyStatuses.includes(status) && !busyErrors.includes(named ?? '')
  return { kind: 'not-used', reason, retryAfter: response.headers.get('retry-after'), refused }
}

/** RFC 9110 section 15.5.9, RFC 6585 section 4: the same request may succeed later. */
const busyStatuses = [408, 429]
const busyErrors = ['temporarily_unavailable', 'server_error', 'slow_down']

function reasonOf(error: unknown): string {
  const named = oauthErrorOf(error)
  return named === undefined
    ? tokenServerError(error, 'the authorization server').message
    : oauthErrorText(named)
}

/** RFC 8707 section 2.2: without it, a server may give a token for another resource than before. */
function refreshParameters({ resource }: OAuth2Definition): Record<string, string> {
  return resource === undefined ? {} : { resource }
}
