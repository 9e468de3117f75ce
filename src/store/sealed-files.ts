import { readdirSync } from 'node:fs'
import type { Home } from './home.ts'
import { isName } from './names.ts'
import { hasErrno, isThere } from './own-files.ts'
import { credentialOfFile, credentialsFolder, recordPath, sitesFolder } from './record-path.ts'
import { caKeyId, type SealId } from './seal.ts'

/** Every sealed file of the state folder, in the order of the folders. It skips names that cannot be ours. */
export function* sealedFiles(home: Home): Generator<SealId> {
  if (isThere(home.caKey)) yield caKeyId
  for (const session of sessionNames(home)) yield* sealedFilesOf(home, session)
}

/** Every sealed file of a session. */
export function* sealedFilesOf(home: Home, session: string): Generator<SealId> {
  const there = (id: SealId) => isThere(recordPath(home, id))
  const undo: SealId = { kind: 'undo', session, name: '' }
  if (there(undo)) yield undo
  for (const name of credentialNames(home, session)) yield { kind: 'credential', session, name }
  for (const name of siteNames(home, session)) {
    for (const kind of ['cookies', 'storage', 'health'] as const) {
      const id: SealId = { kind, session, name }
      if (there(id)) yield id
    }
  }
}

/** Folders of sessions, with or without a session.json. */
export function sessionNames(home: Home): string[] {
  return list(home.sessions).filter((name) => isName('session', name))
}

export function siteNames(home: Home, session: string): string[] {
  return list(sitesFolder(home, session)).filter((name) => isName('site', name))
}

export function credentialNames(home: Home, session: string): string[] {
  return list(credentialsFolder(home, session))
    .map(credentialOfFile)
    .filter((name) => name !== undefined)
    .filter((name) => isName('credential', name))
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder).sort()
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return []
    throw error
  }
}
