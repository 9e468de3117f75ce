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

/**
 * Asks for what neither the flags nor an earlier login have said; without a terminal exit 2 naming the flag.
 * @param ruled a rule says where the credential goes
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

/** What has to be registered before there is a client id. */
function sayRegistration(
  { output }: Context,
  provider: Provider | undefined,
  answers: Readonly<Record<string, unknown>>,
): void {
  const host = provider?.redirectHost ?? '127.0.0.1'
  const port = provider?.redirectPort === undefined ? '' : `:${provider.redirectPort}`
  const redirect = answers.redirectUri ?? `http://${host}${port}/callback`
  if (provider !== undefined) output.say(`an application of your own is registered at ${provider.register}`)
  output.say(`it is a native (desktop) application with the redirect URI ${redirect}`)
}

/** A client secret that is asked for, or that the provider wants and nobody has given yet. */
export async function clientSecretOf(
  context: Context,
  name: string,
  input: Input,
  definition: CredentialInput,
  held: CredentialSummary | undefined,
): Promise<Secret | undefined> {
  const ask = () => context.secret(`${name}: the client secret`)
  if (input.has('clientSecret')) return await ask()
  const known = held?.kind === 'oauth2' ? (held.definition as OAuth2Definition | undefined) : undefined
  const provider = providerOf(String(definition.provider ?? known?.provider ?? ''))
  // Of OAuth 1.0a the consumer secret, without which nothing can be signed.
  const wanted =
    definition.flow === 'oauth1' ||
    provider?.secretNeeded === true ||
    (definition.flow ?? known?.flow) === 'client-credentials'
  // One that was kept is used again.
  if (!wanted || held?.present === true) return undefined
  if (process.stdin.isTTY && context.flags.input) return await ask()
  throw new HallpassError('usage', 'a client secret is wanted: say --client-secret and write it to stdin')
}
