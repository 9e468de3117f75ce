import { parseJsonObject } from '../json.ts'
import type { Provider } from './provider.ts'
import type { TokenFetch } from './token-fetch.ts'
import { withoutEcho } from './without-echo.ts'

/**
 * Brings answers into the form of RFC 6749 section 5. GitHub and Slack report errors with status 200. Without this, hallpass could
 * not see that a device login is pending or a refresh token is refused.
 */
export function conformingFetch(fetch: TokenFetch, provider: Provider | undefined): TokenFetch {
  return async (url, init) => {
    const response = await fetch(url, init)
    if (init.method !== 'POST') return response
    const text = await response.text()
    const answer = parseJsonObject(text)
    if (answer === undefined) return again(text, response.status, response)
    const conforming = provider?.conform?.(answer) ?? answer
    const failed = typeof conforming.error === 'string' && conforming.access_token === undefined
    const status = response.status === 200 && failed ? 400 : response.status
    const said = conforming === answer ? text : JSON.stringify(conforming)
    return again(status < 400 ? said : withoutEcho(said, init), status, response)
  }
}

function again(text: string, status: number, response: Response): Response {
  const headers = new Headers(response.headers)
  // A refused client, RFC 6749 section 5.2. With a challenge in the head, openid-client does not read the reason in the body.
  if (status === 401) headers.delete('www-authenticate')
  const bodiless = status === 204 || status === 205 || status === 304
  return new Response(bodiless ? null : text, { status, headers })
}
