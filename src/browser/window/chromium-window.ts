import type { BrowserContext } from 'playwright-core'
import { HallpassError } from '../../errors.ts'
import { member } from '../../formats/json-cookie.ts'
import type { Hallpass } from '../../index.ts'
import { writePreferences } from './chromium-profile.ts'
import { describedBrowser, loadPlaywright } from './playwright.ts'
import { PlaywrightWindow } from './playwright-window.ts'
import { notStarted, profileFolder, startWindowProxy, type WindowOptions } from './window-proxy.ts'

/**
 * A window of the user's own Chrome, Chromium, Edge or Brave, on a profile that is kept for the session. It accepts our certificates
 * by the hash of our key. No trust store changes.
 * @throws HallpassError `browser-failed`
 */
export async function openChromium(hallpass: Hallpass, options: WindowOptions): Promise<PlaywrightWindow> {
  const { chromium } = await loadPlaywright()
  const { executable, env } = options
  const profile = profileFolder(hallpass, 'chromium')
  writePreferences(profile)
  const { metadata } = await hallpass.session()
  const proxy = await startWindowProxy(hallpass, options)
  const { host, port, username, password } = proxy
  try {
    const context = await chromium.launchPersistentContext(profile, {
      executablePath: executable,
      headless: false,
      viewport: null,
      ...describedBrowser(metadata),
      env: env as Record<string, string>,
      // Chrome has no sandbox for root.
      chromiumSandbox: process.getuid?.() !== 0,
      // After Ctrl-C the command keeps the captured cookies first, and then ends the window.
      handleSIGINT: false,
      handleSIGTERM: false,
      handleSIGHUP: false,
      proxy: { server: `http://${host}:${port}`, username, password },
      args: [
        `--ignore-certificate-errors-spki-list=${hallpass.authority.spkiSha256}`,
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    })
    await keepDownloads(context)
    const closed = new Promise<void>((resolve) => context.once('close', () => resolve()))
    const close = async () => {
      await context.close()
      await proxy.close()
    }
    leaveDialogs(context)
    return new PlaywrightWindow(context, closed, close)
  } catch (error) {
    await proxy.close()
    throw notStarted(executable, error)
  }
}

/** Without a listener Playwright declines every dialog. The user must answer. */
function leaveDialogs(context: BrowserContext): void {
  context.on('dialog', () => {})
}

/** Downloads go to the user's folder. Playwright's own folder is removed with the window. */
async function keepDownloads(context: BrowserContext): Promise<void> {
  const session = await context.newCDPSession(context.pages()[0] ?? (await context.newPage()))
  await session.send('Browser.setDownloadBehavior', { behavior: 'default' })
  await session.detach()
}

/** A browser at the end of a tunnel takes longer than one on this machine. */
const answersWithinMs = 10_000
/** The answer of a browser has less than 1 KiB. */
const maxVersionBytes = 64 * 1024

/**
 * A browser that the user started with remote debugging. It stays open.
 * @param endpoint the address of `--remote-debugging-port`, such as `127.0.0.1:9222`
 * @throws HallpassError `browser-failed`
 */
export async function attachToChromium(endpoint: string, givenUp: AbortSignal): Promise<PlaywrightWindow> {
  const { chromium } = await loadPlaywright()
  try {
    const options = { timeout: answersWithinMs, noDefaults: true }
    const browser = await chromium.connectOverCDP(await debuggerOf(endpoint, givenUp), options)
    const [context] = browser.contexts()
    if (context === undefined) throw new Error('it has no window')
    const closed = new Promise<void>((resolve) => browser.once('disconnected', () => resolve()))
    leaveDialogs(context)
    return new PlaywrightWindow(context, closed, () => browser.close())
  } catch (error) {
    // The error of fetch itself says only that it failed.
    const why = error instanceof Error && error.cause instanceof Error ? error.cause : error
    const [first = ''] = String(why instanceof Error ? why.message : why).split('\n', 1)
    throw new HallpassError('browser-failed', `no browser answers on ${endpoint}: ${first}`, {
      hint: 'chromium --remote-debugging-port=9222 --user-data-dir=FOLDER',
      cause: error,
    })
  }
}

/** The browser's WebSocket. Playwright would ask for it too, but reads an endless answer until memory is full. */
async function debuggerOf(endpoint: string, givenUp: AbortSignal): Promise<string> {
  const signal = AbortSignal.any([givenUp, AbortSignal.timeout(answersWithinMs)])
  const response = await fetch(`http://${endpoint}/json/version`, { signal, redirect: 'error' })
  let text = ''
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += chunk
    if (text.length > maxVersionBytes) throw new Error('its answer is not that of a browser')
  }
  const url = URL.parse(String(member(JSON.parse(text), 'webSocketDebuggerUrl')))
  if (url === null) throw new Error('its answer is not that of a browser')
  return `ws://${endpoint}${url.pathname}`
}
