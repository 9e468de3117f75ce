import { createHash } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { sep } from 'node:path'
import { HallpassError } from '../errors.ts'
import type { Home } from './home.ts'
import { checkName } from './names.ts'
import { caKeyId, type SealId } from './seal.ts'

const recordSuffix = '.json.enc'
const lockSuffix = '.lock'

/** Throws `name-invalid` for an identity that must not become a path. */
export function checkRecordId({ kind, session, name }: SealId): void {
  switch (kind) {
    case 'cookies':
    case 'storage':
    case 'health':
      checkName('session', session)
      checkName('site', name)
      return
    case 'credential':
      checkName('session', session)
      checkName('credential', name)
      return
    case 'undo':
      checkName('session', session)
      if (name === '') return
      break
    case 'ca':
      if (session === caKeyId.session && name === caKeyId.name) return
  }
  throw new HallpassError('name-invalid', `there is no ${kind} record named ${JSON.stringify(name)}`)
}

/** The file of a sealed record, after `checkRecordId`. */
export function recordPath(home: Home, id: SealId): string {
  checkRecordId(id)
  switch (id.kind) {
    case 'cookies':
    case 'storage':
    case 'health':
      return `${sitesFolder(home, id.session)}${sep}${id.name}${sep}${id.kind}${recordSuffix}`
    case 'credential':
      return `${credentialsFolder(home, id.session)}${sep}${id.name}${recordSuffix}`
    case 'undo':
      return `${sessionFolder(home, id.session)}${sep}${id.kind}${recordSuffix}`
    case 'ca':
      return home.caKey
  }
}

export function sessionFolder(home: Home, session: string): string {
  return `${home.sessions}${sep}${checkName('session', session)}`
}

/** The folder for the browser profiles of a session. */
export function profilesFolder(home: Home, session: string): string {
  return `${home.browser}${sep}${checkName('session', session)}`
}

export function sitesFolder(home: Home, session: string): string {
  return `${sessionFolder(home, session)}${sep}sites`
}

export function credentialsFolder(home: Home, session: string): string {
  return `${sessionFolder(home, session)}${sep}credentials`
}

export function sessionFile(home: Home, session: string): string {
  return `${sessionFolder(home, session)}${sep}session.json`
}

/** The name of the credential in a file of a credentials folder; undefined for a temporary or foreign file. */
export function credentialOfFile(file: string): string | undefined {
  return file.endsWith(recordSuffix) ? file.slice(0, -recordSuffix.length) : undefined
}

/** The lock that guards a record. */
export function recordLock(home: Home, id: SealId): string {
  return lockFile(home, id.kind, id.session, id.name)
}

/** The lock that guards a session's folder and session.json. */
export function sessionLock(home: Home, session: string): string {
  return lockFile(home, 'session', session)
}

/** The lock that a window of a session holds from its start to its end. */
export function windowLock(home: Home, session: string): string {
  return `${home.locks}${sep}${digestOf('window', session)}.window`
}

/** The lock that a process holds while it has a session for itself. */
export function useLock(home: Home, session: string): string {
  return `${home.locks}${sep}${digestOf('use', session)}.use`
}

/** The lock that guards the key file. */
export function keyLock(home: Home): string {
  return lockFile(home, 'key')
}

/** The existing locks of writers. */
export function writersLocks(home: Home): readonly string[] {
  return readdirSync(home.locks)
    .filter((name) => name.endsWith(lockSuffix))
    .map((name) => `${home.locks}${sep}${name}`)
}

function lockFile(home: Home, ...parts: readonly string[]): string {
  return `${home.locks}${sep}${digestOf(...parts)}${lockSuffix}`
}

// Hashed, so that the folder is flat, the length is fixed, and a listing shows no host name.
function digestOf(...parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32)
}
