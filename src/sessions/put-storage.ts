import { HallpassError } from '../errors.ts'
import type { GivenOrigin } from '../formats/format.ts'
import { importStorage } from './import-storage.ts'
import type { RecordGuard } from './record-guard.ts'
import type { Session } from './session.ts'

/** Makes this the web storage of its origin. Nothing changes when a part finds no room. Throws `usage`, and as the guard does. */
export async function putStorage(
  { records, storage }: Session,
  given: GivenOrigin,
  { now, guard }: { readonly now: number; readonly guard: RecordGuard | undefined },
): Promise<void> {
  const item = { where: given.origin, storage: given }
  await records.update(storage.idOf(given.origin), (value) => {
    guard?.(value)
    const { record, skipped } = importStorage(value, [item], { mode: 'replace', now })
    const [first] = skipped
    if (first !== undefined) throw new HallpassError('usage', `${first.where}: ${first.reason}`)
    return record
  })
}
