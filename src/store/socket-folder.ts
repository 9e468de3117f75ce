import { closeSync, constants, mkdtempSync, openSync, rmdirSync, unlinkSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { HallpassError } from '../errors.ts'
import { checkFolder, errnoOf, hasErrno, isThere, readOwnFile } from './own-files.ts'

// sun_path is 104 bytes on macOS and the BSDs, 108 on Linux, the closing zero included.
const maxSocketPathBytes = 100

const socketName = 'admin.sock'

export function fitsSocket(path: string): boolean {
  return Buffer.byteLength(path) <= maxSocketPathBytes
}

/**
 * The admin socket of a state folder. It is in `run`, or, if that path is too long for the address of a socket, in the short folder
 * that `run/sockets` names. Without a short folder it is the long path, and nothing can listen there.
 */
export function adminSocketOf(root: string): string {
  const run = join(root, 'run')
  const path = join(run, socketName)
  const folder = fitsSocket(path) ? undefined : shortFolder(root)
  return folder === undefined ? path : join(folder, socketName)
}

/**
 * Makes the short folder, if a state folder needs one. Attack: in /tmp another user takes a name that they can guess, and hallpass
 * cannot start. So the name is random, and recorded where only we can write. A boot empties /tmp, and another user can take the
 * recorded name then. In that case this makes a new folder.
 */
export function prepareSocketFolder(root: string, env: NodeJS.ProcessEnv): void {
  if (fitsSocket(join(root, 'run', socketName)) || shortFolder(root) !== undefined) return
  const folder = newFolder(env)
  const file = recordFile(root)
  if (isThere(file)) unlinkSync(file)
  try {
    const fd = openSync(file, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600)
    writeSync(fd, `${folder}\n`)
    closeSync(fd)
  } catch (error) {
    rmdirSync(folder)
    // Another process was faster. Its folder is as good.
    if (!hasErrno(error, 'EEXIST')) throw error
  }
}

function shortFolder(root: string): string | undefined {
  try {
    const folder = readOwnFile(recordFile(root), root)?.text.trimEnd() ?? ''
    return isAbsolute(folder) && checkFolder(folder) ? folder : undefined
  } catch (error) {
    // It belongs to another user, or is open to others. Nothing in it can be trusted.
    if (error instanceof HallpassError) return undefined
    throw error
  }
}

function newFolder(env: NodeJS.ProcessEnv): string {
  const places = [env.XDG_RUNTIME_DIR, tmpdir(), '/tmp']
  const prefix = places
    .flatMap((place) => (place ? join(place, 'hallpass-') : []))
    .find((path) => fitsSocket(`${path}XXXXXX/${socketName}`))
  try {
    return mkdtempSync(prefix ?? '/tmp/hallpass-')
  } catch (error) {
    throw new HallpassError('not-saved', `no folder for the admin socket could be made (${errnoOf(error)})`, {
      hint: 'export HALLPASS_HOME=FOLDER',
      cause: error,
    })
  }
}

function recordFile(root: string): string {
  return join(root, 'run', 'sockets')
}
