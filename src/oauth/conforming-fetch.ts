import type { CustomFetchOptions } from 'openid-client'
import type { JsonObject } from '../json.ts'
import { answerObject } from './answers/answer-body.ts'
import { saysDeadGrant } from './answers/dead-grant.ts'
import { conformingDevice } from './answers/device-answer.ts'
import { conformingDiscovery } from './answers/discovery-answer.ts'
import { type NamedError, namedError } from './answers/error-answer.ts'
import { type ConformingAnswer, conformingTokens } from './answers/token-answer.ts'
import { discoveryCache } from './discovery-cache.ts'
import type { Provider } from './provider.ts'
import type { TokenFetch } from './token-fetch.ts'
import { withoutEcho } from './without-echo.ts'

/** Takes a sentence about an answer, for a log. */
export type Note = (text: string) => void

/** By fetch: the sentences that were noted. The fields of an answer have few names. */
const noted = new WeakMap<TokenFetch, Set<string>>()

/**
 * Brings answers into the form of RFC 6749 section 5, RFC 8414 and RFC 8628, which openid-client demands. Servers misspell fields, send
 * numbers as texts, forms for JSON, errors with status 200 and tokens with status 201. An answer is used as far as it can be, and
 * `note` gets each ignored field once.
 */
export function conformingFetch(fetch: TokenFetch, provider: Provider | undefined, note: Note): TokenFetch {
  const once = onceFor(fetch, note)
  const cached = discoveryCache(fetch)
  return async (url, init) => {
    const response = await cached(url, init)
    const text = await response.text()
    const read = answerObject(text)
    if (read === undefined) return again(text, response.status, response)
    const answer = init.method === 'POST' ? (provider?.conform?.(read) ?? read) : read
    const conforming = conformed(answer, { url: new URL(url), init, response })
    if ('error' in conforming) {
      const said = withoutEcho(JSON.stringify(conforming.error), init)
      return again(said, refusedStatus(response.status, conforming.error), response, 'application/json')
    }
    const ignored = conforming.ignored.join(', ')
    if (ignored !== '')
      once(`${new URL(url).origin} sent fields that are not usable and are ignored: ${ignored}`)
    return again(JSON.stringify(conforming.answer), conforming.status, response, 'application/json')
  }
}

interface Answered {
  readonly url: URL
  readonly init: CustomFetchOptions
  readonly response: Response
}

type Conformed = (ConformingAnswer & { readonly status: number }) | { readonly error: NamedError }

function conformed(answer: JsonObject, { url, init, response }: Answered): Conformed {
  const { ok, status } = response
  if (init.method !== 'POST') return { ...conformingDiscovery(answer, url), status: ok ? 200 : status }
  const grant = new URLSearchParams(String(init.body ?? '')).get('grant_type')
  const sentAt = Date.parse(response.headers.get('date') ?? '')
  const at = Number.isNaN(sentAt) ? Date.now() : sentAt
  // In a refusal, the field `token` may hold something else, such as a captcha.
  const names = ok ? undefined : ['access_token']
  const conforming = grant === null ? conformingDevice(answer, url, at) : conformingTokens(answer, at, names)
  const error = namedError(answer, !ok)
  if (ok && error === undefined && conforming !== undefined) return { ...conforming, status: 200 }
  if (grant === 'refresh_token' && isRefusal(status, error) && saysDeadGrant(answer))
    return { error: dead(error) }
  if (error !== undefined) return { error }
  // Some servers send tokens with the status of an error. Tokens never come with a redirect.
  if (conforming !== undefined && status >= 400) return { ...conforming, status: 200 }
  return { answer, ignored: [], status }
}

/** A refusal of the client or of the scope may name the refresh token too. So may a server in trouble: only its error code counts. */
function isRefusal(status: number, error: NamedError | undefined): boolean {
  if (error !== undefined && otherMatters.has(error.error)) return false
  return error?.error === 'invalid_grant' || (status < 500 && status !== 408 && status !== 429)
}

/** Codes of the RFCs that are not about the refresh token. */
const otherMatters = new Set([
  'invalid_client',
  'unsupported_grant_type',
  'invalid_scope',
  'invalid_target',
  'server_error',
  'temporarily_unavailable',
  'slow_down',
])

/** The words of the server stay, behind the code of the RFC. */
function dead(error: NamedError | undefined): NamedError {
  if (error === undefined || error.error === 'invalid_grant') return { error: 'invalid_grant', ...error }
  const { error: word, error_description: description } = error
  return {
    error: 'invalid_grant',
    error_description: description === undefined ? word : `${word}: ${description}`,
  }
}

/** openid-client reads the reason only with a 4xx. A server error stays one, unless it settles the request. */
function refusedStatus(status: number, { error }: NamedError): number {
  const settles = !['server_error', 'temporarily_unavailable'].includes(error)
  if (status >= 500) return settles && knownCodes.has(error) ? 400 : status
  return status >= 400 ? status : 400
}

/** Answers of the RFCs that settle a request or a poll. */
const knownCodes = new Set([
  'invalid_grant',
  'authorization_pending',
  'slow_down',
  'access_denied',
  'expired_token',
])

function onceFor(fetch: TokenFetch, note: Note): Note {
  const known = noted.get(fetch) ?? new Set()
  noted.set(fetch, known)
  return (text) => {
    if (known.has(text)) return
    known.add(text)
    note(text)
  }
}

function again(text: string, status: number, response: Response, type?: string): Response {
  const headers = new Headers(response.headers)
  if (type !== undefined) headers.set('content-type', type)
  // A refused client, RFC 6749 section 5.2. With a challenge in the head, openid-client does not read the reason in the body.
  if (status >= 400) headers.delete('www-authenticate')
  const bodiless = status === 204 || status === 205 || status === 304
  // Bytes, because a text would add a Content-Type.
  return new Response(bodiless ? null : Buffer.from(text), { status, headers })
}
