import type { OAuth2Definition } from '../../../credentials/oauth2.ts'
import { HallpassError } from '../../../errors.ts'
import { knownProvider } from '../../../oauth/authorization-server.ts'
import { broadScopes } from '../../../oauth/least-privilege.ts'
import type { Provider } from '../../../oauth/provider.ts'
import { providerOf, providers } from '../../../oauth/providers.ts'
import type { Secret } from '../../../secret.ts'
import type { CredentialSummary } from '../../../sessions/credential-summary.ts'
import type { CredentialInput } from '../../../sessions/merge-credential.ts'
import type { Context, Input } from '../../command.ts'
import { secretLine } from '../../prompt.ts'

/**
 * Asks for the values that neither the flags nor an earlier login gave. Without a terminal the error names the flag (exit 2).
 * @param ruled whether a rule names the hosts of the credential
 */
export async function withAnswers(
  context: Context,
  given: CredentialInput,
  held: CredentialSummary | undefined,
  ruled: boolean,
): Promise<CredentialInput> {
  const known: Partial<OAuth2Definition> =
    held?.kind === 'oauth2' ? { ...(held.definition as OAuth2Definition) } : {}
  const answers: Record<string, unknown> = { ...given }
  const said = (key: keyof OAuth2Definition) => answers[key] ?? known[key]
  if ((said('provider') ?? said('issuer') ?? said('tokenEndpoint')) === undefined) {
    const names = providers.map(({ name }) => name).join(', ')
    const who = await context.answer(
      `Who issues the tokens: ${names}, or the URL of an issuer?`,
      '--provider or --issuer',
    )
    answers[providerOf(who) === undefined ? 'issuer' : 'provider'] = who
  }
  const named = answers.provider ?? (answers.issuer === undefined ? known.provider : undefined)
  const provider = typeof named === 'string' ? knownProvider(named) : undefined
  if (provider?.domain !== undefined && provider.issuer === undefined && said('issuer') === undefined)
    answers.issuer = await context.answer(`Which ${provider.title}? As ${provider.domain}.`, '--issuer')
  if (said('clientId') === undefined) {
    sayRegistration(context, provider, answers)
    answers.clientId = await context.answer('What is the client id?', '--client-id')
  }
  if (provider === undefined && !ruled && answers.hosts === undefined && !held?.hosts.length) {
    const hosts = await context.answer('Which hosts are the tokens for?', '--host')
    answers.hosts = hosts.split(/[\s,]+/).filter((host) => host !== '')
  }
  const scopes = said('scopes')
  const notes = broadScopes(
    { kind: 'oauth2', ...(Array.isArray(scopes) && { scopes: scopes as string[] }) },
    provider,
  )
  for (const note of notes) context.output.warn(note)
  return answers
}

/** Says what to register to get a client id. */
function sayRegistration(
  { output }: Context,
  provider: Provider | undefined,
  answers: Readonly<Record<string, unknown>>,
): void {
  const host = provider?.redirectHost ?? '127.0.0.1'
  const port = provider?.redirectPort === undefined ? '' : `:${provider.redirectPort}`
  const redirect = answers.redirectUri ?? `http://${host}${port}/callback`
  const where = provider === undefined ? '' : ` at ${provider.register}`
  output.say(`register a native (desktop) application${where}, with the redirect URI ${redirect}`)
}

/** Reads the client secret if a flag asks for it, or if the provider needs one and none is stored. */
export async function clientSecretOf(
  context: Context,
  name: string,
  input: Input,
  definition: CredentialInput,
  held: CredentialSummary | undefined,
): Promise<Secret | undefined> {
  const ask = () => secretLine(context.flags, `${name}: the client secret`)
  if (input.has('clientSecret')) return await ask()
  const known = held?.kind === 'oauth2' ? (held.definition as OAuth2Definition | undefined) : undefined
  const provider = providerOf(String(definition.provider ?? known?.provider ?? ''))
  // OAuth 1.0a signs with the consumer secret.
  const needed =
    definition.flow === 'oauth1' ||
    provider?.secretNeeded === true ||
    (definition.flow ?? known?.flow) === 'client-credentials'
  // A stored secret is used again.
  if (!needed || held?.present === true) return undefined
  if (process.stdin.isTTY && context.flags.input) return await ask()
  throw new HallpassError('usage', 'the client secret is missing: use --client-secret and write it to stdin')
}
