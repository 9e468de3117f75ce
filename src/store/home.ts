import { closeSync, existsSync, fsyncSync, lstatSync, mkdirSync, openSync } from 'node:fs'
import { homedir, userInfo } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { HallpassError } from '../errors.ts'
import { checkOwn, errnoOf, hasErrno, isThere } from './own-files.ts'
import { adminSocketOf, prepareSocketFolder } from './socket-folder.ts'

/** The paths of one state folder, all absolute. */
export interface Home {
  readonly root: string
  /** config/config.yaml */
  readonly config: string
  readonly keyFile: string
  readonly caPem: string
  readonly caKey: string
  readonly caBundle: string
  readonly sessions: string
  readonly locks: string
  /** The profiles of browser windows, one folder for each session. */
  readonly browser: string
  readonly run: string
  readonly adminSocket: string
  readonly pidFile: string
  readonly log: string
}

/** Folders in which agents keep their state. Ours is the folder `hallpass` in the first of them that is set. */
export const agentFolders = ['AI_STATE_DIR', 'AI_SESSIONS_DIR'] as const

/** `$HALLPASS_HOME`, else `$AI_STATE_DIR/hallpass`, else `$AI_SESSIONS_DIR/hallpass`, else `~/.hallpass`. */
export function resolveHome(env: NodeJS.ProcessEnv): string {
  if (env.HALLPASS_HOME) return resolve(env.HALLPASS_HOME)
  for (const name of agentFolders) if (env[name]) return resolve(env[name], 'hallpass')
  return resolve(env.HOME || homeOfUser(), '.hallpass')
}

function homeOfUser(): string {
  try {
    // homedir() returns an empty HOME as it is. The key would then go into the working directory.
    return homedir() || userInfo().homedir
  } catch (cause) {
    // A container that runs as a bare number has no passwd entry.
    throw new HallpassError(
      'failed',
      'HOME and HALLPASS_HOME are not set, and this user has no home folder',
      {
        hint: 'export HALLPASS_HOME=FOLDER',
        cause,
      },
    )
  }
}

export function homePaths(root: string): Home {
  const run = join(root, 'run')
  return {
    root,
    config: join(root, 'config', 'config.yaml'),
    keyFile: join(root, 'config', 'encryption.key'),
    caPem: join(root, 'ca', 'ca.pem'),
    caKey: join(root, 'ca', 'ca.key'),
    caBundle: join(root, 'ca', 'bundle.pem'),
    sessions: join(root, 'sessions'),
    locks: join(root, 'locks'),
    browser: join(root, 'browser'),
    run,
    // Read each time: `prepareHome` may make its folder.
    get adminSocket() {
      return adminSocketOf(root)
    },
    pidFile: join(run, 'pid'),
    log: join(root, 'log'),
  }
}

/** The state folder that an environment names. */
export function homeOf(env: NodeJS.ProcessEnv): Home {
  return homePaths(resolveHome(env))
}

/**
 * Makes the missing folders, 0700. Throws `state-unsafe` for a folder that is a symlink, belongs to another user or is open to
 * others. Returns the new folders.
 */
export function prepareHome(
  home: Home,
  env: NodeJS.ProcessEnv = process.env,
): { readonly created: readonly string[] } {
  const folders = [
    home.root,
    dirname(home.config),
    dirname(home.caKey),
    home.sessions,
    home.locks,
    home.run,
    home.log,
  ]
  const created: string[] = []
  for (const folder of folders) {
    if (!isThere(folder) && makeFolder(folder)) created.push(folder)
    checkOwn(folder, lstatSync(folder, { bigint: true }), 'folder')
  }
  prepareSocketFolder(home.root, env)
  // Without this, a power cut could keep a record on the disk and lose the folder above it.
  if (created.length > 0 && process.platform !== 'win32') {
    const root = openSync(home.root, 'r')
    fsyncSync(root)
    closeSync(root)
  }
  return { created }
}

/** Makes a folder and its parents; false if another process was faster. Not `recursive`, which never ends below /proc. */
function makeFolder(folder: string): boolean {
  if (!existsSync(dirname(folder))) makeFolder(dirname(folder))
  try {
    mkdirSync(folder, { mode: 0o700 })
    return true
  } catch (error) {
    if (hasErrno(error, 'EEXIST')) return false
    throw new HallpassError('not-saved', `${folder} could not be made (${errnoOf(error)})`, {
      hint: 'export HALLPASS_HOME=FOLDER',
      cause: error,
    })
  }
}
