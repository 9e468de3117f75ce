import type { Change, Json, RecordId, Records } from '../store/store.ts'

export interface RecordChange {
  readonly id: RecordId
  /** Names it to people. */
  readonly label: string
  readonly change: Change
}

export type Written =
  | { readonly kind: 'all' }
  /** One failed, and these could not be put back. */
  | { readonly kind: 'part'; readonly error: unknown; readonly labels: readonly string[] }

interface Begun extends RecordChange {
  readonly before: Json | undefined
  readonly after: Json | undefined
}

/**
 * Writes several records, in the order given, or none. No lock is held over more than one of them. When one fails, those before it are
 * put back, the last first, unless somebody else has changed them since: a record that was not there is removed, which
 * a full disk allows. A process that is killed in between leaves the first ones written; each is whole.
 *
 * @throws what the failing write threw, when everything is as it was before
 */
export async function writeRecords(
  store: Records,
  records: readonly RecordChange[],
  onProgress: (written: number, all: number) => void,
): Promise<Written> {
  const begun: Begun[] = []
  try {
    for (const [index, record] of records.entries()) {
      // Also one that fails: when the very last step of a write does, the new content can be there.
      await store.update(record.id, (before) => {
        const after = record.change(before)
        begun[index] = { ...record, before, after }
        return after
      })
      onProgress(index + 1, records.length)
    }
    return { kind: 'all' }
  } catch (error) {
    const labels: string[] = []
    for (const each of begun.toReversed()) if (!(await putBack(store, each))) labels.unshift(each.label)
    if (labels.length > 0) return { kind: 'part', error, labels }
    throw error
  }
}

async function putBack(store: Records, { id, before, after }: Begun): Promise<boolean> {
  if (JSON.stringify(before) === JSON.stringify(after)) return true
  let isBack = false
  try {
    await store.update(id, (value) => {
      const text = JSON.stringify(value)
      const ours = text === JSON.stringify(after)
      isBack = ours || text === JSON.stringify(before)
      return ours ? before : value
    })
    return isBack
  } catch {
    return false // told by its label; the first error is the one that says why
  }
}
