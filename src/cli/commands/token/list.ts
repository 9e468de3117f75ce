import type { Run } from '../../command.ts'
import { spell } from '../../package.ts'
import { credentialDocument } from './credential-document.ts'

export const run: Run = async (context) => {
  const { output } = context
  const session = await (await context.open()).session()
  const credentials = await session.credentials()
  if (output.json) {
    output.document('tokens/1', {
      session: session.name,
      tokens: credentials.map((credential) => credentialDocument(credential)),
    })
    return
  }
  if (credentials.length === 0) {
    output.say(`the session ${session.name} has no credentials`)
    output.hint('hallpass token set NAME --kind bearer --host HOST')
    return
  }
  output.table(
    credentials.map(({ name, kind, place, hosts, fingerprint, problem, origin }) => [
      name,
      kind,
      place ?? '',
      hosts.length === 0 ? 'where a rule names it' : hosts.join(' '),
      fingerprint ?? '-',
      problem === undefined ? (origin === 'session' ? '' : 'configuration') : spell(problem),
    ]),
  )
}
