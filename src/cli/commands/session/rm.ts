import { removedSessionDocument } from '../../../documents/session-documents.ts'
import { hallpassErrorOf } from '../../../errors.ts'
import { defaultSession } from '../../../sessions/sessions.ts'
import { Exit, type Run } from '../../command.ts'
import { counted } from '../../counted.ts'

export const run: Run = async (context, input) => {
  const { output } = context
  const { sessions, store } = await context.open()
  const name = input.args[0] ?? ''
  // A missing session must fail before the question. A damaged one can be removed.
  await sessions.get(name).catch((error: unknown) => {
    if (hallpassErrorOf(error).code !== 'record-damaged') throw error
  })
  const sites = (await store.names(name, 'cookies')).length
  const credentials = (await store.names(name, 'credential')).length
  const held = `cookies of ${counted(sites, 'site')}, ${counted(credentials, 'credential')}`
  const emptied = name === defaultSession
  if (!input.has('yes')) {
    const question = `${emptied ? 'Empty' : 'Remove'} the session "${name}" (${held})? It cannot be undone.`
    if (!(await context.confirm(question, '--yes'))) throw new Exit(1)
  }
  await sessions.remove(name)
  if (output.json) output.print(removedSessionDocument(name, emptied, { sites, credentials }))
  output.say(`${emptied ? 'emptied' : 'removed'} the session "${name}": ${held}, and its client token`)
  if (!emptied) return
  output.say('shells that evaluated "hallpass env" have the old token: evaluate it there again')
}
