import { kindOf } from '../../../credentials/kinds.ts'
import type { Session } from '../../../sessions/session.ts'
import type { Context, Input, Run } from '../../command.ts'
import { credentialDocument } from './credential-document.ts'

export const run: Run = async (context, input) => {
  const { output } = context
  const [name = ''] = input.args
  const hallpass = await context.open()
  const session = await hallpass.session()
  const definition = definitionOf(input)
  await session.setCredential(name, definition, await askValue(context, session, name, definition.kind))
  const kept = await session.credential(name)
  if (output.json) output.document('token/1', credentialDocument(kept))
  const hosts = kept.hosts.length === 0 ? 'the hosts of the rules that name it' : kept.hosts.join(', ')
  output.say(`kept ${kept.name} (${kept.kind}) for ${hosts}, in the session ${session.name}`)
}

function definitionOf(input: Input) {
  return {
    kind: input.text('kind'),
    hosts: input.list('host'),
    header: input.text('header'),
    param: input.text('param'),
    cookie: input.text('cookie'),
    allowHttp: input.has('allowHttp') ? true : undefined,
    // The parser sets `override` for `--no-override`, which is then false.
    override: input.has('override') ? undefined : false,
  }
}

/** Asks for the value where the kind has one; undefined also where the kind is not known, which is told before anything is asked. */
async function askValue(
  context: Context,
  session: Session,
  name: string,
  given: string | undefined,
): Promise<string | undefined> {
  const kind = given ?? (await session.credentials()).find((credential) => credential.name === name)?.kind
  const wanted = kindOf(kind ?? '')?.secret?.wanted
  if (wanted === undefined) return undefined
  return (await context.secret(`${name}: ${wanted}`)).reveal()
}
