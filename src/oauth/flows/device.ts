import { setTimeout } from 'node:timers/promises'
import type { OAuth2Value } from '../../credentials/oauth2.ts'
import { HallpassError } from '../../errors.ts'
import { printable } from '../../log/printable.ts'
import { fetchFailure, oauthErrorOf, oauthErrorText, tokenServerError } from '../token-server-error.ts'
import { askedFor, type LoginRequest, pageUrl } from './login-request.ts'

/** A device login that has begun, as it is sealed. Another process can wait for it. */
export type PendingLogin = NonNullable<OAuth2Value['pending']>

/** RFC 8628 section 3.2: the default interval. */
const defaultIntervalSeconds = 5
/** RFC 8628 section 3.5: slow_down adds this to the interval, for good. */
const slowDownSeconds = 5
/** The longest interval for a server in trouble. Requests become rarer, but a person must not wait long after it recovers. */
const maxTroubleSeconds = 60

/** Asks for a code to type in at another device, RFC 8628 section 3.1. */
export async function beginDevice(request: LoginRequest, now: number): Promise<PendingLogin> {
  const oauth = await import('openid-client')
  const { client } = request
  const { issuer, device_authorization_endpoint: endpoint } = client.serverMetadata()
  if (endpoint === undefined)
    throw new HallpassError(
      'usage',
      `${issuer} has no device logins; leave --device out to sign in with a browser here`,
    )
  try {
    const answer = await oauth.initiateDeviceAuthorization(client, askedFor(request))
    return {
      deviceCode: answer.device_code,
      userCode: printable(answer.user_code),
      verificationUri: pageUrl(answer.verification_uri, 'page to enter the code at'),
      ...(answer.verification_uri_complete === undefined
        ? {}
        : { verificationUriComplete: pageUrl(answer.verification_uri_complete, 'page with the code in it') }),
      intervalSeconds: answer.interval ?? defaultIntervalSeconds,
      expiresAt: now + answer.expires_in * 1000,
    }
  } catch (error) {
    const named = oauthErrorOf(error)
    if (named?.error === 'unauthorized_client' || named?.error === 'device_flow_disabled')
      throw new HallpassError(
        'login-failed',
        `the client may not use device logins: ${oauthErrorText(named)}; they are turned on where it is registered`,
      )
    throw tokenServerError(error, issuer)
  }
}

export interface DeviceWaitOptions {
  readonly now: () => number
  /**
   * Runs one request under the lock of the record. Two waiters would both send the used code, and the server then revokes the
   * grant. Returns `over` when the login is no longer pending there.
   */
  readonly alone?: (ask: () => Promise<DeviceAnswer>) => Promise<DeviceAnswer | 'over'>
  readonly signal?: AbortSignal
  /** For tests, which do not wait. */
  readonly sleep?: (ms: number) => Promise<void>
}

/**
 * Asks until the person has said yes or no, or the code has expired: RFC 8628 sections 3.4 and 3.5.
 *
 * @returns the token response; `over` when another waiter has ended the login
 * @throws HallpassError `login-failed` when the login is over. With every other error it stays pending
 */
export async function awaitDevice(
  request: LoginRequest,
  begun: PendingLogin,
  {
    now,
    alone = (ask) => ask(),
    signal,
    sleep = (ms) => setTimeout(ms, undefined, signal && { signal }),
  }: DeviceWaitOptions,
): Promise<Readonly<Record<string, unknown>> | 'over'> {
  let pending = begun
  let troubleSeconds = 0
  for (;;) {
    const seconds = Math.max(pending.intervalSeconds, Math.min(troubleSeconds, maxTroubleSeconds))
    await sleep(Math.min(seconds * 1000, Math.max(0, pending.expiresAt - now())))
    if (now() >= pending.expiresAt) throw expired()
    const answer = await alone(() => poll(request, pending))
    if (answer === 'over') return answer
    switch (answer.kind) {
      case 'tokens':
        return answer.tokens
      case 'pending':
        troubleSeconds = 0
        break
      case 'slow_down':
        pending = { ...pending, intervalSeconds: answer.intervalSeconds }
        break
      case 'trouble':
        troubleSeconds = Math.max(pending.intervalSeconds, troubleSeconds) * 2
        break
    }
  }
}

/** The answer to one request for the tokens. */
export type DeviceAnswer =
  | { readonly kind: 'tokens'; readonly tokens: Readonly<Record<string, unknown>> }
  /** With the interval from now on. */
  | { readonly kind: 'slow_down'; readonly intervalSeconds: number }
  | { readonly kind: 'pending' | 'trouble' }

async function poll({ client, definition }: LoginRequest, pending: PendingLogin): Promise<DeviceAnswer> {
  const oauth = await import('openid-client')
  try {
    const tokens = await oauth.genericGrantRequest(client, 'urn:ietf:params:oauth:grant-type:device_code', {
      device_code: pending.deviceCode,
      ...(definition.resource === undefined ? {} : { resource: definition.resource }),
    })
    return { kind: 'tokens', tokens }
  } catch (error) {
    const named = oauthErrorOf(error)
    switch (named?.error) {
      case 'authorization_pending':
        return { kind: 'pending' }
      case 'slow_down':
        return { kind: 'slow_down', intervalSeconds: pending.intervalSeconds + slowDownSeconds }
      case 'access_denied':
        throw new HallpassError('login-failed', 'the sign-in was denied at the other device')
      case 'expired_token':
        throw expired()
      case 'invalid_grant':
        throw new HallpassError(
          'login-failed',
          `the server no longer knows the code: ${oauthErrorText(named)}; it was used, or its answer got lost`,
        )
    }
    if (isTrouble(error)) return { kind: 'trouble' }
    throw tokenServerError(error, `the token endpoint of ${client.serverMetadata().issuer}`)
  }
}

/** Whether a failure may pass: of the network, or of a server that is overloaded or restarts. A refused certificate stays refused. */
function isTrouble(error: unknown): boolean {
  const failure = fetchFailure(error)
  if (failure !== undefined) return !failure.certificate
  const cause = error instanceof Error ? error.cause : undefined
  return cause instanceof Response && (cause.status >= 500 || cause.status === 429)
}

function expired(): HallpassError {
  return new HallpassError('login-failed', 'the code expired before anybody entered it')
}
