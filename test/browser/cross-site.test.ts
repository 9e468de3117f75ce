import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import { type Browser, type Page, chromium as playwright } from 'playwright-core'
import { expect } from 'vitest'
import { findExecutable } from '../../src/browser/window/find-executable.ts'
import { parseHostPattern } from '../../src/rules/host-pattern.ts'
import { testWith } from '../support/installed.ts'
import { httpOrigin } from '../support/origin.ts'
import { startTestProxy } from '../support/proxy.ts'
import { quietChromium } from './browsers.ts'

const hosts = ['app.bank.test', 'www.bank.test', 'evil.test']

testWith(
  'chromium',
  '--version',
  '--no-sandbox',
)('a page of another site in real Chromium cannot use the session without Fetch Metadata', async () => {
  await using bank = await theBank()
  const browser = await playwright.launch({
    executablePath: findExecutable('chromium', process.env),
    args: [...quietChromium, '--disable-features=HttpsUpgrades'],
    proxy: { server: `http://127.0.0.1:${bank.proxy.port}` },
  })
  try {
    for (const scheme of ['https', 'http'] as const) {
      const evil = await pageAt(browser, `${scheme}://evil.test`)
      const own = await pageAt(browser, `${scheme}://www.bank.test`)
      const ws = scheme === 'https' ? 'wss' : 'ws'
      await openWebSocket(evil, `${ws}://app.bank.test/socket-evil`)
      await openWebSocket(own, `${ws}://app.bank.test/socket-own`)
      await post(evil, `${scheme}://app.bank.test/post-evil`)
      await post(own, `${scheme}://app.bank.test/post-own`)
      for (const way of ['socket', 'post']) {
        const [foreign, friendly] = [bank.took(`/${way}-evil`), bank.took(`/${way}-own`)]
        // Chromium sends Fetch Metadata to https only, and not with a handshake.
        const silent = way === 'socket' || scheme === 'http'
        expect(foreign['sec-fetch-site']).toBe(silent ? undefined : 'cross-site')
        expect(foreign.origin).toBe(`${scheme}://evil.test`)
        expect({ cookie: foreign.cookie, token: foreign.authorization }, `${scheme} ${way}`).toEqual({
          cookie: scheme === 'https' ? 'open=OPEN' : undefined,
          token: undefined,
        })
        expect(friendly.cookie).toContain('sid=STRICT')
        expect(friendly.authorization).toBe('Bearer SECRET')
      }
    }
  } finally {
    await browser.close()
  }
})

/** https and http servers for all hosts, and a proxy whose session has cookies and a token for app.bank.test. */
async function theBank() {
  const requests = new Map<string, IncomingHttpHeaders>()
  const serve = ({ url = '', headers }: IncomingMessage, response: ServerResponse) => {
    requests.set(url, headers)
    response.setHeader('Content-Type', 'text/html')
    response.end(Buffer.from('<!doctype html>'))
  }
  const secure = await httpOrigin(serve, { hosts })
  const plain = await httpOrigin(serve)
  const proxy = await startTestProxy({
    noAuth: true,
    resolve: Object.fromEntries(
      hosts.flatMap((host) => [
        [`${host}:443`, `127.0.0.1:${secure.port}`],
        [`${host}:80`, `127.0.0.1:${plain.port}`],
      ]),
    ),
    rules: { rules: [{ hosts: [parseHostPattern('app.bank.test')], allowHttp: true }] },
  })
  await proxy.knows('SECRET', 'app.bank.test')
  const { cookies } = proxy.session
  await cookies.set('https://app.bank.test/', { name: 'sid', value: 'STRICT', sameSite: 'strict' })
  await cookies.set('https://app.bank.test/', { name: 'open', value: 'OPEN', sameSite: 'none', secure: true })
  return {
    proxy,
    /** The fields of the request for a path. */
    took(path: string): IncomingHttpHeaders {
      const headers = requests.get(path)
      requests.delete(path)
      if (headers === undefined) throw new Error(`no request for ${path}`)
      return headers
    },
    async [Symbol.asyncDispose]() {
      await proxy[Symbol.asyncDispose]()
      await secure[Symbol.asyncDispose]()
      await plain[Symbol.asyncDispose]()
    },
  }
}

async function pageAt(browser: Browser, origin: string): Promise<Page> {
  const context = await browser.newContext({ ignoreHTTPSErrors: true })
  const page = await context.newPage()
  await page.goto(`${origin}/`)
  return page
}

/** The server refuses the handshake, after it has the request. */
async function openWebSocket(page: Page, url: string): Promise<void> {
  const ended = await page.evaluate(
    (to) => new Promise((resolve) => new WebSocket(to).addEventListener('close', () => resolve('closed'))),
    url,
  )
  expect(ended).toBe('closed')
}

async function post(page: Page, url: string): Promise<void> {
  await page.evaluate(
    (to) => fetch(to, { method: 'POST', mode: 'no-cors', credentials: 'include', body: 'to=evil' }),
    url,
  )
}
