import { copyFileSync, existsSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { HallpassError } from '../../errors.ts'

/** A browser writes in bursts: one of some copies falls between two of them. */
const maxCopies = 10

export type Row = Readonly<Record<string, unknown>>

/**
 * Reads from a copy of a browser's database: the browser may be running, and holds a lock on its own. The newest values
 * may be only in the `-wal` beside it, so that is copied too. The copy lies in a folder of mode 0700 and goes at once.
 * @throws HallpassError `profile-unreadable` naming the file
 */
export function readCopied<T>(file: string, read: (database: DatabaseSync) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'hallpass-profile-'))
  try {
    const copy = join(folder, basename(file))
    copyTogether(file, copy)
    const database = new DatabaseSync(copy)
    try {
      return read(database)
    } finally {
      database.close()
    }
  } catch (error) {
    if (error instanceof HallpassError) throw error
    throw new HallpassError('profile-unreadable', `${file} cannot be read: ${(error as Error).message}`, {
      cause: error,
    })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function copyTogether(file: string, copy: string): void {
  for (let attempt = 1; attempt <= maxCopies; attempt++) {
    const before = writtenAt(file)
    rmSync(`${copy}-wal`, { force: true })
    copyFileSync(file, copy)
    if (existsSync(`${file}-wal`)) copyFileSync(`${file}-wal`, `${copy}-wal`)
    // What was moved from one to the other in between would be missing, or there twice.
    if (writtenAt(file) === before) return
  }
}

function writtenAt(file: string): string {
  return [file, `${file}-wal`]
    .map((each) => statSync(each, { bigint: true, throwIfNoEntry: false }))
    .map((stat) => `${stat?.mtimeNs} ${stat?.size}`)
    .join()
}

/** Rows with 64-bit numbers whole: a time in microseconds since 1601 is beyond what a double holds exactly. */
export function rowsOf(database: DatabaseSync, sql: string): readonly Row[] {
  const statement = database.prepare(sql)
  statement.setReadBigInts(true)
  return statement.all() as Row[]
}

export function columnsOf(database: DatabaseSync, table: string): ReadonlySet<string> {
  return new Set(rowsOf(database, `PRAGMA table_info(${table})`).map(({ name }) => String(name)))
}
