import { removedStorageDocument } from '../../../documents/storage-documents.ts'
import { HallpassError } from '../../../errors.ts'
import { keysOf } from '../../../sessions/origin-storage.ts'
import { placeOperand } from '../../../sessions/place-operand.ts'
import { allOrOperand } from '../../all-or-operand.ts'
import { Exit, type Run } from '../../command.ts'
import { counted } from '../../counted.ts'

export const run: Run = async (context, input) => {
  const { output } = context
  const text = allOrOperand(input, 'storage rm', 'place')
  const place = text === undefined ? undefined : placeOperand(text)
  const of = place ?? 'all sites'
  const session = await (await context.open()).session()
  const storages = await session.storage.list(place)
  if (storages.length === 0) {
    throw new HallpassError(
      'storage-missing',
      `the session "${session.name}" has no web storage${place === undefined ? '' : ` of ${place}`}`,
      { hint: 'hallpass storage list' },
    )
  }
  const keys = storages.reduce((sum, storage) => sum + keysOf(storage), 0)
  const question = `Remove ${counted(keys, 'key')} of web storage of ${of} from the session "${session.name}"?`
  if (!input.has('yes') && !(await context.confirm(question))) throw new Exit(1)
  const removed = await session.storage.clear(place)
  if (output.json) output.print(removedStorageDocument(session.name, place, removed))
  output.say(`removed ${counted(removed, 'key')} of ${of}`)
}
