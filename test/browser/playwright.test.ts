import { createHash, X509Certificate } from 'node:crypto'
import { inspect } from 'node:util'
import { type Browser, type BrowserContextOptions, chromium } from 'playwright-core'
import { describe, expect, onTestFinished } from 'vitest'
import { type SessionContextOptions, sessionContext } from '../../src/adapters/playwright.ts'
import type { Hallpass } from '../../src/index.ts'
import { testWith } from '../support/installed.ts'
import { certificateFor, httpOrigin, type TestOrigin } from '../support/origin.ts'
import { secrets, signedInProgram } from '../support/signed-in-program.ts'
import { quietChromium } from './browsers.ts'

const it = testWith('chromium')

/** An origin over TLS with a page at each path. `/login` and `/logout` change cookies; `/away` leads to other.test. */
async function site(...hosts: readonly string[]): Promise<TestOrigin & { readonly spki: string }> {
  const certificate = certificateFor(...hosts)
  const origin = await httpOrigin(
    (request, response) => {
      if (request.url === '/login') response.setHeader('Set-Cookie', 'fresh=1; Secure; HttpOnly; Max-Age=600')
      if (request.url === '/logout') response.setHeader('Set-Cookie', 'sid=; Secure; HttpOnly; Max-Age=0')
      response.setHeader('Content-Type', 'text/html')
      if (request.url === '/away') response.writeHead(302, { Location: 'https://other.test/' })
      response.end(`<title>${request.headers.cookie ?? 'a stranger'}</title>`)
    },
    { certificate },
  )
  onTestFinished(() => origin[Symbol.asyncDispose]())
  const key = new X509Certificate(certificate.cert).publicKey.export({ type: 'spki', format: 'der' })
  return Object.assign(origin, { spki: createHash('sha256').update(key).digest('base64') })
}

/** A browser that finds the origins, and trusts those with an `spki`. */
async function browserFor(
  origins: Readonly<Record<string, { readonly port: number; readonly spki?: string }>>,
): Promise<Browser> {
  const rules = Object.entries(origins).map(([host, { port }]) => `MAP ${host} 127.0.0.1:${port}`)
  const trusted = Object.values(origins).flatMap(({ spki }) => spki ?? [])
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: [
      ...quietChromium,
      `--host-resolver-rules=${rules.join(', ')}`,
      `--ignore-certificate-errors-spki-list=${trusted.join(',')}`,
    ],
  })
  onTestFinished(() => browser.close())
  return browser
}

async function store(hallpass: Hallpass, origin: string, pairs: readonly (readonly [string, string])[]) {
  const storage = { origin, localStorage: pairs, sessionStorage: pairs, indexedDB: [] }
  const session = await hallpass.session()
  await session.importInto({ cookies: [], origins: [{ where: '', storage }], skipped: [] }, { mode: 'merge' })
}

describe('a context of Playwright with the session', () => {
  it('has its cookies and web storage, and gives the changes back', async () => {
    const origin = await site('site.test')
    const { hallpass } = await signedInProgram({})
    await hallpass.saveCookies('https://site.test/', ['old=1; Max-Age=600', 'kept=1; Max-Age=600'])
    await store(hallpass, 'https://site.test', [['auth', 'storage-canary']])
    const browser = await browserFor({ 'site.test': origin })
    const signedIn = await sessionContext(browser, hallpass)
    const [first] = signedIn.context.pages()
    expect(first?.url()).toBe('about:blank')
    await first?.goto('https://site.test/')
    expect(await first?.title()).toBe('sid=cookie-canary; old=1; kept=1')
    const read = '[localStorage.getItem("auth"), sessionStorage.getItem("auth")]'
    expect(await first?.evaluate(read)).toEqual(['storage-canary', 'storage-canary'])
    await first?.goto('https://site.test/login')
    await first?.evaluate(
      'document.cookie = "old=2; max-age=600"; localStorage.setItem("auth", "new"); sessionStorage.clear()',
    )
    // Another tool meanwhile.
    await hallpass.saveCookies('https://site.test/', ['kept=2; Max-Age=600'])
    const { cookies } = await signedIn.save()
    expect(cookies).toMatchObject({ added: 1, changed: 1, removed: 0 })
    const header = () => hallpass.cookieHeader('https://site.test/')
    expect((await header()).split('; ').toSorted()).toEqual([
      'fresh=1',
      'kept=2',
      'old=2',
      'sid=cookie-canary',
    ])
    const session = await hallpass.session()
    expect(await session.storage.get('https://site.test')).toMatchObject({
      localStorage: [['auth', 'new']],
      sessionStorage: [],
    })
    await first?.goto('https://site.test/logout')
    await signedIn.close()
    expect(await header()).not.toContain('sid=')
    expect(browser.contexts()).toEqual([])
  })

  it('holds and keeps only the sites that were named', async () => {
    const [origin, other] = [await site('site.test'), await site('other.test')]
    const { hallpass } = await signedInProgram({})
    await hallpass.saveCookies('https://other.test/', ['other=1'])
    const browser = await browserFor({ 'site.test': origin, 'other.test': other })
    const signedIn = await sessionContext(browser, hallpass, { sites: ['site.test'] })
    const page = await signedIn.context.newPage()
    await page.goto('https://other.test/login')
    expect(await page.title()).toBe('a stranger')
    await signedIn.close()
    expect(await hallpass.cookieHeader('https://other.test/')).toBe('other=1')
  })

  it('sends nothing to other hosts, over plain http, or to an origin with a bad certificate', async () => {
    const [origin, other, stranger] = [
      await site('site.test'),
      await site('other.test'),
      await site('x.test'),
    ]
    const plain = await httpOrigin((_, response) => response.end())
    onTestFinished(() => plain[Symbol.asyncDispose]())
    const { hallpass } = await signedInProgram({})
    await hallpass.saveCookies('https://bad.test/', ['bad=cookie-canary; Secure'])
    const browser = await browserFor({
      'site.test:443': origin,
      'site.test:80': plain,
      'other.test': other,
      'bad.test': { port: stranger.port },
    })
    const signedIn = await sessionContext(browser, hallpass)
    const page = await signedIn.context.newPage()
    await page.goto('https://site.test/away')
    expect(page.url()).toBe('https://other.test/')
    await page.goto('http://site.test/')
    await expect(page.goto('https://bad.test/')).rejects.toThrow(/ERR_CERT/)
    expect(origin.received).toContain('cookie-canary')
    expect(plain.received).toContain('GET / ')
    for (const { received } of [other, plain, stranger])
      for (const secret of secrets) expect(received).not.toContain(secret)
    await signedIn.close()
  })

  it("has the session's traits, unless the caller has others, and leaves dialogs to Playwright", async () => {
    const origin = await site('site.test')
    const { hallpass } = await signedInProgram({})
    await hallpass.sessions.create({
      name: 'work',
      userAgent: 'Agent/1',
      locale: 'de-AT',
      timeZone: 'Europe/Vienna',
    })
    const browser = await browserFor({ 'site.test': origin })
    const own: BrowserContextOptions & SessionContextOptions = { session: 'work', locale: 'fr-FR' }
    await using signedIn = await sessionContext(browser, hallpass, own)
    const page = await signedIn.context.newPage()
    await page.goto('https://site.test/')
    const traits =
      '[navigator.userAgent, navigator.language, Intl.DateTimeFormat().resolvedOptions().timeZone]'
    expect(await page.evaluate(traits)).toEqual(['Agent/1', 'fr-FR', 'Europe/Vienna'])
    // Nobody would answer it.
    expect(await page.evaluate('confirm("stay?")')).toBe(false)
  })

  it('fails without a value of the session in the error', async () => {
    const { hallpass } = await signedInProgram({})
    const browser = await browserFor({})
    const firefox = { browserType: () => ({ name: () => 'firefox' }) } as Browser
    const signedIn = await sessionContext(browser, hallpass)
    await signedIn.context.close()
    const failures = [
      sessionContext(browser, hallpass, { session: 'away' }),
      sessionContext(firefox, hallpass),
      signedIn.save(),
    ]
    const errors = await Promise.all(failures.map((failure) => failure.catch((error: unknown) => error)))
    expect(errors).toMatchObject([
      { code: 'session-missing' },
      { code: 'usage' },
      { message: expect.stringContaining('closed') },
    ])
    for (const secret of secrets) expect(inspect(errors, { depth: 9 })).not.toContain(secret)
    // No context stays behind.
    expect(browser.contexts()).toEqual([])
  })
})
