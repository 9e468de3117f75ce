import { refreshedCredentialDocument } from '../../../documents/credential-documents.ts'
import { refreshAsked } from '../../../sessions/refresh-asked.ts'
import type { Run } from '../../command.ts'
import { lifeText } from './freshness-text.ts'

export const run: Run = async (context, input) => {
  const { output } = context
  const [name = ''] = input.args
  const session = await (await context.open()).session()
  const { result, credential } = await refreshAsked(session, name)
  const now = Date.now()
  if (output.json) output.print(refreshedCredentialDocument(result, credential, { spell: output.spell, now }))
  const life = credential.freshness === undefined ? '' : `: ${lifeText(credential.freshness, now)}`
  const who = result === 'adopted' ? ' by another process just now' : ''
  output.say(`refreshed ${name}${who}${life}`)
}
