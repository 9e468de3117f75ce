import { copyFileSync, existsSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { HallpassError } from '../../errors.ts'
import { latin1Of } from '../../formats/latin1.ts'

/** A browser writes in bursts: one of some copies falls between two of them. */
const maxCopies = 10
const betweenCopiesMs = 50

/** The newest values may be only in the first; the second has what a browser that was killed had begun to overwrite. */
const besides = ['-wal', '-journal'] as const

const endSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

export type Row = Readonly<Record<string, unknown>>

/**
 * Reads from a copy of a browser's database: the browser may be running, and holds a lock on its own. The copy lies in a folder
 * of mode 0700 and goes at once, also when a signal ends us.
 * @throws HallpassError `profile-unreadable` naming the file
 */
export async function readCopied<T>(file: string, read: (database: DatabaseSync) => T): Promise<T> {
  let folder: string | undefined
  const remove = () => {
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
  }
  const onSignal = (signal: NodeJS.Signals) => {
    remove()
    process.kill(process.pid, signal)
  }
  // From before there is something to remove: until it is heard, a signal ends us on the spot.
  for (const signal of endSignals) process.once(signal, onSignal)
  try {
    folder = mkdtempSync(join(tmpdir(), 'hallpass-profile-'))
    const copy = join(folder, basename(file))
    await copyTogether(file, copy)
    const database = new DatabaseSync(copy)
    try {
      // Of one that is cut off, rows would be missing or empty, and nobody told.
      const [found] = rowsOf(database, 'PRAGMA quick_check(1)')
      if (found?.quick_check !== 'ok') throw new Error('it is damaged')
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
    remove()
    // A signal that came while SQLite was reading arrives only now.
    await nextTurn()
    for (const signal of endSignals) process.off(signal, onSignal)
  }
}

async function copyTogether(file: string, copy: string): Promise<void> {
  for (let attempt = 1; attempt <= maxCopies; attempt++) {
    const before = writtenAt(file)
    for (const suffix of ['', ...besides]) {
      rmSync(copy + suffix, { force: true })
      if (suffix === '' || existsSync(file + suffix)) copyFile(file + suffix, copy + suffix)
    }
    // A row that moved from one to the other in between would be missing, or there twice.
    if (writtenAt(file) === before) return
    await sleep(betweenCopiesMs)
  }
  throw new Error('it is written without pause: close the browser')
}

function copyFile(from: string, to: string): void {
  // A pipe would be waited for without end, and a device copied without end.
  if (!statSync(from).isFile()) throw new Error('it is no file')
  copyFileSync(from, to)
}

function writtenAt(file: string): string {
  return ['', ...besides]
    .map((suffix) => statSync(file + suffix, { bigint: true, throwIfNoEntry: false }))
    .map((stat) => `${stat?.mtimeNs} ${stat?.size}`)
    .join()
}

/** Rows with 64-bit numbers whole: a time in microseconds since 1601 is beyond what a double holds exactly. */
export function rowsOf(database: DatabaseSync, sql: string): readonly Row[] {
  const statement = database.prepare(sql)
  statement.setReadBigInts(true)
  return statement.all() as Row[]
}

/** Of a cookie, for `SELECT`: what a site may have sent in any encoding, as bytes. As text, what is no UTF-8 would be lost. */
export const cookieBytes = ['name', 'value', 'path'].map((name) => `CAST(${name} AS BLOB) AS ${name}`).join()

/** The bytes as they go on the wire; undefined for a value that is no text. */
export function wireOf(column: unknown): string | undefined {
  return column instanceof Uint8Array ? latin1Of(column) : undefined
}

/** For people. */
export function nameOf({ name }: Row): string {
  return name instanceof Uint8Array && name.length > 0 ? new TextDecoder().decode(name) : 'nameless'
}

export function columnsOf(database: DatabaseSync, table: string): ReadonlySet<string> {
  return new Set(rowsOf(database, `PRAGMA table_info(${table})`).map(({ name }) => String(name)))
}
