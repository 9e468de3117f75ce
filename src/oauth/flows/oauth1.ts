import { randomBytes } from 'node:crypto'
import { type OAuth1Value, signOAuth1 } from '../../credentials/oauth1-signature.ts'
import { HallpassError } from '../../errors.ts'
import type { OAuth1Endpoints } from '../provider.ts'
import type { TokenFetch } from '../token-fetch.ts'
import { tokenServerError } from '../token-server-error.ts'
import { awaitCallback, type SignInOptions } from './await-callback.ts'
import { LoopbackCallback } from './loopback-callback.ts'

export interface OAuth1Client {
  readonly endpoints: OAuth1Endpoints
  readonly consumer: Pick<OAuth1Value, 'consumerKey' | 'consumerSecret'>
  readonly fetch: TokenFetch
  readonly now: () => number
}

/**
 * The three legs of OAuth 1.0a, RFC 5849 section 2: temporary credentials, the person's consent, token credentials. With
 * `pasted` there is no redirect, and the server shows a PIN to type in (`oob`).
 *
 * @throws HallpassError `login-failed` with the reason
 */
export async function oauth1Login(client: OAuth1Client, options: SignInOptions): Promise<OAuth1Value> {
  const { endpoints, consumer } = client
  if (options.pasted !== undefined) {
    const temporary = await temporaryCredentials(client, 'oob')
    const page = authorizeUrl(endpoints, temporary.token)
    const typed = await awaitCallback(undefined, { page, start: page }, options)
    return await tokenCredentials(client, { ...consumer, ...temporary }, String(typed).trim())
  }
  await using loopback = await LoopbackCallback.open(options.redirect)
  const temporary = await temporaryCredentials(client, loopback.redirectUri)
  const page = authorizeUrl(endpoints, temporary.token)
  const start = loopback.begin(page, (query) => answers(query, temporary.token))
  const callback = await awaitCallback(loopback, { page, start }, options)
  // Without `pasted` only the redirect comes back.
  if (typeof callback === 'string') throw new HallpassError('login-failed', 'nothing came back')
  try {
    const verifier = verifierOf(callback.url.searchParams)
    const value = await tokenCredentials(client, { ...consumer, ...temporary }, verifier)
    callback.answer(true)
    return value
  } catch (error) {
    callback.answer(false)
    throw error
  }
}

interface Temporary {
  readonly token: string
  readonly tokenSecret: string
}

async function temporaryCredentials(client: OAuth1Client, callback: string): Promise<Temporary> {
  const answer = await signedPost(client, client.endpoints.requestToken, client.consumer, {
    oauth_callback: callback,
  })
  // RFC 5849 section 2.1: without it the server knows no verifier, and anybody's consent would do (session fixation).
  if (answer.get('oauth_callback_confirmed') !== 'true')
    throw new HallpassError(
      'token-server',
      `${hostOf(client)} does not speak OAuth 1.0a: the callback is not confirmed`,
    )
  return pairOf(client, answer)
}

async function tokenCredentials(
  client: OAuth1Client,
  temporary: OAuth1Value,
  verifier: string,
): Promise<OAuth1Value> {
  const answer = await signedPost(client, client.endpoints.accessToken, temporary, {
    oauth_verifier: verifier,
  })
  const { consumerKey, consumerSecret } = temporary
  return { consumerKey, consumerSecret, ...pairOf(client, answer) }
}

/** RFC 5849 section 2.2; when the person says no, X sends `denied` instead. */
function answers(query: URLSearchParams, token: string): boolean {
  return (query.get('denied') ?? query.get('oauth_token')) === token
}

function verifierOf(query: URLSearchParams): string {
  if (query.has('denied')) throw new HallpassError('login-failed', 'the sign-in was denied')
  const verifier = query.get('oauth_verifier')
  if (verifier === null)
    throw new HallpassError('login-failed', 'the answer has no verifier. Nothing was kept')
  return verifier
}

async function signedPost(
  { fetch, now }: OAuth1Client,
  endpoint: string,
  value: OAuth1Value,
  extra: Readonly<Record<string, string>>,
): Promise<URLSearchParams> {
  const url = new URL(endpoint)
  const scheme = url.protocol === 'https:' ? 'https' : 'http'
  const authorization = signOAuth1(
    {
      method: 'POST',
      scheme,
      host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
      port: Number(url.port) || (scheme === 'https' ? 443 : 80),
      target: `${url.pathname}${url.search}`,
    },
    value,
    { now: now(), nonce: randomBytes(16).toString('hex'), extra },
  )
  try {
    const response = await fetch(endpoint, {
      method: 'POST',
      headers: { authorization, accept: '*/*' },
      body: undefined,
      redirect: 'manual',
    })
    const text = await response.text()
    if (response.status === 200) return new URLSearchParams(text)
    // RFC 5849 section 3.2: 400 and 401 are about the signed parts. The body may repeat them, so it is not shown.
    const signed = response.status === 400 || response.status === 401
    const what = signed ? ': the key, its secret, the callback or the PIN is wrong, or the clock is' : ''
    throw new HallpassError(
      signed ? 'login-failed' : 'token-server',
      `${url.host} refused (status ${response.status})${what}`,
    )
  } catch (error) {
    throw tokenServerError(error, url.host)
  }
}

function pairOf(client: OAuth1Client, answer: URLSearchParams): Temporary {
  const token = answer.get('oauth_token')
  const tokenSecret = answer.get('oauth_token_secret')
  if (token === null || tokenSecret === null || token === '')
    throw new HallpassError('token-server', `${hostOf(client)} answered without a token`)
  return { token, tokenSecret }
}

function authorizeUrl({ authorize }: OAuth1Endpoints, token: string): string {
  const url = new URL(authorize)
  url.searchParams.set('oauth_token', token)
  return url.href
}

function hostOf({ endpoints }: OAuth1Client): string {
  return new URL(endpoints.requestToken).host
}
