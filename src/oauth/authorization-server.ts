import type { ClientAuth, Configuration, ServerMetadata } from 'openid-client'
import type { OAuth2Definition } from '../credentials/oauth2.ts'
import { HallpassError } from '../errors.ts'
import { isPlainLoopback } from '../rules/loopback.ts'
import type { Secret } from '../secret.ts'
import { conformingFetch } from './conforming-fetch.ts'
import { discoveryCache } from './discovery-cache.ts'
import type { Provider } from './provider.ts'
import { providerOf } from './providers.ts'
import type { TokenFetch } from './token-fetch.ts'
import { tokenServerError } from './token-server-error.ts'

/**
 * Nothing here decides by the clock whether an ID token is good: it is read for its nonce, the very answer that brought
 * it being minutes old at most. A machine whose clock is a quarter of an hour off can sign in all the same.
 */
const clockToleranceSeconds = 15 * 60

/**
 * The authorization server of a credential and its client there: by discovery, by what is known of the provider, or by the
 * endpoints given.
 *
 * @throws HallpassError `usage` for a definition that says too little, `token-server` for a server that cannot be asked.
 */
export async function clientOf(
  definition: OAuth2Definition,
  clientSecret: Secret | undefined,
  fetch: TokenFetch,
): Promise<Configuration> {
  const { clientId } = definition
  if (clientId === undefined) throw new HallpassError('usage', 'a client id is missing: --client-id says it')
  const oauth = await import('openid-client')
  const provider = definition.provider === undefined ? undefined : knownProvider(definition.provider)
  const metadata = { [oauth.clockTolerance]: clockToleranceSeconds }
  const auth = clientAuthOf(definition, clientId, clientSecret, provider)
  const conforming = conformingFetch(discoveryCache(fetch), provider)
  const given = givenMetadata(definition, provider)
  const issuer = new URL(given?.issuer ?? issuerOf(definition, provider))
  const plain = isPlainLoopback(issuer)
  const setUp = (config: Configuration): Configuration => {
    config[oauth.customFetch] = conforming
    if (plain) oauth.allowInsecureRequests(config)
    return config
  }
  if (given !== undefined) return setUp(new oauth.Configuration(given, clientId, metadata, auth))
  const discover = (algorithm: 'oidc' | 'oauth2') =>
    oauth.discovery(issuer, clientId, metadata, auth, {
      algorithm,
      [oauth.customFetch]: conforming,
      ...(plain ? { execute: [oauth.allowInsecureRequests] } : {}),
    })
  try {
    // OpenID Connect's place first, which nearly all have; RFC 8414 section 3 for those that know no identities.
    return setUp(
      await discover('oidc').catch((error) =>
        isMissing(error) ? discover('oauth2') : Promise.reject(error),
      ),
    )
  } catch (error) {
    throw tokenServerError(error, `the authorization server ${issuer.href}`)
  }
}

/** The issuer as URL text: the definition's, else the provider's. */
export function issuerOf(definition: OAuth2Definition, provider: Provider | undefined): string {
  const issuer = definition.issuer ?? provider?.issuer
  if (issuer !== undefined) return issuer
  if (provider?.domain !== undefined)
    throw new HallpassError('usage', `which ${provider.title}? --issuer ${provider.domain} says it`)
  throw new HallpassError('usage', 'which authorization server? --provider or --issuer says it')
}

/** @throws HallpassError `usage` listing those there are. */
export function knownProvider(name: string): Provider {
  const provider = providerOf(name)
  if (provider !== undefined) return provider
  throw new HallpassError('usage', `there is no provider "${name}"; --issuer takes the URL of any other`, {
    hint: 'hallpass token login --help',
  })
}

/** Metadata that need no discovery. */
function givenMetadata(
  definition: OAuth2Definition,
  provider: Provider | undefined,
): ServerMetadata | undefined {
  const { authorizationEndpoint, tokenEndpoint, deviceAuthorizationEndpoint } = definition
  if (tokenEndpoint !== undefined) {
    return {
      // What RFC 9207 compares `iss` with; a server that sends one and has another name wants its issuer given too.
      issuer: definition.issuer ?? new URL(tokenEndpoint).origin,
      token_endpoint: tokenEndpoint,
      ...(authorizationEndpoint === undefined ? {} : { authorization_endpoint: authorizationEndpoint }),
      ...(deviceAuthorizationEndpoint === undefined
        ? {}
        : { device_authorization_endpoint: deviceAuthorizationEndpoint }),
    }
  }
  if (provider?.endpoints === undefined) return undefined
  const issuer = issuerOf(definition, provider)
  const { authorization, token, deviceAuthorization } = provider.endpoints(issuer, definition.flow ?? 'code')
  return {
    issuer,
    token_endpoint: token,
    ...(authorization === undefined ? {} : { authorization_endpoint: authorization }),
    ...(deviceAuthorization === undefined ? {} : { device_authorization_endpoint: deviceAuthorization }),
  }
}

function clientAuthOf(
  definition: OAuth2Definition,
  clientId: string,
  clientSecret: Secret | undefined,
  provider: Provider | undefined,
): ClientAuth {
  const how =
    definition.clientAuth ??
    (clientSecret === undefined ? 'none' : (provider?.clientAuth ?? 'client_secret_basic'))
  if (how === 'none') {
    return (_as, _client, body) => body.set('client_id', clientId)
  }
  if (clientSecret === undefined)
    throw new HallpassError('usage', `${how} needs a client secret: --client-secret asks for it`)
  if (how === 'client_secret_post') {
    return (_as, _client, body) => {
      body.set('client_id', clientId)
      body.set('client_secret', clientSecret.reveal())
    }
  }
  return (_as, _client, _body, headers) => {
    const pair = `${formEncoded(clientId)}:${formEncoded(clientSecret.reveal())}`
    headers.set('authorization', `Basic ${Buffer.from(pair).toString('base64')}`)
  }
}

/**
 * RFC 6749 section 2.3.1. openid-client also encodes `-`, `_` and `.`, which is allowed, but the servers of several providers
 * do not decode at all, and have ids and secrets of such characters.
 */
function formEncoded(text: string): string {
  return new URLSearchParams([['', text]]).toString().slice(1)
}

/** There is no discovery document at this place. */
function isMissing(error: unknown): boolean {
  const response = error instanceof Error ? error.cause : undefined
  return response instanceof Response && (response.status === 404 || response.status === 400)
}
