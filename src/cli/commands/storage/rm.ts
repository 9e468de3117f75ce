import { HallpassError } from '../../../errors.ts'
import { keysOf } from '../../../sessions/origin-storage.ts'
import { Exit, type Run } from '../../command.ts'
import { counted } from '../../counted.ts'
import { placeOperand } from './place.ts'

export const run: Run = async (context, input) => {
  const { output } = context
  const place = placeOperand(input.args[0] ?? '')
  const session = await (await context.open()).session()
  const storages = await session.storage.list(place)
  if (storages.length === 0) {
    throw new HallpassError(
      'storage-missing',
      `the session "${session.name}" has no web storage of ${place}`,
      { hint: 'hallpass storage list' },
    )
  }
  const keys = storages.reduce((sum, storage) => sum + keysOf(storage), 0)
  const question = `Remove ${counted(keys, 'key')} of web storage of ${place} from the session "${session.name}"?`
  if (!input.has('yes') && !(await context.confirm(question))) throw new Exit(1)
  const removed = await session.storage.clear(place)
  if (output.json) output.document('storage-rm/1', { session: session.name, place, removed })
  output.say(`removed ${counted(removed, 'key')} of ${place}`)
}
