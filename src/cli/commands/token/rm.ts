import { removedCredentialDocument } from '../../../documents/credential-documents.ts'
import { Exit, type Run } from '../../command.ts'

export const run: Run = async (context, input) => {
  const { output } = context
  const [name = ''] = input.args
  const session = await (await context.open()).session()
  // A missing credential fails before the question. A damaged one can be removed, so it is not opened if it is listed.
  const names = (await session.credentials.list()).map((credential) => credential.name)
  if (!names.includes(name)) await session.credentials.get(name)
  const question = `Remove the credential "${name}" of the session "${session.name}"?`
  if (!input.has('yes') && !(await context.confirm(question))) throw new Exit(1)
  await session.credentials.remove(name)
  if (output.json) output.print(removedCredentialDocument(session.name, name))
  output.say(`removed ${name}`)
}
