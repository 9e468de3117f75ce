import { storageDocument } from '../../../documents/storage-documents.ts'
import { placeOperand } from '../../../sessions/place-operand.ts'
import type { Run } from '../../command.ts'
import { storageRows } from './storage-text.ts'

export const run: Run = async (context, input) => {
  const { output } = context
  const [text] = input.args
  const place = text === undefined ? undefined : placeOperand(text)
  const session = await (await context.open()).session()
  const storages = await session.storage.list(place)
  if (output.json) {
    output.print(storageDocument(session.name, place, storages))
    return
  }
  if (storages.length === 0) {
    output.say(`the session ${session.name} has no web storage${place === undefined ? '' : ` of ${place}`}`)
  }
  for (const storage of storages) {
    output.line(storage.origin)
    output.table(storageRows(storage))
  }
}
