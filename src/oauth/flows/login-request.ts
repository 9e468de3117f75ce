import type { Configuration } from 'openid-client'
import type { OAuth2Definition } from '../../credentials/oauth2.ts'
import { HallpassError } from '../../errors.ts'
import { isPlainLoopback } from '../../rules/loopback.ts'
import type { Provider } from '../provider.ts'

/** The login that a flow carries out. */
export interface LoginRequest {
  readonly client: Configuration
  readonly definition: OAuth2Definition
  readonly provider: Provider | undefined
}

/** The scopes of the definition, else the provider's default scopes. The scopes for a refresh token are added. */
function scopesOf({ client, definition, provider }: LoginRequest): readonly string[] {
  const scopes = definition.scopes ?? provider?.scopes ?? []
  return [...new Set([...scopes, ...(offlineOf(client, provider).scopes ?? [])])]
}

/** `scope`, `audience` and `resource`, with the provider's parameters for a refresh token. */
export function askedFor(request: LoginRequest): Record<string, string> {
  const { definition, client, provider } = request
  const scopes = scopesOf(request)
  return {
    ...offlineOf(client, provider).parameters,
    ...(scopes.length === 0 ? {} : { scope: scopes.join(' ') }),
    ...audienceOf(definition),
  }
}

/** The parameters of a request in the client's own name. The default scopes of a provider are for a person, so they stay out. */
export function clientParameters(definition: OAuth2Definition): Record<string, string> {
  const { scopes = [] } = definition
  return { ...(scopes.length === 0 ? {} : { scope: scopes.join(' ') }), ...audienceOf(definition) }
}

/** The API that the token is for: RFC 8707, and `audience` for servers that do not know it. */
export function audienceOf({ audience, resource }: OAuth2Definition): Record<string, string> {
  return {
    ...(audience === undefined ? {} : { audience }),
    ...(resource === undefined ? {} : { resource }),
  }
}

/**
 * An address from the server, for a person or a browser to open. Attack: another scheme makes the system start another program,
 * and control characters rewrite the terminal.
 *
 * @throws HallpassError `token-server`
 */
export function pageUrl(text: string, what: string): string {
  const url = URL.parse(text)
  if (url !== null && (url.protocol === 'https:' || isPlainLoopback(url))) return url.href
  throw new HallpassError('token-server', `the server's ${what} is not an https URL`)
}

/** OpenID Connect Core section 11, for an unknown issuer that announces the scope. */
function offlineOf(client: Configuration, provider: Provider | undefined): NonNullable<Provider['offline']> {
  if (provider !== undefined) return provider.offline ?? {}
  const { scopes_supported: supported } = client.serverMetadata()
  if (supported?.includes('offline_access') !== true) return {}
  return { scopes: ['openid', 'offline_access'], parameters: { prompt: 'consent' } }
}
