import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { BrowserContext } from 'playwright-core'
import { HallpassError } from '../../errors.ts'
import type { Hallpass } from '../../index.ts'
import type { Log } from '../../log.ts'
import type { KeptSites } from './kept-sites.ts'
import { loadPlaywright } from './playwright.ts'

export interface WindowOptions {
  readonly keep: KeptSites
  readonly executable: string
  readonly log: Log
  readonly env: NodeJS.ProcessEnv
}

export interface OpenWindow {
  readonly context: BrowserContext
  /** Settles when the last window is closed, by whomever. */
  readonly closed: Promise<void>
  close(): Promise<void>
}

/**
 * A window of the user's own browser, on a profile that is kept for the session, through a proxy of its own: what sites that are
 * kept set is taken in as it comes, nothing is attached (the browser holds its own), and everything else passes untouched.
 * Our certificates are accepted by the hash of their key, in this window alone.
 * @throws HallpassError `browser-failed`
 */
export async function openWindow(hallpass: Hallpass, options: WindowOptions): Promise<OpenWindow> {
  const { chromium } = await loadPlaywright()
  const { keep, env } = options
  if (process.platform === 'linux' && !env.DISPLAY && !env.WAYLAND_DISPLAY) {
    throw new HallpassError(
      'browser-failed',
      'there is no screen for a window (DISPLAY and WAYLAND_DISPLAY are not set)',
      {
        hint: 'hallpass import cookies.txt',
      },
    )
  }
  const proxy = await hallpass.startProxy({ listen: { host: '127.0.0.1', port: 0 }, log: options.log })
  const scope = { browserWindow: true, capture: keep.patterns, only: keep.patterns, reveal: 'all' } as const
  const { url } = proxy.issue(hallpass.sessionName, scope)
  const { username, password, host } = new URL(url)
  try {
    const context = await chromium.launchPersistentContext(profileFolder(hallpass), {
      executablePath: options.executable,
      headless: false,
      viewport: null,
      env: env as Record<string, string>,
      // Chrome has no sandbox for root; for everybody else it stays.
      chromiumSandbox: process.getuid?.() !== 0,
      handleSIGINT: false,
      handleSIGTERM: false,
      handleSIGHUP: false,
      proxy: {
        server: `http://${host}`,
        username: decodeURIComponent(username),
        password: decodeURIComponent(password),
      },
      args: [
        `--ignore-certificate-errors-spki-list=${hallpass.authority.spkiSha256}`,
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    })
    const closed = new Promise<void>((resolve) => context.once('close', () => resolve()))
    return {
      context,
      closed: closed.then(() => proxy.close({ graceMs: 500 })),
      close: async () => {
        await context.close()
        await closed
      },
    }
  } catch (error) {
    await proxy.close({ graceMs: 0 })
    throw new HallpassError('browser-failed', `${options.executable} did not start: ${firstLine(error)}`, {
      hint: 'hallpass login --browser PATH URL',
      cause: error,
    })
  }
}

/** Where the browser keeps what it keeps, in its own way: of this session alone, and readable to its user alone. */
function profileFolder(hallpass: Hallpass): string {
  const folder = join(hallpass.home.root, 'browser', hallpass.sessionName)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  return folder
}

function firstLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  return message.split('\n', 1)[0] ?? message
}
