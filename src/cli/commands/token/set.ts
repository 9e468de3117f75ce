import { kindOf } from '../../../credentials/kinds.ts'
import type { Run } from '../../command.ts'
import { credentialDocument } from './credential-document.ts'
import { checkDefinition, definitionOf } from './definition.ts'

export const run: Run = async (context, input) => {
  const { output } = context
  const [name = ''] = input.args
  const hallpass = await context.open()
  const session = await hallpass.session()
  const definition = definitionOf(input)
  const held = (await session.credentials()).find((credential) => credential.name === name)
  // Before the value is asked for.
  await checkDefinition(definition, held !== undefined)
  const secret = kindOf(definition.kind ?? held?.kind ?? '')?.secret
  // A kind without a value needs none; that there is no such kind, or none said, is told before anything is asked.
  const value = secret && (await context.secret(`${name}: ${secret.wanted}`)).reveal()
  await session.setCredential(name, definition, value)
  const kept = await session.credential(name)
  if (output.json) output.document('token/1', credentialDocument(kept))
  const hosts = kept.hosts.length === 0 ? 'the hosts of the rules that name it' : kept.hosts.join(', ')
  output.say(`kept ${kept.name} (${kept.kind}) for ${hosts}, in the session ${session.name}`)
}
