import { type Cookie, identityOf } from '../cookies/cookie.ts'
import { parseRecord } from '../cookies/record.ts'
import { HallpassError } from '../errors.ts'
import { isObject } from '../json.ts'
import type { Json, RecordId, Records } from '../store/store.ts'
import { parseStorageRecord, storageRecord } from './origin-storage.ts'
import { type Written, writeRecords } from './write-records.ts'

/** The newest of them. What was removed by mistake is missed soon. */
const maxImports = 5

/** As JSON: a sealed record is a third larger and ends at 64 MiB. */
const maxCharacters = 40 * 1024 * 1024

/** A record before and after an import. */
export interface UndoneRecord {
  readonly id: RecordId
  readonly before: Json | undefined
  readonly after: Json | undefined
}

interface DoneImport {
  readonly from: string
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly records: readonly UndoneRecord[]
}

export interface UndoReport extends Pick<DoneImport, 'from' | 'at'> {
  /** As `cookies of example.com`. */
  readonly records: readonly string[]
  /** How many imports before it can still be undone. */
  readonly left: number
  /** Why the disk did not take all of it; it can be undone again. */
  readonly failed?: { readonly error: unknown; readonly written: readonly string[] }
}

/**
 * Writes an import, once its undo record is on disk. An import that only adds, but more than an undo record can hold, cannot be
 * undone.
 *
 * @throws HallpassError `failed` for an import that changes or removes more than an undo record can hold. Rethrows the error
 * of `write`, and then leaves nothing to undo
 */
export async function undoable(
  store: Records,
  session: string,
  done: DoneImport & { readonly loses: boolean },
  write: () => Promise<Written>,
): Promise<Written> {
  const entry = toJson(done)
  if (JSON.stringify(entry).length > maxCharacters) {
    if (!done.loses) return await write()
    throw new HallpassError('failed', 'the import changes more than could be undone; import single sites')
  }
  await store.update(undoId(session), (value) => bounded([entry, ...entriesOf(value)]))
  try {
    return await write()
  } catch (error) {
    const isOther = (each: Json) => JSON.stringify(each) !== JSON.stringify(entry)
    await store
      .update(undoId(session), (value) => bounded(entriesOf(value).filter(isOther)))
      .catch(() => undefined) // it would undo nothing; the first error says why
    throw error
  }
}

/**
 * Takes back the last import. A cookie, an origin or a credential that the import touched is again as it was before,
 * whatever happened to it since; all others stay as they are now.
 *
 * @throws HallpassError `failed` without such an import; `not-saved` when nothing was written
 */
export async function undoImport(store: Records, session: string): Promise<UndoReport> {
  const [entry, ...older] = entriesOf((await store.read(undoId(session)))?.value)
  if (entry === undefined) {
    throw new HallpassError('failed', `the session "${session}" has no import to undo`, {
      hint: 'hallpass session show',
    })
  }
  const { from, at, records } = fromJson(entry, session)
  const changes = records.map(({ id, before, after }) => ({
    id,
    label: labelOf(id),
    change: (now: Json | undefined) => undone(id, { now, before, after }),
  }))
  const report = { from, at, records: changes.map(({ label }) => label), left: older.length }
  const written = await writeRecords(store, changes, () => {})
  if (written.kind === 'part') {
    return { ...report, failed: { error: written.error, written: written.labels } }
  }
  const text = JSON.stringify(entry)
  await store.update(undoId(session), (value) => {
    return bounded(entriesOf(value).filter((each) => JSON.stringify(each) !== text))
  })
  return report
}

interface Versions {
  readonly now: Json | undefined
  readonly before: Json | undefined
  readonly after: Json | undefined
}

function undone({ kind }: RecordId, versions: Versions): Json | undefined {
  const { now, before, after } = versions
  if (JSON.stringify(now) === JSON.stringify(after)) return before
  switch (kind) {
    case 'cookies':
      return undoneCookies(versions)
    case 'storage': {
      const byOrigin = (value: Json | undefined) =>
        new Map(parseStorageRecord(value).map((storage) => [storage.origin, storage]))
      const origins = withoutImport(byOrigin(now), byOrigin(before), byOrigin(after))
      return storageRecord([...origins.values()])
    }
    default:
      return before
  }
}

function undoneCookies({ now, before, after }: Versions): Json {
  const byIdentity = (value: Json | undefined) =>
    new Map<string, Cookie>(
      (value === undefined ? [] : parseRecord(value).cookies).map((cookie) => [identityOf(cookie), cookie]),
    )
  const cookies = withoutImport(byIdentity(now), byIdentity(before), byIdentity(after))
  const covers = [now, before].flatMap((value) => (value === undefined ? [] : parseRecord(value).covers))
  const once = new Map(covers.map((cover) => [JSON.stringify(cover), cover]))
  return { cookies: [...cookies.values()], covers: [...once.values()] } as unknown as Json
}

/** `now`, with all that differs between `before` and `after` as it was before. */
function withoutImport<T>(
  now: ReadonlyMap<string, T>,
  before: ReadonlyMap<string, T>,
  after: ReadonlyMap<string, T>,
): ReadonlyMap<string, T> {
  const result = new Map(now)
  for (const key of new Set([...before.keys(), ...after.keys()])) {
    const old = before.get(key)
    if (JSON.stringify(old) === JSON.stringify(after.get(key))) continue
    if (old === undefined) result.delete(key)
    else result.set(key, old)
  }
  return result
}

function labelOf({ kind, name }: RecordId): string {
  if (kind === 'credential') return `credential ${name}`
  return `${kind === 'storage' ? 'web storage' : kind} of ${name}`
}

function undoId(session: string): RecordId {
  return { kind: 'undo', session, name: '' }
}

/** Newest first. */
function entriesOf(value: Json | undefined): readonly Json[] {
  const { imports } = isObject(value) ? value : {}
  return Array.isArray(imports) ? imports : []
}

function bounded(entries: readonly Json[]): Json | undefined {
  let characters = 0
  const kept = entries.slice(0, maxImports).filter((entry) => {
    characters += JSON.stringify(entry).length
    return characters <= maxCharacters
  })
  return kept.length === 0 ? undefined : { imports: kept }
}

function toJson({ from, at, records }: DoneImport): Json {
  return {
    from,
    at,
    records: records.map(({ id: { kind, name }, before = null, after = null }) => {
      return { kind, name, before, after }
    }),
  }
}

/** It was sealed, so it is as `toJson` wrote it. */
function fromJson(entry: Json, session: string): DoneImport {
  const { from, at, records } = entry as unknown as Omit<DoneImport, 'records'> & {
    readonly records: readonly (Pick<RecordId, 'kind' | 'name'> & {
      readonly before: Json | null
      readonly after: Json | null
    })[]
  }
  return {
    from,
    at,
    records: records.map(({ kind, name, before, after }) => {
      return { id: { kind, session, name }, before: before ?? undefined, after: after ?? undefined }
    }),
  }
}
