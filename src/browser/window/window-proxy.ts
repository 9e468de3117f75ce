import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { HallpassError } from '../../errors.ts'
import type { Hallpass } from '../../index.ts'
import type { Log } from '../../log.ts'
import { useVariable } from '../../store/exclusive-use.ts'
import { profilesFolder } from '../../store/record-path.ts'
import type { KeptSites } from './kept-sites.ts'

export interface WindowOptions {
  readonly keep: KeptSites
  readonly executable: string
  readonly log: Log
  readonly env: NodeJS.ProcessEnv
  /** Ends a browser that is still starting. It may be waiting for its user. */
  readonly givenUp?: AbortSignal
}

/** A window's own proxy, with a token for its browser. */
export interface WindowProxy {
  readonly host: string
  readonly port: number
  readonly username: string
  readonly password: string
  close(): Promise<void>
}

/**
 * A proxy for one window. It captures the cookies of the kept sites and attaches nothing, since the browser has its own.
 * Everything else passes untouched.
 */
export async function startWindowProxy(
  hallpass: Hallpass,
  { keep, log, env }: WindowOptions,
): Promise<WindowProxy> {
  const proxy = await hallpass.startProxy({ listen: { host: '127.0.0.1', port: 0 }, log })
  const scope = { browserWindow: true, capture: keep.patterns, only: keep.patterns, reveal: 'all' } as const
  const { token } = await proxy
    .issue(hallpass.sessionName, scope, env[useVariable])
    .catch(async (error: unknown) => {
      await proxy.close()
      throw error
    })
  return {
    host: proxy.host,
    port: proxy.port,
    username: hallpass.sessionName,
    password: token.reveal(),
    close: () => proxy.close({ graceMs: 500 }),
  }
}

/** https://bford.info/cachedir: backup programs leave out a folder with this file. */
const cacheTag = `Signature: 8a477f597d28d172789f06886806bc55
# Profiles of browser windows of hallpass. They are not sealed, so they should be in no backup. The sessions are elsewhere.
`

/** The browser's profile for this session. Other users cannot read it. */
export function profileFolder(hallpass: Hallpass, browser: string): string {
  const folder = join(profilesFolder(hallpass.home, hallpass.sessionName), browser)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  writeFileSync(join(hallpass.home.browser, 'CACHEDIR.TAG'), cacheTag, { mode: 0o600 })
  return folder
}

/** Names the first line of the error. The lines after it are the browser's log. */
export function notStarted(executable: string, error: unknown): HallpassError {
  if (error instanceof HallpassError) return error
  const [why = ''] = String(error instanceof Error ? error.message : error).split('\n', 1)
  return new HallpassError('browser-failed', `${executable} did not start: ${why}`, {
    hint: 'hallpass login --browser PATH URL',
    cause: error,
  })
}
