import { AdminClient } from '../../../admin/client.ts'
import { kindOf } from '../../../credentials/kinds.ts'
import { valueSource } from '../../../credentials/value-source.ts'
import { credentialDocument } from '../../../documents/credential-documents.ts'
import { HallpassError } from '../../../errors.ts'
import type { CredentialSummary } from '../../../sessions/credential-summary.ts'
import type { CredentialInput } from '../../../sessions/merge-credential.ts'
import { metLogin, whyLogin } from '../../../sessions/needed-logins.ts'
import { needsLogin } from '../../../sessions/needs-login.ts'
import { tokenFileOf } from '../../../sessions/values/file-values.ts'
import { homeOf } from '../../../store/home.ts'
import type { Context, Input, Run } from '../../command.ts'
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
  // No value is asked for if it is somewhere else, or if the kind has none.
  const fromTool = definition.tokenFile !== undefined
  if (fromTool) checkFile(name, definition)
  const source = valueSource(definition) ?? valueSource(held?.definition)
  if (definition.ttl !== undefined && source?.from !== 'command')
    throw new HallpassError('usage', '--ttl needs --from-command, the command that prints the value')
  const secret = fromTool || source ? undefined : kindOf(definition.kind ?? held?.kind ?? '')?.secret
  const value = secret && (await context.secret(`${name}: ${secret.wanted}`)).reveal()
  await session.credentials.set(name, definition, value)
  if (source?.from === 'command') await session.tokens.refresh(name, { because: 'asked' })
  const kept = await session.credentials.get(name)
  if (output.json) output.print(credentialDocument(kept, { spell: output.spell, now: Date.now() }))
  const hosts = kept.hosts.length === 0 ? 'the hosts of the rules that name it' : kept.hosts.join(', ')
  const state = kept.problem ?? (kept.freshness && lifeText(kept.freshness, Date.now()))
  const what = `kept ${kept.name} (${kept.kind}) for ${hosts}, in the session ${session.name}`
  output.say(state === undefined ? what : `${what}: ${state}`)
  await warnOfStaleShell(context, hallpass)
  // A source without a value must not look like a credential that works.
  const reason = source && (await whyMissing(context, kept, session.name))
  if (reason !== undefined) throw needsLogin(metLogin(kept), session.name, reason)
}

/** The environment of the running proxy counts, which may have a variable that this one lacks, or lack it. */
async function whyMissing(
  { env }: Context,
  kept: CredentialSummary,
  session: string,
): Promise<string | undefined> {
  const admin = new AdminClient(homeOf(env))
  if (valueSource(kept.definition)?.from !== 'variable' || !(await admin.answers()))
    return whyLogin(kept, Date.now())
  const needed = await admin.neededLogins()
  return needed.find((login) => login.name === kept.name && login.session === session)?.reason
}

/** A file without a usable token must not look like a credential that works. */
function checkFile(name: string, { tokenFile, path }: CredentialInput): void {
  const file = tokenFileOf(String(tokenFile), typeof path === 'string' ? path : undefined)
  const found = file.read(Date.now())
  if (typeof found !== 'string') return
  throw new HallpassError('credential-missing', found, {
    hint: `hallpass token set ${name} --kind oauth2 --read-only --file PATH --path '$.account.token' --host HOST`,
  })
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
