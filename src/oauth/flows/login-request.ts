import type { Configuration } from 'openid-client'
import type { OAuth2Definition } from '../../credentials/oauth2.ts'
import { HallpassError } from '../../errors.ts'
import { isPlainLoopback } from '../../rules/loopback.ts'
import type { Provider } from '../provider.ts'

/** What a login asks for, the same in every flow. */
export interface LoginRequest {
  readonly client: Configuration
  readonly definition: OAuth2Definition
  readonly provider: Provider | undefined
}

/**
 * The scopes of a request: those that were said, else the least that the provider has of use, and what it takes to be given
 * a refresh token.
 */
function scopesOf({ client, definition, provider }: LoginRequest): readonly string[] {
  const scopes = definition.scopes ?? provider?.scopes ?? []
  return [...new Set([...scopes, ...(offlineOf(client, provider).scopes ?? [])])]
}

/** `scope`, `audience`, `resource`, and what the provider's own way of asking for a refresh token adds. */
export function askedFor(request: LoginRequest): Record<string, string> {
  const { definition, client, provider } = request
  const scopes = scopesOf(request)
  return {
    ...offlineOf(client, provider).parameters,
    ...(scopes.length === 0 ? {} : { scope: scopes.join(' ') }),
    ...audienceOf(definition),
  }
}

/** What a client asks for in its own name: the default scopes of a provider are a person's. */
export function clientParameters(definition: OAuth2Definition): Record<string, string> {
  const { scopes = [] } = definition
  return { ...(scopes.length === 0 ? {} : { scope: scopes.join(' ') }), ...audienceOf(definition) }
}

/** Which API the token is for: RFC 8707, and `audience` where that is not known. */
export function audienceOf({ audience, resource }: OAuth2Definition): Record<string, string> {
  return {
    ...(audience === undefined ? {} : { audience }),
    ...(resource === undefined ? {} : { resource }),
  }
}

/**
 * An address that a person is shown or a browser opens. What it is comes from the server: another scheme would have the system
 * start whatever program it belongs to, and control characters would rewrite the terminal.
 *
 * @throws HallpassError `token-server`
 */
export function pageUrl(text: string, what: string): string {
  const url = URL.parse(text)
  if (url !== null && (url.protocol === 'https:' || isPlainLoopback(url))) return url.href
  throw new HallpassError('token-server', `the server's ${what} is not an https URL`)
}

/** OpenID Connect Core section 11, for an issuer that nothing else is known of and that knows the scope. */
function offlineOf(client: Configuration, provider: Provider | undefined): NonNullable<Provider['offline']> {
  if (provider !== undefined) return provider.offline ?? {}
  const { scopes_supported: supported } = client.serverMetadata()
  if (supported?.includes('offline_access') !== true) return {}
  return { scopes: ['openid', 'offline_access'], parameters: { prompt: 'consent' } }
}
