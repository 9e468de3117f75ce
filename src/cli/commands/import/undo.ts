import { HallpassError, messageOf } from '../../../errors.ts'
import { printable } from '../../../log/printable.ts'
import { undoImport } from '../../../sessions/import-undo.ts'
import type { Context, Input } from '../../command.ts'

/** `import --undo`: makes the cookies, web storage and credentials of the last import as they were before it. */
export async function undo({ open, output, flags }: Context, input: Input): Promise<number> {
  if (input.args.length > 0) {
    throw new HallpassError('usage', '--undo does not go with a file: it undoes the last import')
  }
  const { store, sessions } = await open()
  const { name } = await sessions.get(flags.session)
  const { from, at, records, left, failed } = await undoImport(store, name)
  const made = new Date(at).toISOString()
  if (output.json) {
    output.document('import-undo/1', {
      session: name,
      from,
      imported_at: made,
      restored: records,
      left,
      failed: failed === undefined ? null : { reason: messageOf(failed.error), written: failed.written },
    })
  } else if (failed === undefined) {
    output.say(`took back the import of ${printable(from)} at ${made}, in the session ${name}`)
    for (const record of records) output.say(`as before: ${printable(record)}`)
    if (left > 0) output.say(`imports before it that can be taken back: ${left}`)
  } else {
    output.warn(`a part could not be written: ${messageOf(failed.error)}`)
    for (const label of failed.written) output.warn(`as before: ${printable(label)}`)
  }
  return failed === undefined ? 0 : 8
}
