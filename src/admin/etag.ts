import { createHash } from 'node:crypto'
import { HallpassError } from '../errors.ts'
import { guardOf, type RecordGuard } from '../sessions/record-guard.ts'
import type { Session } from '../sessions/session.ts'
import type { RecordId } from '../store/store.ts'

/** The entity tag of a record that has this stamp. It says nothing of the content. */
export function etagOf(stamp: string): string {
  return `"${createHash('sha256').update(stamp).digest('base64url').slice(0, 22)}"`
}

/** The header of an answer about a record, as it was before the record was read. */
export function etagHeader(stamp: string | undefined): Record<string, string> {
  return stamp === undefined ? {} : { etag: etagOf(stamp) }
}

export interface Preconditions {
  readonly 'if-match'?: string | undefined
  readonly 'if-none-match'?: string | undefined
}

/** The guard for a write under the conditions of its request (RFC 9110 section 13); undefined without any. */
export async function guardFor(
  session: Session,
  id: RecordId,
  { 'if-match': match, 'if-none-match': noneMatch }: Preconditions,
): Promise<RecordGuard | undefined> {
  if (match === undefined && noneMatch === undefined) return undefined
  if (noneMatch !== undefined && noneMatch !== '*') {
    throw new HallpassError('usage', 'If-None-Match of a write must be *: it writes only what is not there')
  }
  const tags = match?.split(',').map((tag) => tag.trim())
  return await guardOf(session.records, id, (stamp) => {
    if (noneMatch !== undefined && stamp !== undefined) return false
    if (tags === undefined) return true
    return stamp !== undefined && (tags.includes('*') || tags.includes(etagOf(stamp)))
  })
}
