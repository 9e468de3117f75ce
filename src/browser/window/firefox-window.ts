import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import type { Cookie } from '../../cookies/cookie.ts'
import { canonicalHost } from '../../cookies/site.ts'
import { HallpassError } from '../../errors.ts'
import type { GivenOrigin } from '../../formats/format.ts'
import { dottedDomain, jsonTexts, ownPartition } from '../../formats/json-cookie.ts'
import type { Hallpass } from '../../index.ts'
import type { OriginStorage } from '../../sessions/origin-storage.ts'
import { Bidi } from './bidi.ts'
import { type DrivenWindow, readStorage, type WindowCookie, writeStorage } from './driven-window.ts'
import {
  notStarted,
  profileFolder,
  startWindowProxy,
  type WindowOptions,
  type WindowProxy,
} from './window-proxy.ts'

const run = promisify(execFile)

/** A cold start on a slow disk takes some ten seconds. */
const startsWithinMs = 60_000

/**
 * A window of the user's own Firefox, driven by WebDriver BiDi, on a profile that is kept for the session and whose own
 * certificate store has our CA: no other profile and no store of the system changes.
 * @throws HallpassError `browser-failed`, `browser-missing` without NSS's certutil
 */
export async function openFirefox(hallpass: Hallpass, options: WindowOptions): Promise<DrivenWindow> {
  const { executable, env } = options
  const profile = profileFolder(hallpass, 'firefox')
  await trust(profile, hallpass.home.caPem)
  const proxy = await startWindowProxy(hallpass, options)
  writeFileSync(join(profile, 'user.js'), preferences(proxy), { mode: 0o600 })
  const child = spawn(
    executable,
    ['--no-remote', '--profile', profile, '--remote-debugging-port=0', 'about:blank'],
    { env, stdio: ['ignore', 'ignore', 'pipe'] },
  )
  try {
    const bidi = await Bidi.connect(`${await endpointOf(child)}/session`)
    await bidi.send('session.new', { capabilities: {} })
    await authenticate(bidi, proxy)
    return new FirefoxWindow(bidi, child, proxy)
  } catch (error) {
    child.kill()
    await proxy.close()
    throw notStarted(executable, error)
  }
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

  async visit(url: string): Promise<void> {
    await this.#bidi
      .send('browsingContext.navigate', { context: await this.#firstPage(), url, wait: 'none' })
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

  async storages(wanted: (host: string) => boolean): Promise<readonly GivenOrigin[]> {
    const read: GivenOrigin[] = []
    for (const { context, url } of flat(await this.#tree())) {
      const { protocol = '', hostname = '', origin = '' } = URL.parse(url) ?? {}
      if (!/^https?:$/.test(protocol) || !wanted(canonicalHost(hostname))) continue
      // A frame that goes away meanwhile, or one of an opaque origin, has nothing to say.
      const text = await this.#evaluate(context, readStorage).catch(() => undefined)
      if (text !== undefined) read.push({ origin, ...JSON.parse(text) })
    }
    return read
  }

  async fill(cookies: readonly Cookie[], storages: readonly OriginStorage[]): Promise<void> {
    for (const cookie of cookies) {
      const params = bidiCookie(cookie)
      if (params !== undefined) await this.#bidi.send('storage.setCookie', params)
    }
    if (storages.length > 0) await this.#fillStorages(storages)
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

  /** Empty pages of the origins that no server is asked for: only there their storage can be written. */
  async #fillStorages(storages: readonly OriginStorage[]): Promise<void> {
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
        .catch(() => 'the page has gone meanwhile')
    })
    await bidi.send('session.subscribe', { events: ['network.beforeRequestSent'] })
    for (const storage of storages) {
      await bidi.send('browsingContext.navigate', { context, url: `${storage.origin}/`, wait: 'complete' })
      await this.#evaluate(context, writeStorage(storage))
    }
    await bidi.send('session.unsubscribe', { events: ['network.beforeRequestSent'] })
    await bidi.send('network.removeIntercept', { intercept })
  }

  async #evaluate(context: string, expression: string): Promise<string | undefined> {
    const { result } = await this.#bidi.send('script.evaluate', {
      expression,
      target: { context },
      awaitPromise: false,
    })
    const { value } = (result ?? {}) as { readonly value?: unknown }
    return typeof value === 'string' ? value : undefined
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

function flat(pages: readonly Page[]): readonly Page[] {
  return pages.flatMap((page) => [page, ...flat(page.children ?? [])])
}

interface BidiCookie {
  readonly name: string
  readonly value: { readonly type: 'string' | 'base64'; readonly value: string }
  readonly domain: string
  readonly path: string
  readonly httpOnly: boolean
  readonly secure: boolean
  readonly sameSite: string
  readonly expiry?: number
}

function windowCookie({ value, expiry, ...cookie }: BidiCookie): WindowCookie {
  const text = value.type === 'string' ? value.value : Buffer.from(value.value, 'base64').toString('utf8')
  return { ...cookie, value: text, expires: expiry ?? -1 }
}

function bidiCookie(cookie: Cookie): Readonly<Record<string, unknown>> | undefined {
  const texts = jsonTexts(cookie)
  // Bytes that are no text stay in the jar: a browser's own tools cannot take them.
  if (texts === undefined) return undefined
  const { httpOnly, secure, sameSite, expiresAt } = cookie
  return {
    cookie: {
      name: texts.name,
      value: { type: 'string', value: texts.value },
      domain: dottedDomain(cookie),
      path: texts.path,
      httpOnly,
      secure,
      ...(sameSite === 'default' ? {} : { sameSite }),
      ...(expiresAt === undefined ? {} : { expiry: Math.round(expiresAt / 1000) }),
    },
    ...(cookie.partitioned ? { partition: { type: 'storageKey', sourceOrigin: ownPartition(cookie) } } : {}),
  }
}

function patternOf(origin: string) {
  const { protocol, hostname, port } = new URL(origin)
  return { protocol: protocol.slice(0, -1), hostname, ...(port === '' ? {} : { port }) }
}

/** Preferences hold no password: the proxy's question for one is answered here. */
async function authenticate(bidi: Bidi, { username, password }: WindowProxy): Promise<void> {
  await bidi.send('network.addIntercept', { phases: ['authRequired'] })
  bidi.on('network.authRequired', ({ request, response }) => {
    const { request: id } = request as { readonly request: string }
    const ours = (response as { readonly status?: number }).status === 407
    const answer = ours
      ? { action: 'provideCredentials', credentials: { type: 'password', username, password } }
      : { action: 'default' }
    void bidi
      .send('network.continueWithAuth', { request: id, ...answer })
      .catch(() => 'the page has gone meanwhile')
  })
  await bidi.send('session.subscribe', { events: ['network.authRequired'] })
}

/** Firefox looks at its own store alone, which NSS's tool writes; ours is put in anew, as it may have been rotated. */
async function trust(profile: string, caPem: string): Promise<void> {
  const database = `sql:${profile}`
  const nickname = 'hallpass'
  try {
    if (!existsSync(join(profile, 'cert9.db')))
      await run('certutil', ['-d', database, '-N', '--empty-password'])
    await run('certutil', ['-d', database, '-D', '-n', nickname]).catch(() => 'it was not there')
    await run('certutil', ['-d', database, '-A', '-n', nickname, '-t', 'C,,', '-i', caPem])
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw notStarted('certutil', error)
    throw new HallpassError(
      'browser-missing',
      'certutil, with which Firefox learns to trust us, is not installed',
      {
        hint: 'apt install libnss3-tools',
        cause: error,
      },
    )
  }
}

function preferences({ host, port }: WindowProxy): string {
  const chosen = {
    'network.proxy.type': 1,
    'network.proxy.http': host,
    'network.proxy.http_port': port,
    'network.proxy.ssl': host,
    'network.proxy.ssl_port': port,
    'network.proxy.no_proxies_on': '',
    'network.proxy.allow_hijacking_localhost': true,
    // Names are looked up by the proxy alone, HTTP/3 would go around it.
    'network.trr.mode': 5,
    'network.http.http3.enable': false,
    'browser.shell.checkDefaultBrowser': false,
    'browser.startup.homepage_override.mstone': 'ignore',
    'browser.aboutwelcome.enabled': false,
    'datareporting.policy.dataSubmissionEnabled': false,
    'app.update.enabled': false,
    'network.captive-portal-service.enabled': false,
    'network.connectivity-service.enabled': false,
  }
  return Object.entries(chosen)
    .map(([key, value]) => `user_pref(${JSON.stringify(key)}, ${JSON.stringify(value)});\n`)
    .join('')
}

/** It says where it listens on stderr, among much else. */
async function endpointOf(child: ChildProcess): Promise<string> {
  const { stderr } = child
  if (stderr === null) throw new Error('it has no stderr')
  const found = Promise.withResolvers<string>()
  const lines = createInterface({ input: stderr })
  lines.on('line', (line) => {
    const [, url] = /WebDriver BiDi listening on (ws:\/\/\S+)/.exec(line) ?? []
    if (url !== undefined) found.resolve(url)
  })
  child.once('error', found.reject)
  child.once('exit', () => found.reject(new Error('it ended at once')))
  const timer = setTimeout(() => found.reject(new Error('it does not say where it listens')), startsWithinMs)
  return await found.promise.finally(() => clearTimeout(timer))
}
