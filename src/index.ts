import { existsSync } from 'node:fs'
import { Authority } from './certs/authority.ts'
import { type Config, loadConfig } from './config/load-config.ts'
import type { Secret } from './secret.ts'
import type { Session } from './sessions/session.ts'
import { Sessions } from './sessions/sessions.ts'
import { FileStore } from './store/file.ts'
import { type Home, homePaths, prepareHome, resolveHome } from './store/home.ts'
import { KeyRing } from './store/keyring.ts'
import type { Store } from './store/store.ts'

export interface OpenOptions {
  /** The state folder; by default as the command line finds it: HALLPASS_HOME, AI_STATE_DIR/hallpass, ~/.hallpass. */
  readonly home?: string
  /** The session to work on; `default` when left out. */
  readonly session?: string
  /** A configuration file in place of config/config.yaml of the state folder. */
  readonly configFile?: string
  /** Asked for when the key is protected by a passphrase. */
  readonly passphrase?: () => Promise<Secret>
  /** `process.env` when left out. */
  readonly env?: NodeJS.ProcessEnv
}

interface Parts {
  readonly home: Home
  readonly keys: KeyRing
  readonly store: Store
  readonly config: Config
  readonly sessions: Sessions
  readonly authority: Authority
  readonly created: { readonly home: boolean; readonly key: boolean; readonly authority: boolean }
  readonly env: NodeJS.ProcessEnv
  readonly sessionName: string
}

/** Opens the state folder, and makes it, its key and its certificate authority at the first use. */
export async function openHallpass(options: OpenOptions = {}): Promise<Hallpass> {
  const given = options.env ?? process.env
  const env = options.home === undefined ? given : { ...given, HALLPASS_HOME: options.home }
  const home = homePaths(resolveHome(env))
  const fresh = !existsSync(home.root)
  prepareHome(home)
  const { passphrase, configFile } = options
  // Before the key: a typing error in the configuration must not leave a key behind.
  const config = loadConfig({
    home: home.root,
    env,
    ...(configFile === undefined ? {} : { file: configFile }),
  })
  const keys = await KeyRing.open(home, {
    env,
    create: true,
    ...(passphrase === undefined ? {} : { passphrase }),
  })
  const store = new FileStore(home, keys)
  const sessions = await Sessions.open({ store, config })
  const authority = await Authority.open(home, keys, { create: true })
  const created = { home: fresh, key: keys.created, authority: authority.created }
  const sessionName = options.session ?? 'default'
  return new Hallpass({ home, keys, store, config, sessions, authority, created, env, sessionName })
}

/** An opened state folder with one session chosen. */
export class Hallpass {
  readonly home: Home
  readonly keys: KeyRing
  readonly store: Store
  readonly config: Config
  readonly sessions: Sessions
  readonly authority: Authority
  /** What this very opening made. */
  readonly created: Parts['created']
  readonly sessionName: string

  constructor(parts: Parts) {
    this.home = parts.home
    this.keys = parts.keys
    this.store = parts.store
    this.config = parts.config
    this.sessions = parts.sessions
    this.authority = parts.authority
    this.created = parts.created
    this.sessionName = parts.sessionName
  }

  /** The chosen session, or another one. */
  session(name: string = this.sessionName): Promise<Session> {
    return this.sessions.get(name)
  }
}
