import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Cookie } from '../../cookies/cookie.ts'
import { HallpassError } from '../../errors.ts'
import type { GivenOrigin } from '../../formats/format.ts'
import type { Hallpass } from '../../index.ts'
import { internalHost } from '../../proxy/internal.ts'
import type { OriginStorage } from '../../sessions/origin-storage.ts'
import type { SessionTraits } from '../../store/session-traits.ts'
import type { Bidi } from './bidi.ts'
import { type BidiCookie, bidiCookie, windowCookie } from './bidi-cookie.ts'
import type { DrivenWindow, Refused, WindowCookie } from './driven-window.ts'
import { fillPage } from './fill-page.ts'
import { FirefoxChannel, setPreferences } from './firefox-channel.ts'
import { checkUnused, forgetWorkers, proxyPorts, trustIn, useProxy } from './firefox-profile.ts'
import { type PageStorage, readPage } from './page-storage.ts'
import {
  notStarted,
  profileFolder,
  startWindowProxy,
  type WindowOptions,
  type WindowProxy,
} from './window-proxy.ts'

/**
 * A window of the user's own Firefox, driven by WebDriver BiDi over a Unix socket. Its profile is kept for the session and trusts
 * our CA. No other profile and no store of the system changes.
 * @throws HallpassError `browser-failed`, `browser-missing` without NSS's certutil
 */
export async function openFirefox(hallpass: Hallpass, options: WindowOptions): Promise<DrivenWindow> {
  const { executable, env, givenUp } = options
  if (process.platform === 'win32') throw onlyByPort()
  const profile = profileFolder(hallpass, 'firefox')
  checkUnused(profile)
  forgetWorkers(profile)
  await trustIn(profile, hallpass.home.caPem)
  const proxy = await startWindowProxy(hallpass, options)
  useProxy(profile, proxy)
  using channel = new FirefoxChannel(hallpass.home)
  const child = spawn(executable, ['--no-remote', '--profile', profile, ...channel.args, 'about:blank'], {
    // Otherwise a release ignores the preference that keeps it from asking its vendor for settings.
    env: { ...env, MOZ_REMOTE_SETTINGS_DEVTOOLS: '1' },
    stdio: 'ignore',
    // Ctrl-C in the terminal goes to the command, which then ends the window.
    detached: true,
  })
  const end = () => void child.kill()
  givenUp?.addEventListener('abort', end)
  if (givenUp?.aborted) end()
  try {
    const bidi = await channel.open(child)
    await authenticate(bidi, proxy)
    // Without an answer of ours, Firefox would ask its user for the proxy's password.
    await bidi.send(setPreferences, proxyPorts(proxy.port))
    await emulate(bidi, (await hallpass.session()).metadata)
    const window = new FirefoxWindow(bidi, child, proxy)
    // The first page teaches Firefox the password, also for its own requests.
    await window.visit(`http://${internalHost}/`, 'complete')
    return window
  } catch (error) {
    child.kill()
    await proxy.close()
    throw notStarted(executable, error)
  } finally {
    givenUp?.removeEventListener('abort', end)
  }
}

/** In every tab: all of them are in the default user context. A page takes the size of its tab when it is loaded. */
async function emulate(bidi: Bidi, { userAgent, viewport, locale, timeZone }: SessionTraits): Promise<void> {
  const commands: readonly [method: string, name: string, value: unknown][] = [
    ['emulation.setUserAgentOverride', 'userAgent', userAgent],
    ['browsingContext.setViewport', 'viewport', viewport],
    ['emulation.setLocaleOverride', 'locale', locale],
    ['emulation.setTimezoneOverride', 'timezone', timeZone],
  ]
  for (const [method, name, value] of commands) {
    if (value === undefined) continue
    await bidi.send(method, { [name]: value, userContexts: ['default'] }).catch((cause: unknown) => {
      throw new HallpassError('browser-failed', `this Firefox is too old for the ${name} of the session`, {
        hint: 'hallpass login --browser chromium URL',
        cause,
      })
    })
  }
}

/** Its debugger has no Unix socket on Windows. */
function onlyByPort(): HallpassError {
  return new HallpassError(
    'browser-failed',
    'on Windows, Firefox can only be driven through a port that every user of the machine can reach',
    { hint: 'hallpass login --browser edge URL' },
  )
}

class FirefoxWindow implements DrivenWindow {
  readonly closed: Promise<void>
  readonly #bidi: Bidi
  readonly #child: ChildProcess
  readonly #proxy: WindowProxy

  constructor(bidi: Bidi, child: ChildProcess, proxy: WindowProxy) {
    this.#bidi = bidi
    this.#child = child
    this.#proxy = proxy
    this.closed = bidi.closed
  }

  async visit(url: string, wait: 'none' | 'complete' = 'none'): Promise<void> {
    await this.#firstPage()
      .then((context) => this.#bidi.send('browsingContext.navigate', { context, url, wait }))
      .catch(() => undefined)
  }

  async urls(): Promise<readonly string[]> {
    return (await this.#tree()).map(({ url }) => url)
  }

  async cookies(): Promise<readonly WindowCookie[]> {
    const { cookies } = (await this.#bidi.send('storage.getCookies')) as {
      readonly cookies: readonly BidiCookie[]
    }
    return cookies.map(windowCookie)
  }

  async storages(wanted: (host: string) => boolean): Promise<readonly PageStorage[]> {
    const frames = flat(await this.#tree())
    const read = await Promise.all(
      frames.map(({ context, urls }) => readPage(urls, wanted, (script) => this.#evaluate(context, script))),
    )
    return read.filter((page) => page !== undefined)
  }

  async forget(domain: string): Promise<void> {
    await this.#bidi.send('storage.deleteCookies', { filter: { domain } })
  }

  async fill(cookies: readonly Cookie[], storages: readonly OriginStorage[]): Promise<Refused> {
    const refused: Cookie[] = []
    for (const cookie of cookies) {
      const params = bidiCookie(cookie)
      if (params === undefined) refused.push(cookie)
      else await this.#bidi.send('storage.setCookie', params).catch(() => refused.push(cookie))
    }
    const origins = storages.length === 0 ? [] : await this.#fillStorages(storages)
    return { cookies: refused, origins }
  }

  async close(): Promise<void> {
    const { exitCode, signalCode } = this.#child
    if (exitCode === null && signalCode === null) {
      const ended = once(this.#child, 'exit')
      await this.#bidi.send('browser.close').catch(() => this.#child.kill())
      await ended
    }
    await this.#proxy.close()
  }

  /** Loads an empty page of each origin, without asking its server: storage can be written only there. */
  async #fillStorages(storages: readonly OriginStorage[]): Promise<Refused['origins']> {
    const bidi = this.#bidi
    const context = await this.#firstPage()
    const urlPatterns = storages.map(({ origin }) => ({ type: 'pattern', ...patternOf(origin) }))
    const { intercept } = await bidi.send('network.addIntercept', {
      phases: ['beforeRequestSent'],
      urlPatterns,
    })
    bidi.on('network.beforeRequestSent', ({ isBlocked, request, intercepts }) => {
      if (isBlocked !== true || !(intercepts as readonly unknown[]).includes(intercept)) return
      const { request: id } = request as { readonly request: string }
      const headers = [{ name: 'content-type', value: { type: 'string', value: 'text/html' } }]
      void bidi
        .send('network.provideResponse', {
          request: id,
          statusCode: 200,
          reasonPhrase: 'OK',
          headers,
          body: { type: 'string', value: ' ' },
        })
        .catch(() => 'the page is gone')
    })
    await bidi.send('session.subscribe', { events: ['network.beforeRequestSent'] })
    const refused: GivenOrigin[] = []
    for (const storage of storages) {
      const of = await fillPage(storage, async (script) => {
        await bidi.send('browsingContext.navigate', { context, url: `${storage.origin}/`, wait: 'complete' })
        return await this.#evaluate(context, script)
      })
      refused.push(of)
    }
    await bidi.send('session.unsubscribe', { events: ['network.beforeRequestSent'] })
    await bidi.send('network.removeIntercept', { intercept })
    return refused
  }

  async #evaluate(context: string, expression: string): Promise<unknown> {
    const target = { context }
    const { result } = await this.#bidi.send('script.evaluate', { expression, target, awaitPromise: true })
    return ((result ?? {}) as { readonly value?: unknown }).value
  }

  async #firstPage(): Promise<string> {
    const [page] = await this.#tree()
    if (page !== undefined) return page.context
    return String((await this.#bidi.send('browsingContext.create', { type: 'tab' })).context)
  }

  async #tree(): Promise<readonly Page[]> {
    return ((await this.#bidi.send('browsingContext.getTree')) as { readonly contexts: readonly Page[] })
      .contexts
  }
}

interface Page {
  readonly context: string
  readonly url: string
  readonly children: readonly Page[] | null
}

/** All pages and frames, each with its URL and the URLs of the pages around it, from the inside out. */
function flat(
  pages: readonly Page[],
  above: readonly string[] = [],
): readonly { readonly context: string; readonly urls: readonly string[] }[] {
  return pages.flatMap(({ context, url, children }) => {
    const urls = [url, ...above]
    return [{ context, urls }, ...flat(children ?? [], urls)]
  })
}

function patternOf(origin: string) {
  const { protocol, hostname, port } = new URL(origin)
  return { protocol: protocol.slice(0, -1), hostname, ...(port === '' ? {} : { port }) }
}

/** Answers the proxy's question for a password: Firefox has no preference for it. */
async function authenticate(bidi: Bidi, { username, password }: WindowProxy): Promise<void> {
  await bidi.send('network.addIntercept', { phases: ['authRequired'] })
  bidi.on('network.authRequired', ({ request, response }) => {
    const { request: id } = request as { readonly request: string }
    const ours = (response as { readonly status?: number }).status === 407
    const answer = ours
      ? { action: 'provideCredentials', credentials: { type: 'password', username, password } }
      : { action: 'default' }
    void bidi.send('network.continueWithAuth', { request: id, ...answer }).catch(() => 'the page is gone')
  })
  await bidi.send('session.subscribe', { events: ['network.authRequired'] })
}
