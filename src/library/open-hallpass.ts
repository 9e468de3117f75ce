import { existsSync } from 'node:fs'
import { Authority } from '../certs/authority.ts'
import { upstreamRoots } from '../certs/roots.ts'
import { Refresher } from '../oauth/refresher.ts'
import { type TokenFetch, tokenFetch } from '../oauth/token-fetch.ts'
import { tokenRoute } from '../proxy/token-route.ts'
import type { Secret } from '../secret.ts'
import { Sessions } from '../sessions/sessions.ts'
import { FileStore } from '../store/file.ts'
import { homeOf, prepareHome } from '../store/home.ts'
import { KeyRing } from '../store/keyring.ts'
import { Hallpass } from './hallpass.ts'
import { LiveConfig } from './live-config.ts'

export interface OpenOptions {
  /** The state folder. By default HALLPASS_HOME, else AI_STATE_DIR/hallpass, else AI_SESSIONS_DIR/hallpass, else ~/.hallpass. */
  readonly home?: string
  /** The session to work on; `default` without it. */
  readonly session?: string
  /** A configuration file in place of config/config.yaml of the state folder. */
  readonly configFile?: string
  /** Settings that win over the environment and the file, in the form of the file: `{ listen: '127.0.0.1:0' }`. */
  readonly config?: Readonly<Record<string, unknown>>
  /** Returns the passphrase, when one protects the key. */
  readonly passphrase?: () => Promise<Secret>
  /** `process.env` without it. */
  readonly env?: NodeJS.ProcessEnv
}

/**
 * Opens the state folder, with one session chosen. The first use makes the folder, its key and its certificate authority.
 *
 * @throws HallpassError with a `code` of `errorTable`: `config-invalid`, `key-missing`, `key-locked`, `state-unsafe`, …
 *
 * @example
 * ```ts
 * import { openHallpass } from 'hallpass'
 *
 * const hallpass = await openHallpass({ session: 'work' })
 * const response = await fetch('https://app.example.com/me', {
 *   headers: { cookie: await hallpass.cookieHeader('https://app.example.com/me') },
 * })
 * await hallpass.saveCookies(response.url, response.headers.getSetCookie())
 * ```
 */
export async function openHallpass(options: OpenOptions = {}): Promise<Hallpass> {
  const given = options.env ?? process.env
  const env = options.home === undefined ? given : { ...given, HALLPASS_HOME: options.home }
  const home = homeOf(env)
  const fresh = !existsSync(home.root)
  // Before anything is made: a typing error in the configuration must not leave a key behind.
  const { configFile: file, config: flags } = options
  const live = await LiveConfig.open({ home: home.root, env, file, flags })
  // Of these, the proxy keeps what it read at the start.
  const config = live.now
  prepareHome(home, env)
  const { passphrase } = options
  const keys = await KeyRing.open(home, {
    env,
    create: true,
    ...(passphrase === undefined ? {} : { passphrase }),
  })
  const store = new FileStore(home, keys)
  const authority = await Authority.open(home, keys, { create: true })
  const fetch = whenUsed(() => {
    const roots = upstreamRoots({ upstreamCa: config.upstreamCa, env, authority })
    const { route, unused } = tokenRoute({
      setting: config.upstream,
      env,
      ownPort: config.listen.port,
      roots,
    })
    return tokenFetch({ roots, resolve: config.resolve, route, unused })
  })
  const refresher = new Refresher({ fetch, now: Date.now })
  const sessions = new Sessions({ store, config: live, env: given, refresher })
  const created = { home: fresh, key: keys.created, authority: authority.created }
  const sessionName = options.session ?? 'default'
  return new Hallpass({
    home,
    keys,
    store,
    config: live,
    sessions,
    authority,
    refresher,
    tokenFetch: fetch,
    created,
    env,
    sessionName,
  })
}

/** Reading the roots of the system takes longer than most commands, so the first request does it. */
function whenUsed(make: () => TokenFetch): TokenFetch {
  let made: TokenFetch | undefined
  return (url, init) => {
    made ??= make()
    return made(url, init)
  }
}
