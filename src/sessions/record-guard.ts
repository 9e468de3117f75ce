import { setImmediate } from 'node:timers/promises'
import { HallpassError } from '../errors.ts'
import type { Json, RecordId, Records } from '../store/store.ts'

/** Runs under the record's lock, with the value before the change. Throws `changed-meanwhile` to refuse the change. */
export type RecordGuard = (before: Json | undefined) => void

/**
 * Refuses a change of a record that is not as the caller saw it.
 * @param isSeen whether the caller saw the record that has this stamp
 */
export async function guardOf(
  records: Records,
  id: RecordId,
  isSeen: (stamp: string | undefined) => boolean,
): Promise<RecordGuard> {
  const seen = JSON.stringify((await records.read(id))?.value)
  // The stamp of an earlier look in this turn could be older than the value.
  await setImmediate()
  if (!isSeen(records.stamp(id))) throw changedMeanwhile()
  return (before) => {
    if (JSON.stringify(before) !== seen) throw changedMeanwhile()
  }
}

function changedMeanwhile(): HallpassError {
  return new HallpassError('changed-meanwhile', 'it is not as you saw it: read it again')
}
