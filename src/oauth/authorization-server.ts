import type { ClientAuth, Configuration, ServerMetadata } from 'openid-client'
import type { OAuth2Definition } from '../credentials/oauth2.ts'
import { HallpassError } from '../errors.ts'
import { isObject } from '../json.ts'
import { printable } from '../log/printable.ts'
import { isPlainLoopback } from '../rules/loopback.ts'
import type { Secret } from '../secret.ts'
import { conformingFetch, type Note } from './conforming-fetch.ts'
import type { Provider } from './provider.ts'
import { providerOf } from './providers.ts'
import type { TokenFetch } from './token-fetch.ts'
import { tokenServerError } from './token-server-error.ts'

/**
 * Nothing here judges an ID token by the clock. It is read for its nonce, and its answer is minutes old at most. So a machine whose
 * clock is a quarter of an hour off can sign in.
 */
const clockToleranceSeconds = 15 * 60

export interface ClientOptions {
  /** Takes a sentence about an answer that was not usable as a whole. */
  readonly note?: Note
  /** The name of the credential, for hints. */
  readonly name?: string
}

/**
 * The authorization server of a credential and its client there, from discovery, from the list of providers, or from the given
 * endpoints.
 *
 * @throws HallpassError `usage` for an incomplete definition, `token-server` for a server that cannot be reached.
 */
export async function clientOf(
  definition: OAuth2Definition,
  clientSecret: Secret | undefined,
  fetch: TokenFetch,
  { note = () => {}, name = 'NAME' }: ClientOptions = {},
): Promise<Configuration> {
  const { clientId } = definition
  if (clientId === undefined)
    throw new HallpassError('usage', 'the client id is missing: give it with --client-id')
  const oauth = await import('openid-client')
  const provider = definition.provider === undefined ? undefined : knownProvider(definition.provider)
  const metadata = { [oauth.clockTolerance]: clockToleranceSeconds }
  const auth = clientAuthOf(definition, clientId, clientSecret, provider)
  const conforming = conformingFetch(fetch, provider, note)
  const given = givenMetadata(definition, provider)
  const wanted = given?.issuer ?? issuerOf(definition, provider)
  const issuer = new URL(wanted)
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
    // The place of OpenID Connect first, which nearly all servers have. RFC 8414 section 3 for servers without identities.
    return setUp(
      await discover('oidc').catch((first) =>
        isMissing(first)
          ? discover('oauth2').catch((second) => Promise.reject(isMissing(second) ? first : second))
          : Promise.reject(first),
      ),
    )
  } catch (error) {
    const named = otherIssuerIn(error)
    if (named !== undefined) throw otherIssuer(named, wanted, name)
    throw tokenServerError(error, `the authorization server ${issuer.href}`)
  }
}

/** The issuer as URL text: the definition's, else the provider's. */
export function issuerOf(definition: OAuth2Definition, provider: Provider | undefined): string {
  const issuer = definition.issuer ?? provider?.issuer
  if (issuer !== undefined) return issuer
  if (provider?.domain !== undefined)
    throw new HallpassError('usage', `${provider.title} needs an issuer: --issuer ${provider.domain}`)
  throw new HallpassError('usage', 'the authorization server is missing: name it with --provider or --issuer')
}

/** @throws HallpassError `usage`, which points at the list */
export function knownProvider(name: string): Provider {
  const provider = providerOf(name)
  if (provider !== undefined) return provider
  throw new HallpassError('usage', `there is no provider "${name}". For any other server, use --issuer URL`, {
    hint: 'hallpass token login --help',
  })
}

/** Metadata without discovery. */
function givenMetadata(
  definition: OAuth2Definition,
  provider: Provider | undefined,
): ServerMetadata | undefined {
  const { authorizationEndpoint, tokenEndpoint, deviceAuthorizationEndpoint } = definition
  if (tokenEndpoint !== undefined) {
    return {
      // RFC 9207 compares `iss` with it. For a server with another name, the user must give the issuer.
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
    throw new HallpassError(
      'usage',
      `${how} needs a client secret: with --client-secret hallpass asks for it`,
    )
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
 * RFC 6749 section 2.3.1. openid-client also encodes `-`, `_` and `.`, as it may. But several providers do not decode, and their
 * ids and secrets have such characters.
 */
function formEncoded(text: string): string {
  return new URLSearchParams([['', text]]).toString().slice(1)
}

/** An answer without a discovery document. Some servers have a page of theirs at every path, and some want a sign-in there. */
function isMissing(error: unknown): boolean {
  const response = error instanceof Error ? error.cause : undefined
  if (!(response instanceof Response)) return false
  return response.ok || missing.has(response.status)
}

const missing = new Set([400, 401, 403, 404, 405, 406, 410, 501])

/** The issuer that a discovery document names, if it is another one. */
function otherIssuerIn(error: unknown): string | undefined {
  if (!(error instanceof Error) || !isObject(error.cause)) return undefined
  const { attribute, body } = error.cause
  const issuer = attribute === 'issuer' && isObject(body) ? body.issuer : undefined
  return typeof issuer === 'string' ? printable(issuer.slice(0, 300)) : undefined
}

/** RFC 8414 section 3.3: attack: a server names the issuer of another server, and receives what is meant for it. */
function otherIssuer(named: string, wanted: string, name: string): HallpassError {
  const slashOnly = named.replace(/\/$/, '') === wanted.replace(/\/$/, '')
  const message = `the discovery document names the issuer "${named}", and the credential has "${wanted}"`
  // The words of a server are not for a shell, unless the person typed them.
  if (!slashOnly) return new HallpassError('token-server', `${message}: the two must be equal`)
  return new HallpassError('token-server', `${message}: they differ by the final slash`, {
    hint: `hallpass token login ${name} --issuer ${named}`,
  })
}
