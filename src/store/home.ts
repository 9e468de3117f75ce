import { closeSync, existsSync, fsyncSync, lstatSync, mkdirSync, openSync } from 'node:fs'
import { homedir, userInfo } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { HallpassError } from '../errors.ts'
import { checkOwn, errnoOf, hasErrno, isThere } from './own-files.ts'
import { adminSocketOf, prepareSocketFolder } from './socket-folder.ts'

/** Where everything of one state folder lies. All values are absolute paths. */
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
  /** The profiles of browser windows, a folder for each session: what is in them browsers keep in their own way. */
  readonly browser: string
  readonly run: string
  readonly adminSocket: string
  readonly pidFile: string
  readonly log: string
}

/** `$HALLPASS_HOME`, else `$AI_STATE_DIR/hallpass`, else `~/.hallpass`. */
export function resolveHome(env: NodeJS.ProcessEnv): string {
  if (env.HALLPASS_HOME) return resolve(env.HALLPASS_HOME)
  if (env.AI_STATE_DIR) return resolve(env.AI_STATE_DIR, 'hallpass')
  // An empty HOME is homedir()'s word too, and would put the key into whatever folder this is typed in.
  return resolve(env.HOME || homedir() || userInfo().homedir, '.hallpass')
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

/** The state folder that an environment means. */
export function homeOf(env: NodeJS.ProcessEnv): Home {
  return homePaths(resolveHome(env))
}

/**
 * Makes the folders that are missing, 0700, and checks those that are there: ours, no symlink, closed to others;
 * else throws `state-unsafe`. Returns the folders made.
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
  // Else a power cut could leave a record on the disk and the folder that leads to it not.
  if (created.length > 0 && process.platform !== 'win32') {
    const root = openSync(home.root, 'r')
    fsyncSync(root)
    closeSync(root)
  }
  return { created }
}

/** Makes a folder and those above it; false when another process was faster. Not `recursive`: below /proc that never ends. */
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
