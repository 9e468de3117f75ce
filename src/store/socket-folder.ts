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
 * The admin socket of a state folder: in its `run`, or, where that path is too long for the address of a socket, in the short folder that
 * `run/sockets` names. Without such a folder it is the long path, at which nothing can listen.
 */
export function adminSocketOf(root: string): string {
  const run = join(root, 'run')
  const path = join(run, socketName)
  const folder = fitsSocket(path) ? undefined : shortFolder(root)
  return folder === undefined ? path : join(folder, socketName)
}

/**
 * Makes the short folder of a state folder that needs one and has none. Attack: the runtime folder may be /tmp, where another user can
 * take a name that can be guessed, and keep us from starting. So the name is random, and recorded where only we can write; where
 * somebody has taken the recorded one since (/tmp is emptied at a boot), there is a new one.
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
    // Another process was faster, and its folder is as good.
    if (!hasErrno(error, 'EEXIST')) throw error
  }
}

function shortFolder(root: string): string | undefined {
  try {
    const folder = readOwnFile(recordFile(root), root)?.text.trimEnd() ?? ''
    return isAbsolute(folder) && checkFolder(folder) ? folder : undefined
  } catch (error) {
    // Of another user, or open to others: nothing in it is spoken to.
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
