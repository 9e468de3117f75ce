import { isOAuth2, type OAuth2Definition } from '../credentials/oauth2.ts'
import { HallpassError } from '../errors.ts'
import { issuerOf, knownProvider } from '../oauth/authorization-server.ts'
import { flowOf, type LoginOptions, login, withoutPending } from '../oauth/login.ts'
import type { HeldTokens } from '../oauth/refresher.ts'
import type { TokenFetch } from '../oauth/token-fetch.ts'
import type { CredentialSummary } from './credential-summary.ts'
import { logInOAuth1 } from './log-in-oauth1.ts'
import type { CredentialInput } from './merge-credential.ts'
import type { Session } from './session.ts'

/**
 * Signs in for a credential of a session. The input is kept with the tokens, so that the next login needs only the name. A
 * pending device login goes on.
 *
 * @param input keys of an oauth2 definition, or `flow: 'oauth1'` for the three legs of OAuth 1.0a; `issuer` may be a bare domain, and hosts default to the provider's API
 * @returns `pending` when a device login was begun and `options.wait` is false
 */
export async function logIn(
  session: Session,
  name: string,
  input: CredentialInput,
  options: LoginOptions,
  clockwork: { readonly fetch: TokenFetch; readonly now: () => number },
): Promise<'signed-in' | 'pending'> {
  const held = (await session.credentials.list()).find((credential) => credential.name === name)
  const oauth1 = input.flow === 'oauth1' || (input.flow === undefined && held?.kind === 'oauth1')
  if (held !== undefined && held.kind !== (oauth1 ? 'oauth1' : 'oauth2')) {
    throw new HallpassError('usage', `a login would replace "${name}", which is of the kind ${held.kind}`, {
      hint: `hallpass token rm ${name}`,
    })
  }
  if (oauth1) {
    await logInOAuth1(session, name, input, options, clockwork)
    return 'signed-in'
  }
  const given = completed(input, held, session.credentials.isRuled(name))
  const definition = await session.tokens.definitionFor(name, given)
  if (definition.tokenFile !== undefined) {
    throw new HallpassError('usage', `another tool owns the tokens of "${name}" and signs in for them`, {
      hint: `hallpass token rm ${name}`,
    })
  }
  const before = held === undefined ? undefined : await session.tokens.read(name)
  const known = isOAuth2(held?.definition) ? held.definition : undefined
  const same = known === undefined || clientKey(known) === clientKey(definition)
  if (!same && before?.tokens !== undefined && flowOf(definition, providerOf(definition)) === 'device') {
    throw new HallpassError(
      'usage',
      `"${name}" has tokens of another server or client, and this login would remove them before it is done: take another name, or remove it`,
      { hint: `hallpass token rm ${name}` },
    )
  }
  const subject = {
    name,
    definition,
    // This server must not see the client secret of another one, and a pending login asked for something else.
    value: same ? (unchanged(known, definition) ? before : before && withoutPending(before)) : undefined,
    save: (change: Parameters<Session['tokens']['save']>[2]) => session.tokens.save(name, given, change),
    exclusive: <T>(work: (held: HeldTokens) => Promise<T>) =>
      session.tokens.exclusive(name, definition, work),
  }
  const outcome = await login(subject, options, clockwork)
  if (outcome === 'signed-in') await session.health.credentialRenewed(name)
  return outcome
}

/** The input, completed with the values that follow from it. */
function completed(
  input: CredentialInput,
  held: CredentialSummary | undefined,
  ruled: boolean,
): CredentialInput {
  const known = isOAuth2(held?.definition) ? held.definition : undefined
  const text = (key: string) => (typeof input[key] === 'string' ? input[key] : undefined)
  const named = text('provider') ?? (text('issuer') === undefined ? known?.provider : undefined)
  const provider = named === undefined ? undefined : knownProvider(named)
  const issuer = text('issuer')
  const url =
    issuer === undefined || issuer.includes('://')
      ? issuer
      : (provider?.issuerOf?.(issuer) ?? `https://${issuer}`)
  const hosts = input.hosts ?? (held?.hosts.length ? held.hosts : undefined)
  const definition = {
    ...known,
    kind: 'oauth2',
    ...(named && { provider: named }),
    ...(url && { issuer: url }),
  } as const
  return {
    ...input,
    // The kind must not be given where the configuration has the definition.
    ...(held?.origin === 'session' || held === undefined ? { kind: 'oauth2' } : {}),
    ...(url !== undefined && { issuer: url }),
    ...(hosts === undefined &&
      !ruled &&
      provider !== undefined && { hosts: provider.hosts(issuerOf(definition, provider)) }),
  }
}

function providerOf({ provider }: OAuth2Definition) {
  return provider === undefined ? undefined : knownProvider(provider)
}

function clientKey({ provider, issuer, tokenEndpoint, clientId }: OAuth2Definition): string {
  return JSON.stringify([provider, issuer, tokenEndpoint, clientId])
}

function unchanged(known: OAuth2Definition | undefined, next: OAuth2Definition): boolean {
  const asked = ({ scopes, audience, resource }: OAuth2Definition) =>
    JSON.stringify([scopes, audience, resource])
  return known !== undefined && asked(known) === asked(next)
}
