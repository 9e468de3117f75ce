import { kindOf } from '../../../credentials/kinds.ts'
import { commandOf } from '../../../credentials/value-command.ts'
import { credentialDocument } from '../../../documents/credential-documents.ts'
import { HallpassError } from '../../../errors.ts'
import type { CredentialSummary } from '../../../sessions/credential-summary.ts'
import type { CredentialInput } from '../../../sessions/merge-credential.ts'
import { metLogin } from '../../../sessions/needed-logins.ts'
import { refreshFailure } from '../../../sessions/refresh-asked.ts'
import { TokenFile } from '../../../sessions/values/token-file.ts'
import type { Input, Run } from '../../command.ts'
import { warnOfStaleShell } from '../../warn-of-stale-shell.ts'
import { checkDefinition, definitionOf } from './definition.ts'
import { lifeText } from './freshness-text.ts'

export const run: Run = async (context, input) => {
  const { output } = context
  const [name = ''] = input.args
  checkOwner(name, input)
  const definition = definitionOf(input)
  const hallpass = await context.open()
  const session = await hallpass.session()
  const held = (await session.credentials.list()).find((credential) => credential.name === name)
  refuseOtherKind(held, definition.kind)
  // Checked before the user types the value.
  await checkDefinition(definition, held !== undefined)
  // No value is asked for if a file of another tool or a command has it, or if the kind has none.
  const fromFile = definition.tokenFile !== undefined
  if (fromFile) checkFile(name, definition)
  const fromCommand = (definition.fromCommand ?? commandOf(held?.definition)) !== undefined
  if (definition.ttl !== undefined && !fromCommand)
    throw new HallpassError('usage', '--ttl needs --from-command, the command that prints the value')
  const secret = fromFile || fromCommand ? undefined : kindOf(definition.kind ?? held?.kind ?? '')?.secret
  const value = secret && (await context.secret(`${name}: ${secret.wanted}`)).reveal()
  await session.credentials.set(name, definition, value)
  // A command that fails must not look like a credential that works.
  const ran = fromCommand ? await session.tokens.refresh(name, { because: 'asked' }) : undefined
  const kept = await session.credentials.get(name)
  if (output.json) output.print(credentialDocument(kept, { spell: output.spell, now: Date.now() }))
  const hosts = kept.hosts.length === 0 ? 'the hosts of the rules that name it' : kept.hosts.join(', ')
  const state = kept.problem ?? (kept.freshness && lifeText(kept.freshness, Date.now()))
  const what = `kept ${kept.name} (${kept.kind}) for ${hosts}, in the session ${session.name}`
  output.say(state === undefined ? what : `${what}: ${state}`)
  await warnOfStaleShell(context, hallpass)
  const failure = ran && refreshFailure(ran, metLogin(kept), session.name)
  if (failure !== undefined) throw failure
}

/** A file without a usable token must not look like a credential that works. */
function checkFile(name: string, { tokenFile, path }: CredentialInput): void {
  try {
    new TokenFile(String(tokenFile), typeof path === 'string' ? path : undefined).read(Date.now())
  } catch (error) {
    if (!(error instanceof HallpassError)) throw error
    throw new HallpassError(error.code, error.message, {
      hint: `hallpass token set ${name} --kind oauth2 --read-only --file PATH --path '$.account.token' --host HOST`,
    })
  }
}

/** A login that took a browser must not be lost for a name that was used twice. */
function refuseOtherKind(held: CredentialSummary | undefined, kind: string | undefined): void {
  if (held === undefined || held.updatedAt === undefined || kind === undefined || held.kind === kind) return
  throw new HallpassError(
    'usage',
    `"${held.name}" is of the kind ${held.kind}, and its value would be lost`,
    {
      hint: `hallpass token rm ${held.name}`,
    },
  )
}

/** Two tools that refresh one token sign each other out, so the user must say who owns it. */
function checkOwner(name: string, input: Input): void {
  if (input.has('readOnly') === input.has('file')) return
  const message = input.has('file')
    ? '--file names the tokens of another tool: add --read-only, which leaves the refresh to that tool'
    : '--read-only needs --file, the file in which the other tool keeps its tokens'
  throw new HallpassError('usage', message, {
    hint: `hallpass token set ${name} --kind oauth2 --read-only --file PATH --host HOST`,
  })
}
