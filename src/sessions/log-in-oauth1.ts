import { HallpassError } from '../errors.ts'
import { parseJsonObject } from '../json.ts'
import { knownProvider } from '../oauth/authorization-server.ts'
import { oauth1Login } from '../oauth/flows/oauth1.ts'
import { type LoginOptions, redirectOf } from '../oauth/login.ts'
import { providers } from '../oauth/providers.ts'
import type { TokenFetch } from '../oauth/token-fetch.ts'
import type { CredentialSummary } from './credential-summary.ts'
import type { CredentialInput } from './merge-credential.ts'
import type { Session } from './session.ts'

/**
 * Signs in for a credential of the kind oauth1. The client id is the consumer key, the client secret is the consumer secret.
 * Both are sealed with the token, so that the next login needs neither.
 */
export async function logInOAuth1(
  session: Session,
  name: string,
  input: CredentialInput,
  { visit, pasted, clientSecret, signal, timeoutMs }: LoginOptions,
  { fetch, now }: { readonly fetch: TokenFetch; readonly now: () => number },
): Promise<void> {
  const held = (await session.credentials.list()).find((credential) => credential.name === name)
  const value = held === undefined ? undefined : (await session.credentials.get(name)).value
  const before = parseJsonObject(value?.reveal() ?? '{}') ?? {}
  const provider = providerFor(input, held)
  if (provider?.oauth1 === undefined) {
    const those = providers.flatMap((known) => (known.oauth1 === undefined ? [] : [known.name]))
    throw new HallpassError('usage', `name the OAuth 1.0a provider with --provider: ${those.join(', ')}`)
  }
  const consumerKey = input.clientId ?? before.consumerKey
  const consumerSecret = clientSecret?.reveal() ?? before.consumerSecret
  if (typeof consumerKey !== 'string')
    throw new HallpassError('usage', 'the consumer key is missing: give it with --client-id')
  if (typeof consumerSecret !== 'string')
    throw new HallpassError(
      'usage',
      'the consumer secret is missing: with --client-secret hallpass asks for it',
    )
  if (visit === undefined)
    throw new HallpassError('usage', 'the login needs a person at a sign-in page, and nothing here shows one')
  const redirectUri = typeof input.redirectUri === 'string' ? input.redirectUri : undefined
  const client = { endpoints: provider.oauth1, consumer: { consumerKey, consumerSecret }, fetch, now }
  const obtained = await oauth1Login(client, {
    visit,
    redirect: redirectOf({ redirectUri }, provider),
    ...(pasted !== undefined && { pasted }),
    ...(signal !== undefined && { signal }),
    ...(timeoutMs !== undefined && { timeoutMs }),
  })
  const { allowHttp, override } = input
  const hosts =
    input.hosts ?? (held?.hosts.length || session.credentials.isRuled(name) ? undefined : provider.hosts(''))
  const definition = {
    ...(held?.origin !== 'configuration' && { kind: 'oauth1' }),
    hosts,
    allowHttp,
    override,
  }
  await session.credentials.set(name, definition, JSON.stringify(obtained))
}

/** The named provider, or the provider of the API that the credential is for. */
function providerFor({ provider }: CredentialInput, held: CredentialSummary | undefined) {
  if (typeof provider === 'string') return knownProvider(provider)
  return providers.find(
    (known) => known.oauth1 !== undefined && known.hosts('').some((host) => held?.hosts.includes(host)),
  )
}
