import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { HallpassError } from '../../errors.ts'
import type { Hallpass } from '../../index.ts'
import type { Log } from '../../log.ts'
import { profilesFolder } from '../../store/record-path.ts'
import type { KeptSites } from './kept-sites.ts'

export interface WindowOptions {
  readonly keep: KeptSites
  readonly executable: string
  readonly log: Log
  readonly env: NodeJS.ProcessEnv
  /** Ends a browser that is still starting, and may wait for an answer: to whether it is open already. */
  readonly givenUp?: AbortSignal
}

/** The way of a window: a proxy of its own, to which its browser shows a token of its own. */
export interface WindowProxy {
  readonly host: string
  readonly port: number
  readonly username: string
  readonly password: string
  close(): Promise<void>
}

/**
 * A proxy for one window: what the sites that are kept set is taken in as it comes, nothing is attached (the browser holds its
 * own), and everything else passes untouched.
 */
export async function startWindowProxy(
  hallpass: Hallpass,
  { keep, log }: WindowOptions,
): Promise<WindowProxy> {
  const proxy = await hallpass.startProxy({ listen: { host: '127.0.0.1', port: 0 }, log })
  const scope = { browserWindow: true, capture: keep.patterns, only: keep.patterns, reveal: 'all' } as const
  const { token } = proxy.issue(hallpass.sessionName, scope)
  return {
    host: proxy.host,
    port: proxy.port,
    username: hallpass.sessionName,
    password: token.reveal(),
    close: () => proxy.close({ graceMs: 500 }),
  }
}

/** Where a browser keeps what it keeps, in its own way: of this session alone, and for its user alone. */
export function profileFolder(hallpass: Hallpass, browser: string): string {
  const folder = join(profilesFolder(hallpass.home, hallpass.sessionName), browser)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  return folder
}

/** @throws HallpassError `browser-failed` */
export function checkScreen(env: NodeJS.ProcessEnv): void {
  if (process.platform !== 'linux' || env.DISPLAY || env.WAYLAND_DISPLAY) return
  throw new HallpassError(
    'browser-failed',
    'there is no screen for a window (DISPLAY and WAYLAND_DISPLAY are not set)',
    { hint: 'hallpass import cookies.txt' },
  )
}

/** The first line of what went wrong: what follows is the browser's own log. */
export function notStarted(executable: string, error: unknown): HallpassError {
  if (error instanceof HallpassError) return error
  const [why = ''] = String(error instanceof Error ? error.message : error).split('\n', 1)
  return new HallpassError('browser-failed', `${executable} did not start: ${why}`, {
    hint: 'hallpass login --browser PATH URL',
    cause: error,
  })
}
